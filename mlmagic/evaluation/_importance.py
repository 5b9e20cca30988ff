"""Which raw columns a model leans on."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlmagic.data import Rows

# Rows to an importance, and predictions to all of them.
FEWEST_ROWS, MOST_ROWS, MOST_PREDICTIONS = 200, 2_000, 100_000
# Cells of one prediction, 8 MB as float64, and the seconds that it shall take: somebody may ask to stop.
MOST_CELLS, CALL_SECONDS = 1_000_000, 0.3
# Columns of the first prediction, if a row is not slow; from there on their number doubles.
FIRST_COLUMNS = 4


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
    seconds: float = math.inf,
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
    repeats
        Shuffles of each column.
    stop
        Asked before each prediction.
    seconds
        How long it may take. All columns are shuffled once before any is shuffled again, so that every importance is
        the mean of as many: of fewer than ``repeats`` where time is up or somebody asks to stop. Columns that were not
        reached at all are left out.

    Returns
    -------
    DataFrame
        Columns feature, importance (mean over the repeats) and std (``ddof=0``), most important first;
        ``attrs["repeats"]`` of them, equal to ``n_repeats`` of scikit-learn.
    """
    random = np.random.RandomState(seed)
    rows = _sampled(rows, max_rows or _enough(rows.X.shape[1] * repeats), random)
    pace = _Pace(rows, seconds, stop)
    baseline = metric(rows, predict(rows))
    pace.seen(1)
    rounds: list[list[float]] = []
    # One seed for all columns, as in scikit-learn: the same shuffles are fair to each.
    for order in _orders(len(rows), repeats, np.random.RandomState(random.randint(np.iinfo(np.int32).max + 1))):
        found: list[float] = []
        for places in pace.chunks(rows.X.shape[1]):
            values = predict(replace(rows, X=_shuffled(rows.X, places, order), y=None, weight=None, group=None))
            found += [baseline - metric(rows, part) for part in np.split(values, len(places))]
        if rounds and len(found) < rows.X.shape[1]:
            break
        rounds.append(found)
        if pace.is_over(another=True):
            break
    return _table(list(rows.X.columns), np.array(rounds))


class _Pace:
    """How many columns are shuffled for one prediction, and whether there is time for another.

    A pipeline spends more on being called than on a few rows, so small tables are predicted for many columns at once;
    but never so many that Stop would have to wait.
    """

    def __init__(self, rows: Rows, seconds: float, stop: Stop | None) -> None:
        self._most = max(1, MOST_CELLS // max(1, rows.X.size))
        self._stop = stop
        self._began = self._last = self._told = time.perf_counter()
        self._seconds = seconds
        self._number = FIRST_COLUMNS
        self._each = math.inf

    def seen(self, columns: int) -> None:
        """Choose how many columns are next, after so many since the last call."""
        spent = max(time.perf_counter() - self._told, 1e-6)
        # Where a column costs less than before, the call itself is what costs: more of them at once take hardly longer.
        cheaper = spent / columns < 0.7 * self._each
        room = 2 * columns if cheaper and spent < 2 * CALL_SECONDS else int(columns * CALL_SECONDS / spent)
        self._number = max(1, min(max(2 * columns, FIRST_COLUMNS), room, self._most))
        self._each = spent / columns

    def chunks(self, columns: int) -> Iterator[range]:
        """Places of columns, as long as there is time."""
        self._last = time.perf_counter()
        place = 0
        while place < columns and not self.is_over():
            places = range(place, min(columns, place + self._number))
            self._told = time.perf_counter()
            yield places
            self.seen(len(places))
            place = places.stop

    def is_over(self, *, another: bool = False) -> bool:
        """Whether somebody asked to stop, or time is up: with ``another`` for a round as long as the last."""
        now = time.perf_counter()
        ahead = now - self._last if another else 0.0
        return (self._stop is not None and self._stop.is_set()) or now + ahead > self._began + self._seconds


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


def _orders(rows: int, repeats: int, random: np.random.RandomState) -> Iterator[np.ndarray]:
    """Places of the rows of a shuffled column, for each repeat."""
    order, places = np.arange(rows), np.arange(rows)
    for _ in range(repeats):
        random.shuffle(order)
        # Shuffled on from where the last repeat left it, as in scikit-learn.
        places = places[order]
        yield places


def _shuffled(X: pd.DataFrame, places: range, order: np.ndarray) -> pd.DataFrame:
    """The table as often as there are columns at these places, one below the other, another column shuffled in each."""
    count = len(X)
    found = X.iloc[np.tile(np.arange(count), len(places))].reset_index(drop=True)
    for part, (place, (_, column)) in enumerate(zip(places, X.iloc[order, list(places)].items(), strict=True)):
        # By place: a name may stand for two columns.
        found.iloc[part * count : (part + 1) * count, place] = column.values
    return found


def _table(columns: list[str], rounds: np.ndarray) -> pd.DataFrame:
    """Means and deviations of shape (repeats, columns); of the first columns where time was up before the others."""
    reached = {"feature": columns[: rounds.shape[1]], "importance": rounds.mean(axis=0), "std": rounds.std(axis=0)}
    table = _ranked(pd.DataFrame(reached))
    table.attrs["repeats"] = len(rounds)
    return table


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)
