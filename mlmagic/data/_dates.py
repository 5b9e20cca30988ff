"""Columns of dates, durations and times of day: what they are called, and how they become numbers."""

from __future__ import annotations

import datetime
import warnings
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

_READINGS: dict[str, dict[str, Any]] = {
    "": {},
    ", utc=True": {"utc": True},
    ", format='ISO8601'": {"format": "ISO8601"},
    ", format='ISO8601', utc=True": {"format": "ISO8601", "utc": True},
    ", format='mixed'": {"format": "mixed"},
    ", format='mixed', utc=True": {"format": "mixed", "utc": True},
}
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
        return f"{name} = {name if known else _parsed(name, column)}.dt.day_of_year"
    # A gap stays one: pandas 2 does not read the text "None".
    text = name if what == "durations" else f"{name}.map(str, na_action='ignore')"
    return f"{name} = {name if known else f'pd.to_timedelta({text})'}.dt.total_seconds()"


def _parsed(name: str, column: pd.Series) -> str:
    """The first call of pandas that reads the dates, from the plainest on."""
    for arguments, options in _READINGS.items():
        with warnings.catch_warnings(), suppress(ValueError, TypeError):
            warnings.simplefilter("ignore")
            if hasattr(pd.to_datetime(column, **options), "dt"):
                return f"pd.to_datetime({name}{arguments})"
    return f"pd.to_datetime({name}, errors='coerce')"


def _is(column: pd.Series, dtype_kind: str, types: tuple[type, ...]) -> bool:
    if getattr(column.dtype, "kind", "O") != "O":
        return column.dtype.kind == dtype_kind
    values = column.dropna()
    return bool(len(values)) and isinstance(values.iloc[0], types)
