"""The training loop."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic.events import Best, Emit, Plan, Row
from mlmagic.executors.pytorch._batches import MANY, Shuffled, Tensors

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors._base import Stop
    from mlmagic.executors.pytorch._checkpoints import Checkpoints
    from mlmagic.executors.pytorch._losses import Objective
    from mlmagic.executors.pytorch._progress import Progress
    from mlmagic.executors.pytorch._scores import Tally
    from mlmagic.executors.pytorch._watch import Watch

State = dict[str, Any]


@dataclass(frozen=True)
class Parts:
    """What a loop works with, all on one device."""

    module: nn.Module
    optimiser: Any
    objective: Objective
    batches: Shuffled
    validation: Tensors | None
    new_tally: Callable[[], Tally]
    device: torch.device


class Training:
    """Trains a network epoch by epoch and keeps the best weights.

    Attributes
    ----------
    history
        The metrics of each finished epoch.
    best
        Weights of the best epoch by ``watch``; None as long as there is none.
    steps
        Optimizer steps taken.
    """

    def __init__(
        self, parts: Parts, progress: Progress, watch: Watch | None, checkpoints: Checkpoints, emit: Emit, stop: Stop
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
        finally:
            self.seconds = perf_counter() - began

    def state(self) -> State:
        """Give all that is needed to go on from here."""
        return {
            "epoch": len(self.history),
            "state_dict": snapshot(self.parts.module),
            "best_epoch": self.watch.epoch if self.watch is not None else None,
            "best": self.best,
            "optimizer": self.parts.optimiser.state_dict(),
            "shuffle": self.parts.batches.generator.get_state(),
        }

    def _epoch(self, number: int) -> bool:
        """Train an epoch; tell whether it was finished."""
        self._progress.epoch = number
        if not self._train():
            return False
        values = self._progress.end_epoch()
        if self.parts.validation is not None:
            validated = self._validate(self.parts.validation)
            if validated is None:
                return False
            values |= validated
        self.history.append(values)
        self._emit(Row(number, values))
        if self.watch is not None and self.watch.improved(number, values):
            self.best = snapshot(self.parts.module)
            self._emit(Best(number, self.watch.metric, self.watch.value))
        self._checkpoints.epoch_ended(self)
        return True

    def _train(self) -> bool:
        module, loss_of, optimiser = self.parts.module, self.parts.objective.loss, self.parts.optimiser
        parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        module.train()
        for inputs, target in self.parts.batches:
            if self._stop.is_set():
                return False
            for parameter in parameters:  # what zero_grad does, without its profiler scope
                parameter.grad = None
            outputs = module(inputs)
            loss = loss_of(outputs, target)
            loss.backward()
            optimiser.step()
            self.steps += 1
            if self._progress.step(loss, outputs, target):
                self._checkpoints.block_ended(self)
        return True

    @torch.no_grad()
    def _validate(self, rows: Tensors) -> dict[str, float] | None:
        """Give loss and scores of the validation rows; None if a stop came between."""
        parts, tally = self.parts, self.parts.new_tally()
        total: Tensor | float = 0.0
        parts.module.eval()
        for inputs, target in rows.in_order(max(MANY, max(parts.batches.sizes)), parts.device):
            if self._stop.is_set():
                return None
            outputs = parts.module(inputs)
            total = total + parts.objective.loss(outputs, target).detach() * len(target)
            tally.add(outputs, target)
        scores = {f"val_{name}": value for name, value in tally.scores().items()}
        return {"val_loss": float(total) / len(rows), **scores}


def snapshot(module: nn.Module) -> State:
    """Copy a network's weights and buffers."""
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else copy.deepcopy(value)
        for name, value in module.state_dict().items()
    }
