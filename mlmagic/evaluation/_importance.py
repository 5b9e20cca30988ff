"""Which raw columns a model leans on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlmagic.data import Rows

# Rows to an importance, and predictions to all of them.
FEWEST_ROWS, MOST_ROWS, MOST_PREDICTIONS = 200, 2_000, 100_000


class Stop(Protocol):
    """Whether somebody asked to stop; a ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """Whether somebody asked."""
        ...


def permutation_importance(
    predict: Callable[[Rows], np.ndarray],
    rows: Rows,
    metric: Callable[[Rows, np.ndarray], float],
    seed: int,
    repeats: int = 5,
    max_rows: int | None = None,
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
        Rows with their target; more than ``max_rows`` are sampled without replacement, of those that have groups whole
        groups, at least one.
    max_rows
        None for 2,000, fewer where there are many columns: 100,000 rows are predicted in all, since what only explains
        a model must not take longer than its training. Never fewer than 200.
    metric
        ``metric(rows, values)`` of values of shape (n,) for the rows that were sampled; greater is better.
    stop
        Asked before each column; those that are finished by then are given back.

    Returns
    -------
    DataFrame
        Columns feature, importance (mean over the repeats) and std (``ddof=0``), most important first.
    """
    random = np.random.RandomState(seed)
    rows = _sampled(rows, max_rows or _enough(rows.X.shape[1] * repeats), random)
    baseline = metric(rows, predict(rows))
    # One seed for all columns, as in scikit-learn: the same shuffles are fair to each.
    shuffles = int(random.randint(np.iinfo(np.int32).max + 1))
    # All repeats of a column are predicted at once: a pipeline spends more on being called than on a few rows.
    repeated = pd.concat([rows.X] * repeats, ignore_index=True)
    found: list[tuple[str, float, float]] = []
    for name in rows.X.columns:
        if stop is not None and stop.is_set():
            break
        X = repeated.copy(deep=False)
        X[name] = _shuffled(rows.X[name], repeats, np.random.RandomState(shuffles))
        values = predict(replace(rows, X=X, y=None, weight=None, group=None))
        falls = [baseline - metric(rows, part) for part in np.split(values, repeats)]
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
    chosen = random.choice(len(rows), most, replace=False) if rows.group is None else _whole(rows.group, most, random)
    y, group = (None if column is None else column.iloc[chosen] for column in (rows.y, rows.group))
    return replace(rows, X=rows.X.iloc[chosen], y=y, weight=None, group=group)


def _whole(group: pd.Series, most: int, random: np.random.RandomState) -> np.ndarray:
    """Places of the rows of groups drawn at random, as many groups as fit."""
    codes = pd.factorize(group)[0]
    drawn = random.permutation(codes.max() + 1)
    fitting = int((np.bincount(codes)[drawn].cumsum() <= most).sum())
    return np.flatnonzero(np.isin(codes, drawn[: max(1, fitting)]))


def _enough(predictions: int) -> int:
    """Rows that tell an importance, where each is predicted so often."""
    return max(FEWEST_ROWS, min(MOST_ROWS, MOST_PREDICTIONS // max(1, predictions)))


def _shuffled(column: pd.Series, repeats: int, random: np.random.RandomState) -> pd.Series:
    """One shuffle below the other."""
    order, found = np.arange(len(column)), []
    for _ in range(repeats):
        random.shuffle(order)
        # Shuffled on from where the last repeat left it, as in scikit-learn.
        column = column.iloc[order]
        found.append(column)
    return pd.concat(found, ignore_index=True)


def _table(found: list[tuple[str, float, float]]) -> pd.DataFrame:
    return _ranked(pd.DataFrame(found, columns=pd.Index(["feature", "importance", "std"])))


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)
