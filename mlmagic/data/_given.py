"""Values beside the rows of a table, given as an object of the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic._suggest import closest
from mlmagic.data._csv import left_out
from mlmagic.data._labelled import is_labelled
from mlmagic.data._objects import array_of, is_tensor
from mlmagic.data._shown import listing
from mlmagic.errors import DataLoadingError, Fault

if TYPE_CHECKING:
    from mlmagic.data._config import Reference


def given(frame: pd.DataFrame, reference: Reference, key: str) -> pd.Series:
    """The values that ``key`` names, with the index of the table.

    Values with the table's index in another order are put in its order; those without an index, or beside rows that
    have none of their own, are in its order.

    Raises
    ------
    DataLoadingError
        If there is not one value for each row.
    """
    values = _as_series(reference.value, reference, key)
    if len(values) != len(frame):
        raise DataLoadingError(
            f"{key}: {reference} has {len(values)} values, but the data has {len(frame)} rows",
            solution=f"Give {key} one value for each row of the data, in the same order",
        )
    if _index(reference) is not None and in_another_order(values.index, frame):
        values = values.reindex(frame.index)
    name = values.name if isinstance(values.name, str) else str(reference).lstrip("$").split(".")[-1]
    return values.set_axis(frame.index).rename(name)


def no_column(frame: pd.DataFrame, path: str, name: str) -> Fault:
    """The fault of a key that names a column which the table does not have.

    Parameters
    ----------
    path
        Of the key, as :class:`Fault` has it: "config.groups", "featureColumns[1]".
    """
    key = path.removeprefix("config.").partition("[")[0]
    message = f"{key} names no column: {name!r}. The data has {listing(frame.columns)}."
    if name == left_out(frame):
        message += (
            " The file's first column has no name and counts the rows, so it is left out as an index. To use it, read "
            "the file with pandas (df = pd.read_csv(...)) and give data: $df."
        )
        return Fault(path, message, value=name)
    return Fault(path, message, value=name, suggestion=closest(name, frame.columns))


def _as_series(value: Any, reference: Reference, key: str) -> pd.Series:
    if isinstance(value, pd.DataFrame) and value.shape[1] == 1:
        return value.iloc[:, 0]
    if isinstance(value, pd.Series):
        return value
    if callable(getattr(value, "to_pandas", None)) and isinstance(value.to_pandas(), pd.Series):
        return pd.Series(value.to_pandas())
    if is_tensor(value):
        value = array_of(value)
    array = value if isinstance(value, np.ndarray) else np.asarray(value, dtype=object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataLoadingError(
            f"{key}: {reference} is one value a row, but it is a {type(value).__name__} of shape {array.shape}",
            solution="Give a Series, a list or an array of shape (rows,)",
        )
    return pd.Series(array).infer_objects()


def _index(reference: Reference) -> pd.Index | None:
    """The index of the user's own; a list or an array has none."""
    index = getattr(reference.value, "index", None)
    return index if isinstance(index, pd.Index) else None


def about_index(frame: pd.DataFrame, reference: Reference) -> list[str]:
    """What to say of values whose index is not the table's; a plain count of the values says nothing."""
    index = _index(reference)
    if index is None or not is_labelled(frame) or index.equals(frame.index):
        return []
    if in_another_order(index, frame):
        return [f"{reference} has the index of the data in another order; its values were put in the data's order"]
    if index.equals(pd.RangeIndex(len(index))):
        return []
    return [f"{reference} has another index than the data: its values were taken one after the other, row by row"]


def about_target(frame: pd.DataFrame, reference: Reference, name: str) -> list[str]:
    """What to say of a target that is given as values and is called ``name``."""
    same = f"Column {name!r} of the data is left out of the features: {reference} has the same name"
    return [*([same] if name in frame.columns else []), *about_index(frame, reference)]


def in_another_order(index: pd.Index, frame: pd.DataFrame) -> bool:
    """Whether an index has the labels of a table's rows, each once, in another order."""
    rows = frame.index
    if not is_labelled(frame) or index.equals(rows) or not (index.is_unique and rows.is_unique):
        return False
    return len(index.intersection(rows)) == len(rows)
