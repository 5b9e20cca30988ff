"""What the data is, in a few bytes: hashes and a schema for the run's record."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlmagic.data._images import BYTES, contents, is_image

_SIZE = 16
# Rows that are hashed at a time.
ROWS = 1 << 22


def data_hash(frame: pd.DataFrame) -> str:
    """Hash values, dtypes, column names and their order; the index does not count.

    Equal frames give equal hashes in every process under one version of pandas. Numbers are hashed as they lie in
    memory (BLAKE2b, RFC 7693), everything else value by value, an image by its contents wherever
    they are.
    """
    digest = hashlib.blake2b(digest_size=_SIZE)
    digest.update(repr(frame.shape).encode())
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        digest.update(f"{name!r}:{_dtype(column)}:".encode())
        for start in range(0, len(column), ROWS):  # a column on disk, of which memory holds a part
            digest.update(_buffer(column.iloc[start : start + ROWS]))
    return digest.hexdigest()


def file_hash(path: str | Path) -> str:
    """Hash a file's bytes (BLAKE2b).

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_SIZE)).hexdigest()


def schema(frame: pd.DataFrame) -> dict[str, Any]:
    """Rows and the dtype of each column, as text: ``{"rows": 344, "columns": {"species": "str", ...}}``.

    A column of images is an "image", of words "str", of bytes "bytes".
    """
    dtypes = {str(name): "image" if is_image(frame[name]) else _dtype(frame[name]) for name in frame.columns}
    return {"rows": len(frame), "columns": dtypes}


def _dtype(column: pd.Series) -> str:
    """What a column holds, wherever it lies: in memory words and bytes may be Python's objects."""
    if is_image(column):
        return "object"
    if isinstance(column.dtype, pd.StringDtype):
        return "str"
    if column.dtype == BYTES:
        return "bytes"
    if column.dtype == object:
        return {"string": "str", "bytes": "bytes"}.get(pd.api.types.infer_dtype(column, skipna=True), "object")
    return str(column.dtype)


def _buffer(column: pd.Series) -> memoryview | bytes:
    if is_image(column):
        return contents(column)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufbcmM":
        return np.ascontiguousarray(column.to_numpy()).view(np.uint8).data
    try:
        return pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes()
    except TypeError:  # lists and dicts have no hash of their own
        return pd.util.hash_pandas_object(column.map(repr), index=False).to_numpy().tobytes()
