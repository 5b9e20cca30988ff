"""Rows and splits as executors see them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import pandas as pd

Task = Literal["classification", "regression", "clustering", "outliers"]
# Those that learn without a target: all rows train.
UNSUPERVISED: tuple[Task, ...] = ("clustering", "outliers")


# Told what is done ("scanning", "reading", "checking", "splitting") with a table that memory has no room for, and how
# many rows of how many are done (columns where they are checked; None where nobody knows); says whether to go on.
GoingOn: TypeAlias = "Callable[[str, int, int | None], bool]"


class Cancelled(Exception):
    """Somebody asked to stop while rows were read."""


def ever(doing: str, done: int, total: int | None) -> bool:
    """Go on, whatever is done: a :data:`GoingOn` for who cannot stop."""
    return True


@dataclass(frozen=True)
class Rows:
    """Raw feature columns and the target beside them; the index is the input's own.

    Attributes
    ----------
    X
        Shape (n, features), columns as the user has them: text, categories and gaps included.
    y
        Shape (n,), labels or numbers as the user has them; None where there is nothing to compare with.
    gaps
        Columns that have gaps somewhere in the whole table. A preparation fitted on rows that happen to have none
        must fill them all the same, or the first test row with a gap ends the run.
    weight
        Shape (n,), how much each row counts in training, class weights and sample weights multiplied; None where all
        rows count alike.
    group
        Shape (n,), what belongs together: the query of a ranking, or rows that no split may part; None without groups.
    """

    X: pd.DataFrame
    y: pd.Series | None = None
    gaps: tuple[str, ...] = ()
    weight: pd.Series | None = None
    group: pd.Series | None = None

    def __len__(self) -> int:
        return len(self.X)

    def at(self, positions: np.ndarray) -> Rows:
        """Some of them, shape (m,), in this order; on disk where memory has no room for them."""
        from mlmagic.data._mapped import taken

        y, weight, group = (
            None if part is None else part.iloc[positions] for part in (self.y, self.weight, self.group)
        )
        return replace(self, X=taken(self.X, positions), y=y, weight=weight, group=group)


@dataclass(frozen=True)
class TrainingData:
    """What an executor trains on: rows split, columns checked, nothing encoded yet.

    Attributes
    ----------
    train, validation, test
        Disjoint rows. ``validation`` picks the best epoch; ``test`` is only measured at the end.
    task
        What is learned.
    target
        Name of the target column; "" where there is none.
    classes
        What a model can answer: the sorted distinct labels of the training rows, shape (k,); None for a regression.
    metadata
        What was decided and why, under the report's keys.
    class_weight
        How much each label counts, as the user asked; ``train.weight`` has it in it.
    sample_weight
        What ``train.weight`` was before that.
    watched
        Whether somebody follows how it trains; nobody does in a fold.
    """

    train: Rows
    validation: Rows | None
    test: Rows | None
    task: Task
    target: str
    classes: np.ndarray | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    class_weight: str | Mapping[Any, float] | None = None
    sample_weight: pd.Series | None = None
    watched: bool = True
