"""Numbers that 32 bits do not hold, which some libraries count with: told once a library has refused them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from mlmagic.data._parse import numbers
from mlmagic.data._shown import shown
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from mlmagic.data import Rows

# The largest number of 32 bits.
LARGEST = float(np.finfo(np.float32).max)
WAY_OUT = "Mend the values, or scale them first: divide them, or take logarithms"
# The words of XGBoost and of scikit-learn.
_REFUSAL = "too large"


@contextmanager
def large_told(who: str, parts: Iterable[Rows | None]) -> Iterator[None]:
    """Name the columns and rows where a library refuses a number for its size; the rows are looked at only then.

    Raises
    ------
    DataLoadingError
        If that is what it refuses, and such numbers are found.
    """
    try:
        yield
    except Exception as error:
        told = large_columns(part.X for part in parts if part is not None) if _REFUSAL in str(error) else {}
        if not told:
            raise
        raise DataLoadingError(
            f"{who} takes numbers of 32 bits, but {'; '.join(told.values())}",
            stderr=f"{type(error).__name__}: {error}",
            solution=WAY_OUT,
            metadata={"columns": list(told)},
        ) from error


def large_columns(tables: Iterable[pd.DataFrame]) -> dict[str, str]:
    """What to tell of each column with such a number, in the first of the tables where it has one."""
    found: dict[str, str] = {}
    for table in tables:
        for name in table.columns:
            if name not in found and (why := large(table[name])):
                found[name] = why
    return found


def large(column: pd.Series) -> str | None:
    """What to tell of a column's finite numbers that 32 bits do not hold; None where there are none."""
    try:
        values = numbers(column)
    except (DataLoadingError, TypeError, ValueError):  # words
        return None
    mask = np.isfinite(values) & (np.abs(values) > LARGEST)
    if not mask.any():
        return None
    first = f"{values[mask][0]:g} at index {shown(column.index[mask][0])}"
    return (
        f"{column.name!r} is too large for 32 bits ({LARGEST:.2g}) in {mask.sum()} of {len(mask)} rows, first {first}"
    )
