"""Columns of dates, durations and times of day: what they are called, and how they become numbers."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_DURATIONS = (datetime.timedelta, np.timedelta64)


def name_of_dates(column: pd.Series) -> str:
    """What a column of kind "date" holds, in a word."""
    if _is(column, "m", _DURATIONS):
        return "durations"
    return "times of day" if _is(column, "", (datetime.time,)) else "dates"


def as_numbers_of_pandas(column: pd.Series) -> str:
    """The line of pandas that makes numbers of a column of kind "date": its table is called df."""
    name = f"df[{column.name!r}]"
    what = name_of_dates(column)
    known = getattr(column.dtype, "kind", "O") in "mM" or hasattr(column.dtype, "freq")
    if what == "dates":
        return f"{name} = {name if known else f'pd.to_datetime({name})'}.dt.day_of_year"
    text = name if what == "durations" else f"{name}.astype(str)"
    return f"{name} = {name if known else f'pd.to_timedelta({text})'}.dt.total_seconds()"


def _is(column: pd.Series, dtype_kind: str, types: tuple[type, ...]) -> bool:
    if getattr(column.dtype, "kind", "O") != "O":
        return column.dtype.kind == dtype_kind
    values = column.dropna()
    return bool(len(values)) and isinstance(values.iloc[0], types)
