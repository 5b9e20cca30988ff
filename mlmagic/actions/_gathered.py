"""What a model said of a table, gathered from blocks of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.executors._base import Predictions

if TYPE_CHECKING:
    import numpy as np

    from mlmagic.data import Rows
    from mlmagic.executors._fitted import Fitted


@dataclass(frozen=True)
class Answers:
    """What a model said of a table's first rows: of all, unless it was stopped.

    Attributes
    ----------
    predictions
        None where it was stopped before the first block.
    rows
        How many.
    seconds
        Spent in the framework.
    batch
        The most rows that it was asked for at a time.
    unseen
        Rows of each label that the model never saw, by column; None stands for a gap.
    """

    predictions: Predictions | None
    rows: int
    seconds: float
    batch: int
    unseen: Mapping[str, Counter[str | None]] = field(default_factory=dict)


class Gathered:
    """Predictions of blocks, put together.

    Parameters
    ----------
    total
        Rows of all blocks.
    """

    def __init__(self, fitted: Fitted, total: int) -> None:
        self._fitted = fitted
        self._values, self._probabilities, self._decision = _Whole(total), _Whole(total), _Whole(total)
        self._metadata: dict[str, Any] = {}
        self._unseen = {name: Counter[str | None]() for name in fitted.encoded}
        self._seconds = 0.0
        self.rows = 0

    def add(self, rows: Rows, given: Predictions, seconds: float) -> None:
        """Take the next block."""
        from mlmagic.data import unseen

        self._values.add(self.rows, given.values)
        self._probabilities.add(self.rows, given.probabilities)
        self._decision.add(self.rows, given.decision)
        for name, counts in self._unseen.items():
            if name in rows.X:
                counts.update(unseen(rows.X[name], self._fitted.encoded[name]))
        self._metadata |= given.metadata
        self._seconds += seconds
        self.rows += len(rows)

    def answers(self, batch: int) -> Answers:
        """Everything so far."""
        found = None
        if (values := self._values.first(self.rows)) is not None:
            probabilities, decision = self._probabilities.first(self.rows), self._decision.first(self.rows)
            found = Predictions(values, probabilities, self._metadata, decision)
        strange = {name: counts for name, counts in self._unseen.items() if counts}
        return Answers(found, self.rows, self._seconds, batch, strange)


class _Whole:
    """An array of all rows, in one piece at once: put together later it would be there twice."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._array: np.ndarray | None = None

    def add(self, start: int, block: np.ndarray | None) -> None:
        """Take the block whose first row this is."""
        import numpy as np

        if block is None:
            return
        if len(block) == self._total:
            self._array = block
            return
        if self._array is None:
            self._array = np.empty((self._total, *block.shape[1:]), block.dtype)
        elif self._array.dtype != block.dtype:  # labels of a model of the user's own may be longer in a later block
            self._array = self._array.astype(np.result_type(self._array, block))
        self._array[start : start + len(block)] = block

    def first(self, rows: int) -> np.ndarray | None:
        """So many rows; None where there was no block."""
        return None if self._array is None else self._array[:rows]
