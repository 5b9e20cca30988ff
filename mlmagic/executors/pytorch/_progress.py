"""The steps of a run, told in blocks: reading a loss or a score every step would cost more than training may lose."""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mlmagic.errors import TrainingDiverged
from mlmagic.events import Emit, Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors.pytorch._scores import Tally

# Seconds to the first block, so that the curve moves at once, and between blocks.
FIRST, EVERY = 0.02, 0.1


class Progress:
    """Collects steps; at each block it reads them from the device, looks for a loss that is no number, and tells.

    Parameters
    ----------
    emit
        Takes the blocks.
    new_tally
        Gives what scores the training rows of one epoch.
    learning_rate
        For the error of a run that diverges.
    """

    def __init__(self, emit: Emit, new_tally: Callable[[], Tally], learning_rate: float) -> None:
        self.epoch = 1
        self._emit = emit
        self._new_tally = new_tally
        self._tally = new_tally()
        self._learning_rate = learning_rate
        self._losses: list[Tensor] = []
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._unsent: list[float] = []
        self._sent = 0
        self._weighted, self._rows = 0.0, 0
        self._last: float | None = None
        self._due = perf_counter() + FIRST

    def step(self, loss: Tensor, outputs: Tensor, target: Tensor) -> bool:
        """Take a step; True when it ended a block."""
        self._losses.append(loss.detach())
        self._outputs.append(outputs.detach())
        self._targets.append(target)
        if perf_counter() < self._due:
            return False
        self._read()
        self.flush()
        return True

    def flush(self) -> None:
        """Tell of all steps that were read."""
        self._due = perf_counter() + EVERY
        if self._unsent:
            self._emit(Steps(self._sent, {"train_loss": self._unsent}))
            self._sent += len(self._unsent)
            self._unsent = []

    def end_epoch(self) -> dict[str, float]:
        """The mean loss of the epoch's rows and their scores, as they were when each was trained on."""
        self._read()
        values = {"train_loss": self._weighted / self._rows}
        values |= {f"train_{name}": value for name, value in self._tally.scores().items()}
        self._weighted, self._rows, self._tally = 0.0, 0, self._new_tally()
        return values

    def _read(self) -> None:
        if not self._losses:
            return
        losses = torch.stack(self._losses).flatten().tolist()
        sizes = [len(target) for target in self._targets]
        self._unsent += losses
        if not math.isfinite(sum(losses)):
            self._diverged(losses)
        self._last = losses[-1]
        self._tally.add(torch.cat(self._outputs), torch.cat(self._targets))
        self._weighted += sum(map(float.__mul__, losses, map(float, sizes)))
        self._rows += sum(sizes)
        self._losses, self._outputs, self._targets = [], [], []

    def _diverged(self, losses: list[float]) -> None:
        self.flush()
        place = next(place for place, loss in enumerate(losses) if not math.isfinite(loss))
        before = losses[place - 1] if place else self._last
        raise TrainingDiverged.at(self.epoch, losses[place], before, self._learning_rate)
