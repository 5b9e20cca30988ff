"""Which raw columns a model leans on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlmagic.data import Rows


class Stop(Protocol):
    """Whether somebody asked to stop; a ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """Whether somebody asked."""
        ...


def permutation_importance(
    predict: Callable[[Rows], np.ndarray],
    rows: Rows,
    metric: Callable[[np.ndarray, np.ndarray], float],
    seed: int,
    repeats: int = 5,
    max_rows: int = 2000,
    stop: Stop | None = None,
) -> pd.DataFrame:
    """How much a score falls when one raw column is shuffled (Breiman 2001, section 10).

    Equal by value to ``sklearn.inspection.permutation_importance(random_state=seed)`` over the same rows, for any
    framework and before any encoding.

    Parameters
    ----------
    predict
        From raw rows to values of shape (n,).
    rows
        Rows with their target; more than ``max_rows`` are sampled without replacement.
    metric
        ``metric(y_true, values)``; greater is better.
    stop
        Asked before each prediction; the columns that are finished by then are given back.

    Returns
    -------
    DataFrame
        Columns feature, importance (mean over the repeats) and std (``ddof=0``), most important first.
    """
    random = np.random.RandomState(seed)
    rows = _sampled(rows, max_rows, random)
    truth = np.asarray(rows.y)
    baseline = metric(truth, predict(rows))
    # One seed for all columns, as in scikit-learn: the same shuffles are fair to each.
    shuffles = int(random.randint(np.iinfo(np.int32).max + 1))
    found: list[tuple[str, float, float]] = []
    for name in rows.X.columns:
        falls: list[float] = []
        for X in _shuffled(rows.X, name, repeats, np.random.RandomState(shuffles)):
            if stop is not None and stop.is_set():
                return _table(found)
            falls.append(baseline - metric(truth, predict(replace(rows, X=X))))
        found.append((name, float(np.mean(falls)), float(np.std(falls))))
    return _table(found)


def aggregate_importances(names_out: Sequence[str], values: np.ndarray, columns: Sequence[str]) -> pd.DataFrame:
    """Sum the importances of encoded columns back to the raw columns.

    Parameters
    ----------
    names_out
        For each value its raw column, from :func:`mlmagic.data.source_columns`: exact. Names as
        ``get_feature_names_out()`` gives them (``island_Torgersen``) are taken too: each goes to the longest raw column
        name that it starts with, which is a guess where one name is the beginning of another.
    values
        Shape (len(names_out),).
    columns
        The raw columns.

    Returns
    -------
    DataFrame
        Columns feature and importance, one row a raw column, most important first.

    Raises
    ------
    ValueError
        If there are not as many values as names, or a name belongs to no raw column.
    """
    if len(names_out) != len(values):
        raise ValueError(f"each value has a name, but got {len(values)} values and {len(names_out)} names")
    sums = dict.fromkeys(columns, 0.0)
    for name, value in zip(names_out, values, strict=True):
        sums[_source(name, columns, sums)] += float(value)
    return _ranked(pd.DataFrame({"feature": list(sums), "importance": list(sums.values())}))


def _source(name: str, columns: Sequence[str], known: dict[str, float]) -> str:
    if name in known:
        return name
    owners = [column for column in columns if name.startswith(f"{column}_")]
    if not owners:
        raise ValueError(f"{name!r} comes from none of the raw columns")
    return max(owners, key=len)


def _sampled(rows: Rows, most: int, random: np.random.RandomState) -> Rows:
    if len(rows) <= most:
        return rows
    chosen = random.choice(len(rows), most, replace=False)
    return replace(rows, X=rows.X.iloc[chosen], y=None if rows.y is None else rows.y.iloc[chosen])


def _shuffled(X: pd.DataFrame, name: str, repeats: int, random: np.random.RandomState) -> Iterator[pd.DataFrame]:
    order, column = np.arange(len(X)), X[name]
    for _ in range(repeats):
        random.shuffle(order)
        # Shuffled on from where the last repeat left it, as in scikit-learn.
        column = column.iloc[order].set_axis(X.index)
        frame = X.copy(deep=False)
        frame[name] = column
        yield frame


def _table(found: list[tuple[str, float, float]]) -> pd.DataFrame:
    return _ranked(pd.DataFrame(found, columns=pd.Index(["feature", "importance", "std"])))


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)
