"""Which epoch or round is best, and when to give up, in every framework alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from mlmagic.data import TrainingData


@dataclass
class Watch:
    """Follows one metric over the epochs or rounds.

    A metric that never had a value stops nothing: training goes to its end, and its last model is the model.

    Parameters
    ----------
    metric
        Its name in the history.
    higher
        Whether more of it is better.
    patience
        Epochs or rounds without an improvement after which training stops; None for never.
    min_delta
        What counts as an improvement for patience. The best is the best by any margin.
    reason
        Why the metric has no value for the rows that it is measured on; None where nothing is known against it.

    Attributes
    ----------
    best
        The best epoch or round so far, counted from 1; None before the first that has a number.
    value
        Its value.
    """

    metric: str
    higher: bool = False
    patience: int | None = None
    min_delta: float = 0.0
    reason: str | None = None
    best: int | None = None
    value: float = math.nan
    _best: float = field(default=-math.inf, repr=False)
    _mark: float = field(default=-math.inf, repr=False)
    _waited: int = field(default=0, repr=False)

    def improved(self, number: int, values: Mapping[str, float]) -> bool:
        """Take the values of an epoch or round; True if it is the best so far. What is no number never is."""
        value = values[self.metric]
        goodness = value if self.higher else -value
        self._waited += 1
        if goodness > self._mark + self.min_delta:
            self._mark, self._waited = goodness, 0
        if not goodness > self._best:
            return False
        self._best, self.value, self.best = goodness, value, number
        return True

    @property
    def exhausted(self) -> bool:
        """Whether the metric had a value, and has not improved for as long as patience lasts."""
        return self.best is not None and self.patience is not None and self._waited >= self.patience

    @property
    def remark(self) -> str | None:
        """What to say of a metric that never had a value, once training is over; None where it had one."""
        if self.best is not None:
            return None
        why = self.reason or "it was never a number"
        return f"{self.metric} has no value: {why}; it picked no best and stopped nothing"


def valueless(metric: str, y: np.ndarray, classes: np.ndarray) -> str | None:
    """Why a metric of scikit-learn's has no value for these labels, whatever a model predicts; None where it may.

    Parameters
    ----------
    y
        Labels, shape (n,).
    classes
        Those that a model tells apart, shape (k,).
    """
    import numpy as np

    from mlmagic.evaluation import METRICS, SPELLINGS, Comparison, named

    if metric not in SPELLINGS or METRICS[SPELLINGS[metric]].task != "classification" or not len(y):
        return None
    shares = np.full((len(y), len(classes)), 1 / len(classes))
    anyhow = Comparison("classification", y, np.repeat(classes[:1], len(y)), shares, classes)
    return named([metric], anyhow).reasons.get(SPELLINGS[metric])


def unvalidated(data: TrainingData) -> str:
    """Why there are no validation rows: nobody asked for any, or their labels are those of no training row."""
    strange = {label: counts["validation"] for label, counts in data.metadata.get("unlearnedLabels", {}).items()}
    lost = [label for label, count in strange.items() if count]
    if not lost:
        return "without validationSplit there are no validation rows"
    count = sum(strange.values())
    rows, have = (
        ("the only validation row", "has a label") if count == 1 else (f"all {count} validation rows", "have labels")
    )
    return (
        f"{rows} {have} ({', '.join(lost[:5])}{', ...' if len(lost) > 5 else ''}) that none of the {len(data.train)} "
        "training rows has, so nothing is left to validate by: give more rows of each label, or name rows in "
        "validationData"
    )
