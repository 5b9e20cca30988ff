"""Which round is best, and when to give up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Watch:
    """Follows one metric over the rounds.

    Parameters
    ----------
    series
        Its name in the history.
    patience
        Rounds without an improvement after which training ends; None for never.
    min_delta
        What counts as an improvement for patience. The best round is the best by any margin.

    Attributes
    ----------
    round
        The best so far, counted from 1; None before the first that has a number.
    value
        Its value.
    """

    series: str
    patience: int | None = None
    min_delta: float = 0.0
    round: int | None = None
    value: float = math.nan
    _best: float = field(default=-math.inf, repr=False)
    _mark: float = field(default=-math.inf, repr=False)
    _marked: int = field(default=0, repr=False)

    def take(self, number: int, value: float, *, higher: bool) -> bool:
        """Take the value of a round; True if training shall end."""
        goodness = value if higher else -value
        if goodness > self._mark + self.min_delta:
            self._mark, self._marked = goodness, number
        if goodness > self._best:
            self._best, self.value, self.round = goodness, value, number
        return self.patience is not None and number - self._marked >= self.patience
