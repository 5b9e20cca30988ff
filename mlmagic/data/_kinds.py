"""What a column holds, judged by its dtype and, where that says nothing, by its values."""

from __future__ import annotations

import datetime
import numbers
import re
from decimal import Decimal
from typing import Literal, cast

import numpy as np
import pandas as pd

from mlmagic.data._images import is_image

Kind = Literal["number", "boolean", "category", "text", "mixed", "date", "image", "object"]

FEW_LABELS = 20
MOST_LABELS = 256
# Texts that are looked at together.
LOOK = 1 << 20

_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[T ].*)?")
_DATES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64, pd.Period)
_NUMBERS = (numbers.Real, Decimal)


def kind(column: pd.Series) -> Kind:
    """Say what the column holds.

    "number" and "boolean" train as they are, "category" is encoded. "text" is free text or an identifier: most of its
    values differ, or there are more than 256 of them. "mixed" has numbers and words. "image" has a path,
    encoded bytes or an array a row. "object" holds lists, dicts or
    anything else that is no scalar. Gaps do not count; a column of gaps alone is a "number".
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "category" if len(dtype.categories) <= MOST_LABELS else "text"
    by_dtype = _by_dtype(dtype)
    if by_dtype is not None:
        return by_dtype
    if isinstance(dtype, pd.StringDtype):
        return words_kind(column)
    if is_image(column):
        return "image"
    return _by_values(column.dropna().astype(object))


def is_text(column: pd.Series) -> bool:
    """Whether a column is free text, some of which may be or read as numbers: a review that says "10"."""
    known = kind(column)
    if known != "mixed":
        return known == "text"
    values = column.dropna().astype(object).map(str).str.strip()
    values = values[values != ""]
    words = values[~is_numeric_text(pd.Index(values, dtype=object))]
    return len(words) >= len(values) / 2 and words_kind(words) == "text"


def words_kind(values: pd.Series) -> Kind:
    """Say what text holds, gaps aside: numbers and dates may be written as text."""
    labels: set[str] = set()
    known, number, word, date = 0, False, False, True
    for start in range(0, len(values), LOOK):  # a column of texts may lie on disk, and they may all differ
        counts = values.iloc[start : start + LOOK].value_counts()
        counts.index = pd.Index([str(value).strip() for value in counts.index], dtype=object)
        counts = counts[counts.index != ""]
        numeric = is_numeric_text(counts.index)
        number, word = number or bool(numeric.any()), word or not numeric.all()
        date = date and all(_DATE.fullmatch(value) for value in counts.index)
        known += int(counts.sum())
        if len(labels) <= MOST_LABELS:
            labels |= set(counts.index)
    if number or not known:
        return "mixed" if word else "number"
    free = len(labels) > FEW_LABELS and len(labels) > known / 2
    return "date" if date else "text" if free or len(labels) > MOST_LABELS else "category"


def wordless(column: pd.Series, which: str = "texts") -> str | None:
    """What to say of texts that are gaps or blank; None where each has a word."""
    parts = (column.iloc[start : start + LOOK] for start in range(0, len(column), LOOK))
    empty = sum(int((part.isna() | (part.astype(str).str.strip() == "")).sum()) for part in parts)
    if not empty:
        return None
    verb, them = ("is", "it") if empty == 1 else ("are", "them")
    return f"{empty} of {len(column)} {which} {verb} empty: the network is given no word of {them}"


def is_numeric_text(values: pd.Index) -> np.ndarray:
    """Which texts read as numbers, shape (n,)."""
    return cast("np.ndarray", pd.notna(np.asarray(pd.to_numeric(pd.Series(values, dtype=object), errors="coerce"))))


def _by_dtype(dtype: object) -> Kind | None:
    if pd.api.types.is_bool_dtype(dtype):  # type: ignore[arg-type]
        return "boolean"
    if pd.api.types.is_complex_dtype(dtype):  # type: ignore[arg-type]
        return "object"
    if pd.api.types.is_numeric_dtype(dtype):  # type: ignore[arg-type]
        return "number"
    if getattr(dtype, "kind", "O") in "mM" or isinstance(dtype, pd.PeriodDtype):
        return "date"
    return None


def _by_values(values: pd.Series) -> Kind:
    types = set(values.map(type))
    if not types:
        return "number"
    if all(issubclass(known, (bool, np.bool_)) for known in types):
        return "boolean"
    if any(issubclass(known, _DATES) for known in types):
        return "date"
    if all(issubclass(known, _NUMBERS) for known in types):
        return "number"
    if all(issubclass(known, (str, pd.Interval, np.bool_, *_NUMBERS)) for known in types):
        return words_kind(values)
    return "object"
