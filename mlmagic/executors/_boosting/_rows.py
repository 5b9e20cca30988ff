"""From split rows to what a library fits."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.data import coded_columns, fit_preparation, known_rows, source_columns
from mlmagic.errors import DataLoadingError
from mlmagic.executors._boosting._library import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._boosting._library import Library
    from mlmagic.executors._boosting.config import BoostingTrain, Kind

# The prefix of what is measured on test rows while a model is trained, and on how many of them: all of many rows would
# cost some per cent of training.
TEST, SHOWN = "test", 2_000


@dataclass(frozen=True)
class Columns:
    """What an estimator sees.

    Attributes
    ----------
    names
        Of the columns, as the library takes names.
    coded
        Which of them hold codes of categories; None where the table is handed over as it is.
    """

    names: Sequence[str]
    coded: Sequence[bool] | None

    @classmethod
    def of(cls, library: Library, preparation: Any, columns: Sequence[str] = ()) -> Columns:
        """The columns behind a preparation; ``columns`` themselves where there is none."""
        if preparation is None:
            return cls(columns, None)
        return cls(clean(library, source_columns(preparation, columns)), coded_columns(preparation))


def prepare(library: Library, train: BoostingTrain, rows: Rows) -> Any:
    """Fit the preparation; None where the library takes the table as it is, gaps and all."""
    if train.prepare == "none":
        return fit_preparation(rows, train.feature_scaling, "none")
    columns = list(rows.X.columns)
    return fit_preparation(rows, train.feature_scaling, "native", always=clean(library, columns) != columns)


def clean(library: Library, names: Sequence[str]) -> list[str]:
    """Names of columns without what the library does not take in them, still different from each other."""
    found: dict[str, None] = {}
    for name in names:
        fit = _translated(name, library.unfit)
        while fit in found or (fit != name and fit in names):
            fit += "_"
        found[fit] = None
    return list(found)


def ordered(X: pd.DataFrame, names: Sequence[str] | None, unfit: str) -> pd.DataFrame:
    """The columns in the order of ``names``, if they are all there: a library may go by position."""
    if names is None:
        return X
    # LightGBM makes underscores of spaces.
    changed = unfit + string.whitespace
    by_name = {_translated(str(column), changed): column for column in X.columns}
    wanted = [by_name.get(_translated(name, changed)) for name in names]
    if len(by_name) < X.shape[1] or None in wanted or wanted == list(X.columns):
        return X  # what is missing the library tells
    return X[wanted]


def split_parts(kind: Kind, data: TrainingData, preparation: Any) -> dict[str, Part]:
    """The rows to fit, and those to watch: the validation rows, else some of the test's, which decide nothing."""
    parts = {"train": _part(kind, data.train, preparation)}
    if data.validation is not None:
        parts["val"] = _part(kind, data.validation, preparation)
    elif data.watched and (shown := _shown(kind, data)):
        parts[TEST] = _part(kind, shown, preparation)
    return parts


def _shown(kind: Kind, data: TrainingData) -> Rows | None:
    """The first test rows, of a ranking the first groups, without those whose label has no loss."""
    rows = data.test if data.classes is None else known_rows(data.test, data.classes)
    if rows is None or len(rows) <= SHOWN:
        return rows
    if kind != "ranker" or rows.group is None:
        return rows.at(np.arange(SHOWN))
    ends = rows.group.value_counts(sort=False).cumsum()
    return rows.at(np.flatnonzero(rows.group.isin(ends.index[: max(1, int((ends <= SHOWN).sum()))])))


def require_groups(name: str, data: TrainingData) -> None:
    """Refuse rows that cannot be ranked.

    Raises
    ------
    DataLoadingError
        If they belong to no groups.
    """
    if data.train.group is None:
        raise DataLoadingError(
            f"{name} ranks the rows of each group, but the rows have no groups",
            solution="Name the column that tells what the rows of a ranking belong to: groups: query_id",
        )


def _translated(name: str, unfit: str) -> str:
    return name.translate({ord(letter): "_" for letter in unfit})


def _part(kind: Kind, rows: Rows, preparation: Any) -> Part:
    group = None
    if kind == "ranker" and rows.group is not None:
        codes = np.unique(rows.group.to_numpy(), return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        rows, group = rows.at(order), codes[order]
    assert rows.y is not None
    X = rows.X if preparation is None else preparation.transform(rows.X)
    return Part(X, rows.y.to_numpy(), None if rows.weight is None else rows.weight.to_numpy(), group)
