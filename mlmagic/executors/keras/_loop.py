"""The training loop: Keras' own steps and callbacks, in calls that are short enough to be stopped."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.events import Best, Emit, Log, Plan, Row
from mlmagic.executors._networks._streamed import shuffled
from mlmagic.executors.keras._pace import Pace
from mlmagic.executors.keras._rows import sizes, steps_in
from mlmagic.executors.keras._steps import Done

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors._base import Stop
    from mlmagic.executors._networks._checkpoints import Checkpoints
    from mlmagic.executors._networks._progress import Progress
    from mlmagic.executors._networks._streamed import Streamed
    from mlmagic.executors._watch import Watch
    from mlmagic.executors.keras._steps import Logs, Steps

Weights = list[np.ndarray]


@dataclass(frozen=True)
class Part:
    """Rows that a model steps through.

    Attributes
    ----------
    gathered
        Measures all rows at once.
    counts
        What a row counts for on average, which a loss that Keras divides by the number of rows is too large by.
    """

    inputs: np.ndarray | Streamed
    batch: int
    steps: Steps
    pace: Pace
    gathered: Callable[[], Logs] | None = None
    counts: float = 1.0

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.inputs)

    def __len__(self) -> int:
        return steps_in(self.rows, self.batch)

    def take(self, first: int, count: int) -> Done:
        """Take steps; their losses are means of what rows count for."""
        losses, logs = self.steps(first, count)
        if "loss" in logs:
            logs = {**logs, "loss": logs["loss"] / self.counts}
        return Done([loss / self.counts for loss in losses], logs)

    def at_once(self) -> Logs:
        """What is measured of all rows at once."""
        return {} if self.gathered is None else self.gathered()


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
        self,
        model: keras.Model,
        train: Part,
        validation: Part | None,
        callbacks: list[Any],
        progress: Progress,
        watch: Watch | None,
        checkpoints: Checkpoints,
        seed: int,
        emit: Emit,
        stop: Stop,
    ) -> None:
        self.model = model
        self.watch = watch
        self.history: list[dict[str, float]] = []
        self.best: Weights | None = None
        self.steps = 0
        self.seconds = 0.0
        self.early_stopped = False
        self._train = train
        self._validation = validation
        self._callbacks = callbacks
        self._progress = progress
        self._checkpoints = checkpoints
        self._generator = np.random.default_rng(seed)
        self._emit = emit
        self._stop = stop

    def run(self, epochs: int) -> None:
        """Train until the last epoch, a stop, or until the watched metric no longer improves."""
        began = perf_counter()
        self._emit(Plan("training", "epoch", epochs, steps=len(self._train)))
        hooks = keras.callbacks.CallbackList(
            self._callbacks, add_history=True, model=self.model, epochs=epochs, steps=len(self._train), verbose=0
        )
        self.model.stop_training = False
        hooks.on_train_begin()
        try:
            for epoch in range(1, epochs + 1):
                if not self._epoch(epoch, hooks) or self._ends(epoch, epochs):
                    break
            self._progress.flush()
            if self.watch is not None and self.history and (remark := self.watch.remark):
                self._emit(Log(remark, "warning"))
            self.model.optimizer.finalize_variable_values(self.model.trainable_weights)
            hooks.on_train_end(self.history[-1] if self.history else None)
        finally:
            self.seconds = perf_counter() - began

    def _ends(self, epoch: int, epochs: int) -> bool:
        exhausted = self.watch is not None and self.watch.exhausted
        self.early_stopped = epoch < epochs and (exhausted or self.model.stop_training)
        return self.early_stopped

    def _epoch(self, number: int, hooks: Any) -> bool:
        """Train an epoch; tell whether it was finished."""
        self._progress.epoch = number
        hooks.on_epoch_begin(number - 1)
        logs = self._train_rows(hooks)
        if logs is None:
            return False
        logs |= {"loss": self._progress.mean(), **self._train.at_once()}
        values = {f"train_{name}": value for name, value in logs.items()}
        if self._validation is not None:
            measured = self._validate(self._validation, hooks)
            if measured is None:
                return False
            logs |= measured
            values |= measured
        hooks.on_epoch_end(number - 1, dict(logs))
        self._take(number, values)
        return True

    def _take(self, number: int, values: dict[str, float]) -> None:
        self.history.append(values)
        self._emit(Row(number, values))
        if self.watch is not None and self.watch.metric not in values:
            raise _not_measured(self.watch.metric, values)
        if self.watch is not None and self.watch.improved(number, values):
            self.best = self.model.get_weights()
            self._emit(Best(number, self.watch.metric, self.watch.value))
        self._checkpoints.epoch_ended(self)

    def _train_rows(self, hooks: Any) -> Logs | None:
        """Take the steps of an epoch; what the last one reports, None if a stop came between."""
        part, position = self._train, 0
        logs: Logs = {}
        self.model.reset_metrics()
        part.steps.order(shuffled(part.inputs, self._generator.permutation))
        while position < len(part):
            if self._stop.is_set():
                return None
            count = part.pace.next(len(part) - position)
            hooks.on_train_batch_begin(position)
            losses, logs = part.take(position, count)
            part.pace.took(count)
            self.steps += count
            self._progress.take(losses, sizes(part.rows, part.batch, position, count))
            position += count
            hooks.on_train_batch_end(position - 1, dict(logs))
            if self._progress.due:
                self._progress.flush()
                self._checkpoints.block_ended(self)
            if self.model.stop_training:
                break
        return dict(logs)

    def _validate(self, part: Part, hooks: Any) -> Logs | None:
        """Measure the validation rows; None if a stop came between."""
        position = 0
        logs: Logs = {}
        self.model.reset_metrics()
        hooks.on_test_begin()
        while position < len(part):
            if self._stop.is_set():
                return None
            count = part.pace.next(len(part) - position)
            logs = part.take(position, count).logs
            part.pace.took(count)
            position += count
        logs = {**logs, **part.at_once()}
        hooks.on_test_end(dict(logs))
        return {f"val_{name}": value for name, value in logs.items()}


def _not_measured(metric: str, values: dict[str, float]) -> InvalidConfiguration:
    message = f"earlyStopping.metric must be one of {', '.join(values)}, got {metric!r}."
    return InvalidConfiguration([Fault("config.earlyStopping.metric", message, value=metric)])
