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


def sample(rows: Rows) -> Rows:
    """Rows spread evenly over these, and one row of every label of a column of words; all if memory holds them."""
    row = row_bytes(rows.X)
    if row * len(rows) <= limit():
        return rows
    count = max(FEWEST, limit() // 8 // row)
    if count >= len(rows):
        return rows
    chosen = [np.linspace(0, len(rows) - 1, count).astype(np.int64)]
    words = [name for name in rows.X.columns if kind(rows.X[name]) == "category"]
    chosen += [np.unique(pd.factorize(rows.X[name])[0], return_index=True)[1] for name in words]
    places = np.unique(np.concatenate(chosen))
    return replace(rows, X=rows.X.iloc[places], y=None, weight=None, group=None)


def remark(rows: Rows, chosen: Rows, what: str = "Scales, gaps and labels") -> str | None:
    """What to say of a sample; None of all rows."""
    if len(chosen) == len(rows):
        return None
    return f"{what} are learned from {len(chosen)} of the {len(rows)} training rows, spread over all"
