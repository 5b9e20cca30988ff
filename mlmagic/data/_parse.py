"""The readings of a raw column: as numbers, as labels, as codes of labels.

All are plain functions without state, called inside the fitted preparation, so that a table read back from a file,
from Arrow or from a nullable dtype gives what the training rows gave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.data._shown import shown
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING = "missing"
BOOLEANS = {"true": True, "false": False}

TRUSTED_FUNCTIONS = (
    "mlmagic.data._parse.as_codes",
    "mlmagic.data._parse.as_labels",
    "mlmagic.data._parse.as_numbers",
    # Types without behaviour that scikit-learn's own parts hold, the second before 1.7.
    "numpy.dtype",
    "sklearn.compose._column_transformer._RemainderColsList",
)
"""What ``skops.io.load(trusted=...)`` must be told to load a preparation."""


def as_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Numbers, booleans and text that reads as numbers, as float64 of the frame's shape; a gap is NaN.

    Raises
    ------
    DataLoadingError
        If a value is a word; names the column and the value.
    """
    if all(isinstance(dtype, np.dtype) and dtype.kind in "iufb" for dtype in frame.dtypes):
        return frame.to_numpy(dtype=np.float64)
    return np.column_stack([numbers(frame.iloc[:, position]) for position in range(frame.shape[1])])


def numbers(column: pd.Series) -> np.ndarray:
    """One column as float64, shape (n,); blank text counts as a gap.

    Raises
    ------
    DataLoadingError
        If a value is a word.
    """
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
        return column.to_numpy(dtype=np.float64)
    if pd.api.types.is_numeric_dtype(column.dtype):  # nullable and Arrow
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    # As objects pandas reads text among numbers, and booleans too.
    values = column.astype(object).where(column.notna(), np.nan)
    parsed = pd.to_numeric(values, errors="coerce").astype(np.float64)
    unread = values[parsed.isna() & values.notna()]
    words = unread[unread.map(_strip) != ""]
    if len(words):
        raise _no_number(column, words)
    return parsed.to_numpy()


def _no_number(column: pd.Series, words: pd.Series) -> DataLoadingError:
    first = f"{shown(words.iloc[0])} at index {shown(words.index[0])}"
    return DataLoadingError(
        f"Column {column.name!r} holds numbers, but {first} is none",
        solution=f"Mend the values of {column.name!r}; the column was all numbers when the model was trained",
        metadata={"column": str(column.name)},
    )


def booleans(column: pd.Series) -> pd.Series:
    """One column with the texts "True" and "False", of any case, as booleans; other values as they are."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    return column.astype(object).map(_boolean)


def _boolean(value: object) -> object:
    return BOOLEANS.get(value.strip().casefold(), value) if isinstance(value, str) else value


def as_labels(frame: pd.DataFrame) -> pd.DataFrame:
    """Every value as text, shape and names kept; a gap becomes the label "missing"."""
    return pd.DataFrame({name: labels(frame[name]) for name in frame.columns}, index=frame.index, dtype=object)


def labels(column: pd.Series) -> pd.Series:
    """One column as text, dtype object."""
    if pd.api.types.is_float_dtype(column.dtype):
        # A gap turns integers into floats: 1 and 1.0 are the same label.
        column = column.convert_dtypes()
    if column.dtype == object:  # where 1, 1.0 and True are equal, but not their texts
        return column.map(str).where(column.notna(), MISSING).astype(object)
    # Only what differs is made a text: a column has few labels and many rows. Gaps are at -1, the last place.
    rows, values = pd.factorize(column)
    texts = np.array([*map(str, pd.Index(values).astype(object)), MISSING], dtype=object)
    return pd.Series(texts[rows], index=column.index, name=column.name, dtype=object)


def known_labels(column: pd.Series) -> list[str]:
    """The labels of a column, as :func:`labels` reads them, sorted; a gap is none."""
    return sorted(set(labels(pd.Series(pd.factorize(column)[1]))))


def as_codes(frame: pd.DataFrame, known: Sequence[Sequence[str]]) -> np.ndarray:
    """Every value as the place of its label among those known of its column, as float64 of the frame's shape.

    A gap, or a label that is not known, is NaN.
    """
    return np.column_stack([_codes(frame.iloc[:, place], texts) for place, texts in enumerate(known)])


def _codes(column: pd.Series, known: Sequence[str]) -> np.ndarray:
    # Only what differs is read: a column has few labels and many rows. Gaps are at -1, the last place.
    rows, values = pd.factorize(column)
    place = {label: number for number, label in enumerate(known)}
    return np.array([*(place.get(label, np.nan) for label in labels(pd.Series(values))), np.nan])[rows]


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value
