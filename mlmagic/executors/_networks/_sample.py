"""The training rows that a preparation is fitted on: all, or a sample where memory does not hold them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic._memory import limit
from mlmagic.data import kind, row_bytes

if TYPE_CHECKING:
    from mlmagic.data import Rows

# Rows of a sample, at least.
FEWEST = 20_000
# Numbers that are compared at a time.
_MANY = 1 << 22


def sample(rows: Rows) -> Rows:
    """Rows spread evenly over these, and one row of every label of a column of words; all if memory holds them."""
    row = row_bytes(rows.X)
    if row * len(rows) <= limit():
        return rows
    count = max(FEWEST, limit() // 8 // row)
    if count >= len(rows):
        return rows
    chosen = [np.linspace(0, len(rows) - 1, count).astype(np.int64)]
    chosen += [_telling(rows.X[name]) for name in rows.X.columns]
    places = np.unique(np.concatenate(chosen))
    return replace(rows, X=rows.X.iloc[places], y=None, weight=None, group=None)


def spread(rows: Rows, number: int) -> Rows:
    """So many rows with their target, spread evenly over these; all if there are fewer."""
    places = np.unique(np.linspace(0, len(rows) - 1, min(number, len(rows))).astype(int))
    return replace(
        rows, X=rows.X.iloc[places], y=None if rows.y is None else rows.y.iloc[places], weight=None, group=None
    )


def _telling(column: pd.Series) -> np.ndarray:
    """Places of what a sample must have: a row of every label, the smallest and the largest number, a value at all."""
    if kind(column) == "category":
        found: np.ndarray = np.unique(pd.factorize(column)[0], return_index=True)[1]
        return found
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        ends = [_extremes(column.to_numpy()[start : start + _MANY], start) for start in range(0, len(column), _MANY)]
        few = np.concatenate(ends)
        furthest: np.ndarray = few[_extremes(column.to_numpy()[few])]
        return furthest
    return np.flatnonzero(column.notna().to_numpy(dtype=bool))[:1]


def _extremes(values: np.ndarray, start: int = 0) -> np.ndarray:
    """Places of the smallest and the largest, the first of which has the place ``start``; none of gaps alone."""
    if not len(values) or (values.dtype.kind == "f" and np.isnan(values).all()):
        return np.empty(0, np.int64)
    return start + np.array([np.nanargmin(values), np.nanargmax(values)])


def remark(rows: Rows, chosen: Rows, what: str = "Scales, gaps and labels") -> str | None:
    """What to say of a sample; None of all rows."""
    if len(chosen) == len(rows):
        return None
    return f"{what} are learned from {len(chosen)} of the {len(rows)} training rows, spread over all"
