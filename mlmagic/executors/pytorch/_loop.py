"""The training loop."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic.events import Best, Emit, Log, Plan, Row
from mlmagic.executors.pytorch._batches import MANY, Share, Shuffled, Tensors

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors._base import Stop
    from mlmagic.executors._networks._checkpoints import Checkpoints
    from mlmagic.executors._watch import Watch
    from mlmagic.executors.pytorch._losses import Objective
    from mlmagic.executors.pytorch._precision import Precision
    from mlmagic.executors.pytorch._progress import TensorProgress
    from mlmagic.executors.pytorch._schedules import Schedule
    from mlmagic.executors.pytorch._scores import Tally

State = dict[str, Any]


@dataclass(frozen=True)
class Parts:
    """What a loop works with, all on one device.

    Attributes
    ----------
    forward
        What gives outputs: the network, compiled if it is, in the precision of this training.
    clip
        The greatest norm of all gradients together.
    """

    module: nn.Module
    optimiser: Any
    objective: Objective
    batches: Shuffled
    validation: Tensors | None
    new_tally: Callable[[], Tally]
    device: torch.device
    precision: Precision
    forward: Callable[[Tensor], Tensor]
    schedule: Schedule | None
    clip: float | None

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Those that are trained."""
        return [parameter for group in self.optimiser.param_groups for parameter in group["params"]]

    def mean_loss(self, outputs: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """What a batch makes small, a number."""
        if weight is None:
            return self.objective.loss(outputs, target)
        return self.objective.weighted(outputs, target, weight)

    def backward(self, loss: Tensor, rows: int, share: Share) -> None:
        """Add the gradients of a batch's mean loss to those of its step, of which it is a share."""
        factor = rows if self.objective.summed else share
        self.precision.backward(loss if factor is None else loss * factor)

    def take_step(self) -> None:
        """Move the weights by the gradients that are there."""
        self.precision.step(self.optimiser, self.clip, self.parameters)
        if self.schedule is not None:
            self.schedule.step()


class Training:
    """Trains a network epoch by epoch and keeps the best weights.

    Attributes
    ----------
    history
        The metrics of each finished epoch.
    best
        Weights of the best epoch by ``watch``; None as long as there is none.
    steps
        Batches trained on.
    """

    def __init__(
        self,
        parts: Parts,
        progress: TensorProgress,
        watch: Watch | None,
        checkpoints: Checkpoints,
        emit: Emit,
        stop: Stop,
    ) -> None:
        self.parts = parts
        self.watch = watch
        self.history: list[dict[str, float]] = []
        self.best: State | None = None
        self.steps = 0
        self.seconds = 0.0
        self.early_stopped = False
        self._progress = progress
        self._checkpoints = checkpoints
        self._emit = emit
        self._stop = stop

    def run(self, epochs: int) -> None:
        """Train until the last epoch, a stop, or until the watched metric no longer improves."""
        began = perf_counter()
        self._emit(Plan("training", "epoch", epochs, steps=len(self.parts.batches)))
        try:
            for epoch in range(1, epochs + 1):
                if not self._epoch(epoch):
                    break
                if self.watch is not None and self.watch.exhausted and epoch < epochs:
                    self.early_stopped = True
                    break
            self._progress.flush()
            if self.watch is not None and self.history and (remark := self.watch.remark):
                self._emit(Log(remark, "warning"))
        finally:
            self.seconds = perf_counter() - began

    def state(self) -> State:
        """Give all that is needed to go on from here."""
        return {
            "epoch": len(self.history),
            "state_dict": snapshot(self.parts.module),
            "best_epoch": self.watch.best if self.watch is not None else None,
            "best": self.best,
            "optimizer": self.parts.optimiser.state_dict(),
            "shuffle": self.parts.batches.generator.get_state(),
            "schedule": self.parts.schedule.state_dict() if self.parts.schedule is not None else None,
            "precision": self.parts.precision.state_dict(),
        }

    def _epoch(self, number: int) -> bool:
        """Train an epoch; tell whether it was finished."""
        self._progress.epoch = number
        schedule = self.parts.schedule
        begun = {} if schedule is None else {"learning_rate": schedule.learning_rate}
        if not self._train():
            return False
        values = self._progress.end_epoch()
        if self.parts.validation is not None:
            validated = self._validate(self.parts.validation)
            if validated is None:
                return False
            values |= validated
        if schedule is not None:
            schedule.epoch_ended(values.get("val_loss", values["train_loss"]))
        values |= begun  # an epoch may end at a rate that none of its steps had
        self.history.append(values)
        self._emit(Row(number, values))
        if self.watch is not None and self.watch.improved(number, values):
            self.best = snapshot(self.parts.module)
            self._emit(Best(number, self.watch.metric, self.watch.value))
        self._checkpoints.epoch_ended(self)
        return True

    def _train(self) -> bool:
        parts, parameters, forward = self.parts, self.parts.parameters, self.parts.forward
        parts.module.train()
        left = len(parts.batches)
        gathered, together = 0, 1
        for inputs, target, weight, share in parts.batches:
            if self._stop.is_set():
                return False
            if not gathered:
                together = min(parts.batches.together, left)  # the last step may have fewer batches
                for parameter in parameters:  # what zero_grad does, without its profiler scope
                    parameter.grad = None
            outputs = forward(inputs)
            loss = parts.mean_loss(outputs, target, weight)
            parts.backward(loss, len(target), share)
            gathered, left = gathered + 1, left - 1
            if gathered == together:
                parts.take_step()
                gathered = 0
            self.steps += 1
            if self._progress.step(loss, outputs, target, weight):
                self._checkpoints.block_ended(self)
        return True

    @torch.no_grad()
    def _validate(self, rows: Tensors) -> dict[str, float] | None:
        """Give loss and scores of the validation rows; None if a stop came between.

        Rows count in the loss as they do in training, and all alike in the scores.
        """
        parts, tally, forward = self.parts, self.parts.new_tally(), self.parts.forward
        total: Tensor | float = 0.0
        counted: Tensor | float = 0.0
        parts.module.eval()
        for inputs, target, weight in rows.in_order(max(MANY, max(parts.batches.sizes)), parts.device):
            if self._stop.is_set():
                return None
            outputs = forward(inputs)
            share = len(target) if weight is None else weight.sum()
            total = total + parts.mean_loss(outputs, target, weight).detach() * share
            counted = counted + share
            tally.add(outputs, target)
        scores = {f"val_{name}": value for name, value in tally.scores().items()}
        return {"val_loss": float(total) / float(counted) if counted else math.nan, **scores}


def snapshot(module: nn.Module) -> State:
    """Copy a network's weights and buffers."""
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else copy.deepcopy(value)
        for name, value in module.state_dict().items()
    }
