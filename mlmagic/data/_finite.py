"""What is no finite number among numbers: gaps and infinite values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.data._parse import numbers
from mlmagic.data._shown import shown
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Holes:
    """Columns with gaps and with infinite values, and what to tell of each: how many rows, and the first."""

    gaps: dict[str, str]
    infinite: dict[str, str]

    def __str__(self) -> str:
        told = [*self.gaps.values(), *self.infinite.values()]
        return "; ".join([*told[:5], *(["..."] if len(told) > 5 else [])])

    @property
    def columns(self) -> list[str]:
        """Their names."""
        return list(dict.fromkeys([*self.gaps, *self.infinite]))

    @property
    def way_out(self) -> str:
        """How to be rid of them."""
        ways = ["fill them, df.fillna(...)"] if self.gaps else []
        ways += ["replace infinity, df.replace([np.inf, -np.inf], ...)"] if self.infinite else []
        text = "; ".join(ways)
        return text[:1].upper() + text[1:]


def not_finite(frame: pd.DataFrame, columns: Iterable[str]) -> Holes:
    """Look for what is no finite number in each column of numbers, one at a time.

    Parameters
    ----------
    frame
        Shape (n, columns).
    """
    found = Holes({}, {})
    for name in columns:
        values = _numbers(frame[name])
        if values is not None:
            _note(found.gaps, "gaps", frame[name], np.isnan(values))
            _note(found.infinite, "infinite values", frame[name], np.isinf(values))
    return found


def filled(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The table with 0 wherever one of these columns has no finite number."""
    return frame.assign(**{name: np.nan_to_num(numbers(frame[name]), posinf=0, neginf=0) for name in columns})


def _note(found: dict[str, str], what: str, column: pd.Series, mask: np.ndarray) -> None:
    if mask.any():
        count = f"{int(mask.sum())} of {len(mask)} rows, first at index {shown(column.index[mask][0])}"
        found[str(column.name)] = f"{str(column.name)!r} has {what} in {count}"


def _numbers(column: pd.Series) -> np.ndarray | None:
    try:
        return numbers(column)
    except (DataLoadingError, TypeError, ValueError):  # words, images
        return None
