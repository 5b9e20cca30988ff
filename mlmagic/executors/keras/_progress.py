"""The steps of a run, told in blocks, and how many steps make one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from time import perf_counter

from mlmagic.errors import TrainingDiverged
from mlmagic.events import Emit, Steps

# Seconds that a call of many steps shall take: a stop is heard and the curve moves between two of them.
EVERY = 0.1
# Before anything is known of a model's speed; each call takes at most so many times more steps than the last.
_GROWTH = 4


class Pace:
    """How many steps to take in a call, from how long the last ones took.

    Parameters
    ----------
    most
        Steps to a call at most; 1 where somebody listens to every batch.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._count = 1
        self._known = False
        self._began = 0.0

    def next(self, left: int) -> int:
        """Steps for the next call, of ``left``."""
        self._began = perf_counter()
        return min(self._count, left, self._most or left)

    def took(self, count: int) -> None:
        """Learn from the call that ended now. The first one compiles, and says nothing."""
        seconds = perf_counter() - self._began
        if self._known:
            fitting = int(EVERY * count / max(seconds, 1e-6))
            self._count = max(1, min(fitting, _GROWTH * self._count))
        self._known = True


class Progress:
    """Collects steps; at each block it looks for a loss that is no number, and tells.

    Parameters
    ----------
    emit
        Takes the blocks.
    learning_rate
        For the error of a run that diverges.
    """

    def __init__(self, emit: Emit, learning_rate: float) -> None:
        self.epoch = 1
        self._emit = emit
        self._learning_rate = learning_rate
        self._unsent: list[float] = []
        self._sent = 0
        self._weighted, self._rows = 0.0, 0
        self._last: float | None = None
        self._due = 0.0

    def add(self, losses: list[float], sizes: Iterable[int]) -> bool:
        """Take steps with their rows; True where they ended a block."""
        self._unsent += losses
        if not math.isfinite(sum(losses)):
            self._diverged(losses)
        self._last = losses[-1]
        for loss, size in zip(losses, sizes, strict=True):
            self._weighted += loss * size
            self._rows += size
        if perf_counter() < self._due:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Tell of all steps that were taken."""
        self._due = perf_counter() + EVERY
        if self._unsent:
            self._emit(Steps(self._sent, {"train_loss": self._unsent}))
            self._sent += len(self._unsent)
            self._unsent = []

    def end_epoch(self) -> float:
        """The mean loss of the epoch's rows, as it was when each was trained on."""
        mean = self._weighted / self._rows
        self._weighted, self._rows = 0.0, 0
        return mean

    def _diverged(self, losses: list[float]) -> None:
        self.flush()
        place = next(place for place, loss in enumerate(losses) if not math.isfinite(loss))
        before = losses[place - 1] if place else self._last
        raise TrainingDiverged.at(self.epoch, losses[place], before, self._learning_rate)
