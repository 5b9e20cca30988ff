"""A table as numbers."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.data import describe_preparation, not_finite, room, source_columns
from mlmagic.errors import DataLoadingError
from mlmagic.executors._large import WAY_OUT, large

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.data import Rows

# Turned at a time; they stay in the processor's cache.
ROWS = 512
# Numbers of the user's table that are prepared at a time: in between they take several times as much as in the end.
PREPARED = 1 << 22


def matrix(preparation: Any, rows: Rows) -> np.ndarray:
    """Give the inputs, shape (n, columns), float32; on disk if memory has no room for them.

    Raises
    ------
    DataLoadingError
        If a value is no finite number; names the columns.
    """
    size = max(ROWS, PREPARED // max(1, rows.X.shape[1]))
    first = _turned(preparation, rows.X.iloc[:size], rows)
    if len(first) == len(rows):
        return first
    values = room((len(rows), first.shape[1]), first.dtype)
    values[:size] = first
    for start in range(size, len(rows), size):
        values[start : start + size] = _turned(preparation, rows.X.iloc[start : start + size], rows)
    return values


def first_rows(preparation: Any, rows: Rows, number: int) -> np.ndarray:
    """The same of the first ones; where they cannot be had, the error looks for its cause in all rows."""
    return _turned(preparation, rows.X.iloc[:number], rows)


def _turned(preparation: Any, X: pd.DataFrame, rows: Rows) -> np.ndarray:
    raw = np.asarray(X if preparation is None else preparation.transform(X))
    # A copy always: a view of the user's frame is read-only, which torch warns of.
    values = np.empty(raw.shape, dtype=np.float32)
    try:
        # A frame holds column by column: turned as a whole, each row would be fetched from memory once a column.
        for start in range(0, len(raw), ROWS):
            values[start : start + ROWS] = raw[start : start + ROWS]
    except (TypeError, ValueError) as error:
        raise DataLoadingError(
            f"A network takes numbers, and nothing prepares these rows for it: {error}",
            stderr=f"{type(error).__name__}: {error}",
            solution="Leave prepare: none out, or name columns of numbers in featureColumns; rows of a run's network "
            "are prepared where the run is named, model: $report",
        ) from None
    finite = np.asarray(np.isfinite(values).all(axis=0))
    if not finite.all():
        sources = source_columns(preparation, list(rows.X.columns))
        raise _unusable(preparation, rows, list(dict.fromkeys(compress(sources, ~finite))))
    return values


def _unusable(preparation: Any, rows: Rows, columns: list[str]) -> DataLoadingError:
    """The error for columns of which a network gets what is no finite number of 32 bits."""
    told = {name: why for name in columns if (why := large(rows.X[name]))}
    filled = describe_preparation(preparation).get("filled", {})
    holes = not_finite(rows.X, [name for name in columns if name not in told and name not in filled])
    if not told and not holes.columns:  # small numbers, which were spread far less where the scale was learned
        told = {name: f"{name!r} becomes too large for 32 bits when it is scaled" for name in columns}
    ways = [WAY_OUT] if told else []
    if holes.columns:
        ways.append(f"{holes.way_out}; training fills gaps itself unless prepare: none says not to")
    return DataLoadingError(
        f"A network takes finite numbers, but {'; '.join(filter(None, [*told.values(), str(holes)]))}",
        solution=". ".join(ways),
        metadata={"columns": [*told, *holes.columns]},
    )
