"""Which epoch is best, and when to give up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Watch:
    """Follows one metric over the epochs.

    Parameters
    ----------
    metric
        Its name in the history.
    higher
        Whether more of it is better.
    patience
        Epochs without an improvement after which training stops; None for never.
    min_delta
        What counts as an improvement for patience. The best epoch is the best by any margin.
    """

    metric: str
    higher: bool = False
    patience: int | None = None
    min_delta: float = 0.0
    epoch: int | None = None
    value: float = math.nan
    _best: float = field(default=-math.inf, repr=False)
    _mark: float = field(default=-math.inf, repr=False)
    _waited: int = field(default=0, repr=False)

    def improved(self, epoch: int, values: Mapping[str, float]) -> bool:
        """Take an epoch's values; True if it is the best so far. What is no number never is."""
        value = values[self.metric]
        goodness = value if self.higher else -value
        self._waited += 1
        if goodness > self._mark + self.min_delta:
            self._mark, self._waited = goodness, 0
        if not goodness > self._best:
            return False
        self._best, self.value, self.epoch = goodness, value, epoch
        return True

    @property
    def exhausted(self) -> bool:
        """Whether the metric has not improved for as long as patience lasts."""
        return self.patience is not None and self._waited >= self.patience
