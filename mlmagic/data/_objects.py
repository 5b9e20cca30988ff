"""From an object of the notebook to a DataFrame."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlmagic.data._images import frame_from_arrays
from mlmagic.data._labelled import counted, stores_index
from mlmagic.data._unloadable import Unloadable

_GIVE = (
    "Give data: a DataFrame, a 2-D array or tensor, images as an array of 3 or 4 dimensions, a dict of columns, a list "
    "of records, a polars or pyarrow table, a Bunch"
)
_STACK = "Make arrays of its rows: X, y = map(np.stack, zip(*dataset)); then data: $X and target: $y, or train((X, y))"


def frame_from_object(value: Any, name: str) -> pd.DataFrame:
    """Make a DataFrame of what ``name`` ("$df") stands for; a DataFrame is given back itself.

    Raises
    ------
    Unloadable
        If the object is of a kind that is no table, or cannot be made one.
    """
    if isinstance(value, Mapping) and not hasattr(value, "target"):
        _require_columns(value, name)
    try:
        frame = _convert(value)
    except (TypeError, ValueError, RuntimeError) as error:  # the last: a tensor that is not plain memory
        raise Unloadable(f"{type(error).__name__}: {error}", _GIVE) from error
    if frame is None:
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        raise Unloadable(f"TypeError: {name} is a {kind}, which is no table", _way_out(value))
    if not len(frame) or not len(frame.columns):
        size = f"{len(frame)} rows and {len(frame.columns)} columns"
        raise Unloadable(f"ValueError: {name} has {size}", "Give data with rows and columns; did a filter drop all?")
    return frame if _has_index(value) else counted(frame)


def is_tensor(value: Any) -> bool:
    """Whether it is a tensor of torch or TensorFlow."""
    return callable(getattr(value, "numpy", None))


def array_of(tensor: Any) -> np.ndarray:
    """A tensor's values, off the device; what NumPy has no dtype for, as float32."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        tensor = tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor
    return np.asarray(tensor.numpy())


def _has_index(value: Any) -> bool:
    """Whether an object has an index of the user's own, or a part of it has."""
    if isinstance(value, Mapping):
        parts = [value.get("data")] if hasattr(value, "target") else value.values()
        return any(isinstance(part, (pd.DataFrame, pd.Series, Mapping)) for part in parts)
    if isinstance(value, list):
        return False
    # Of the type: some tables answer for a column of this name. A pyarrow table keeps that of pandas in its schema.
    metadata = getattr(getattr(value, "schema", None), "pandas_metadata", None)
    return hasattr(type(value), "index") or stores_index(metadata)


def _way_out(value: Any) -> str:
    if isinstance(value, pd.Series):
        return "Give a table: df[['a']] of one column, df.iloc[[0]] of one row"
    if isinstance(value, list) and value and all(isinstance(row, (list, tuple)) for row in value):
        return "Name the columns: pd.DataFrame(rows, columns=[...])"
    if hasattr(value, "dataset"):  # a loader
        return f"Take dataset = loader.dataset. {_STACK}"
    if hasattr(type(value), "__len__") and not isinstance(value, (Collection, np.generic)):
        return _STACK
    return _GIVE


def _convert(value: Any) -> pd.DataFrame | None:
    if isinstance(value, pd.DataFrame):
        return value
    if isinstance(value, np.ndarray):
        return _from_array(value)
    if is_tensor(value):
        return _from_array(array_of(value))
    # A Bunch is a dict too, but its arrays are not columns.
    if isinstance(value, Mapping) and hasattr(value, "data") and hasattr(value, "target"):
        return _from_bunch(value)
    if callable(getattr(value, "to_pandas", None)):
        frame = value.to_pandas()
        return frame if isinstance(frame, pd.DataFrame) else None
    if isinstance(value, Mapping):
        return pd.DataFrame(dict(value))
    if isinstance(value, list) and value and all(isinstance(record, Mapping) for record in value):
        return pd.DataFrame(value)
    return None


def _require_columns(value: Mapping[Any, Any], name: str) -> None:
    for key, item in value.items():
        if isinstance(item, np.ndarray) and item.ndim > 1:
            cause = f"ValueError: {name}[{key!r}] has shape {item.shape}, and a column has one dimension"
            images = "Give images and their labels as two variables: data: $images, target: $labels"
            raise Unloadable(cause, images if item.ndim in (3, 4) else _GIVE)


def _from_array(array: np.ndarray) -> pd.DataFrame:
    if array.dtype.names:
        return pd.DataFrame(array)
    if array.ndim in (3, 4):
        return frame_from_arrays(array)
    if array.ndim != 2:
        raise ValueError(f"an array of data has 2 dimensions (rows, columns), but this one has shape {array.shape}")
    return pd.DataFrame(array, columns=pd.Index([f"x{number}" for number in range(array.shape[1])]), copy=False)


def _from_bunch(bunch: Any) -> pd.DataFrame:
    features = bunch.data if isinstance(bunch.data, pd.DataFrame) else _from_array(np.asarray(bunch.data))
    names = getattr(bunch, "feature_names", None)
    features = features.copy(deep=False)
    if names is not None:
        features.columns = pd.Index(names)
    features["target"] = np.asarray(bunch.target)
    return features
