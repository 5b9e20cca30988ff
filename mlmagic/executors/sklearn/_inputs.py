"""The split rows as arrays that an estimator takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlmagic.data import Rows, TrainingData
from mlmagic.executors.sklearn._table import fitting

if TYPE_CHECKING:
    from mlmagic.evaluation import Asked


class Inputs:
    """The split rows as arrays that an estimator takes; transformed once."""

    def __init__(self, estimator: Any, data: TrainingData, preparation: Any, asked: Sequence[Asked]) -> None:
        self._estimator = estimator
        self.asked = asked
        self.data = data
        self._preparation = preparation
        self.task = data.task

    def matrix(self, rows: Rows) -> Any:
        """Features, shape (n, columns); texts, shape (n,), for an estimator that reads them."""
        return fitting(self._estimator, rows.X) if self._preparation is None else self._preparation.transform(rows.X)

    def target(self, rows: Rows) -> Any:
        """Labels or numbers, shape (n,)."""
        assert rows.y is not None
        return rows.y.to_numpy()

    @property
    def train(self) -> Rows:
        """The rows to fit on."""
        return self.data.train

    @property
    def watched(self) -> tuple[str, Rows] | None:
        """The rows whose score is shown while the model grows, and the prefix of its name."""
        if self.data.validation is not None:
            return "val", self.data.validation
        return ("test", self.data.test) if self.data.test is not None else None
