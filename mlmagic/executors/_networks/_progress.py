"""The steps of a run, told in blocks: an event for each would cost more than training may lose."""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING

from mlmagic.errors import TrainingDiverged
from mlmagic.events import Emit, Steps

if TYPE_CHECKING:
    from collections.abc import Iterable

# Seconds to the first block, so that the curve moves at once, and between blocks.
FIRST, EVERY = 0.02, 0.1


class Progress:
    """Collects the losses of steps; a loss that is no number ends the run.

    Parameters
    ----------
    emit
        Takes the blocks.
    learning_rate
        For the error of a run that diverges.

    Attributes
    ----------
    epoch
        The one that runs, counted from 1; for the same error.
    """

    def __init__(self, emit: Emit, learning_rate: float) -> None:
        self.epoch = 1
        self._emit = emit
        self._learning_rate = learning_rate
        self._unsent: list[float] = []
        self._sent = 0
        self._weighted, self._counted = 0.0, 0.0
        self._last: float | None = None
        self._due = perf_counter() + FIRST

    @property
    def due(self) -> bool:
        """Whether it is time to tell."""
        return perf_counter() >= self._due

    def take(self, losses: list[float], counts: Iterable[float]) -> None:
        """Take steps.

        Parameters
        ----------
        losses
            The mean loss of the rows of each.
        counts
            How many rows they are, or what these count for together.

        Raises
        ------
        TrainingDiverged
            If a loss is no finite number.
        """
        self._unsent += losses
        if not math.isfinite(sum(losses)):
            self._diverged(losses)
        self._last = losses[-1]
        for loss, count in zip(losses, counts, strict=True):
            self._weighted += loss * count
            self._counted += count

    def flush(self) -> None:
        """Tell of all steps that were taken."""
        self._due = perf_counter() + EVERY
        if self._unsent:
            self._emit(Steps(self._sent, {"train_loss": self._unsent}))
            self._sent += len(self._unsent)
            self._unsent = []

    def mean(self) -> float:
        """The mean loss of the epoch's rows, as it was when each was trained on; the next epoch starts anew."""
        mean = self._weighted / self._counted if self._counted else math.nan
        self._weighted, self._counted = 0.0, 0.0
        return mean

    def _diverged(self, losses: list[float]) -> None:
        self.flush()
        place = next(place for place, loss in enumerate(losses) if not math.isfinite(loss))
        before = losses[place - 1] if place else self._last
        raise TrainingDiverged.at(self.epoch, losses[place], before, self._learning_rate)
