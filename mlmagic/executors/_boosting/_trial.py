"""One round on a few made-up rows: what the library thinks of an estimator, before the data is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.executors._boosting._library import Fitting, Measure, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlmagic.data import TrainingData
    from mlmagic.executors._boosting._custom import CustomMetric
    from mlmagic.executors._boosting._library import Library
    from mlmagic.executors._boosting._rows import Columns
    from mlmagic.executors._boosting.config import Kind

ROWS = 24


@dataclass(frozen=True)
class Trial:
    """Fits copies of an estimator to rows of the shape of the data.

    Parameters
    ----------
    data
        Whose labels the made-up rows have.
    columns
        What they look like.
    """

    library: Library
    kind: Kind
    data: TrainingData
    columns: Columns

    def measured(
        self, estimator: Any, metrics: Sequence[str | CustomMetric] = (), own: Sequence[str] = ()
    ) -> list[Measure]:
        """What a copy of an estimator measures in its first round: with nothing named, what its objective does.

        Raises
        ------
        Exception
            Whatever the library or a function of the user's raises.
        """
        return self._fitted(estimator, metrics, own)[1]

    def width(self, estimator: Any) -> int:
        """How many numbers a copy of an estimator predicts for a row: several quantiles, a mean and its spread."""
        return self.library.width(self._fitted(estimator)[0])

    def _fitted(
        self, estimator: Any, metrics: Sequence[str | CustomMetric] = (), own: Sequence[str] = ()
    ) -> tuple[Any, list[Measure]]:
        first = _First()
        made = self.library.copy(estimator)
        self.library.shorten(made)
        return self.library.fit(
            made, Fitting({"train": self._part()}, self.columns, metrics, own), first
        ), first.measures

    def _part(self) -> Part:
        y = _target(self.kind, self.data)
        X = np.random.default_rng(0).random((len(y), len(self.columns.names)))
        if self.columns.coded is None:
            import pandas as pd

            table = pd.DataFrame(X, columns=list(self.columns.names))
            return Part(table, y, None, _group(self.kind, len(y)))
        X[:, np.asarray(self.columns.coded, dtype=bool)] = np.arange(len(y))[:, None] % 3
        return Part(X, y, None, _group(self.kind, len(y)))


class _First:
    """Keeps what is measured, and ends with the first round."""

    best = None

    def __init__(self) -> None:
        self.measures: list[Measure] = []

    def begin(self, measures: Sequence[Measure]) -> None:
        """Keep them."""
        self.measures = list(measures)

    def round_ended(self, values: Iterable[float]) -> bool:
        """End."""
        return True


def _group(kind: Kind, rows: int) -> np.ndarray | None:
    return np.zeros(rows, dtype=int) if kind == "ranker" else None


def _target(kind: Kind, data: TrainingData) -> np.ndarray:
    if kind == "classifier" and data.classes is not None:
        classes = data.classes
        return classes[np.arange(max(ROWS, 2 * len(classes))) % len(classes)]
    # Above 0 and below 1, which every objective takes; a ranking wants whole numbers.
    places = np.arange(ROWS)
    return places % 2 if kind == "ranker" else (places + 1) / (ROWS + 1)
