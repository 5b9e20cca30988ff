"""Tables that memory has no room for: columns in files, mapped into memory and read as they are looked at.

The files have no names. The disk has its space back when nobody holds the table any more, however the process ends.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from mlmagic._memory import limit
from mlmagic._units import size
from mlmagic.data._images import BYTES
from mlmagic.data._types import Cancelled, ever
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlmagic.data._types import GoingOn

# Bytes of a table that are turned at a time, at least.
PIECE = 1 << 25
# No column takes more bytes a row than this, save one of long texts.
_WIDE = 64
# What a system says of a disk that is full, of somebody's share of it, and of a file that may not be so large.
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def taken(X: pd.DataFrame, positions: np.ndarray, going_on: GoingOn = ever) -> pd.DataFrame:
    """The rows at these positions, shape (m,), in this order: on disk if memory has no room for them.

    Columns of anything but numbers, dates, text and bytes stay in memory.

    Parameters
    ----------
    going_on
        Told of the "splitting" of a table that stays on disk.

    Raises
    ------
    DataLoadingError
        If the disk has no room either.
    Cancelled
        If it was not to go on.
    """
    if len(positions) * X.shape[1] * _WIDE <= limit() or not any(map(_lies_on_disk, X.dtypes)):
        return X.iloc[positions]
    row = row_bytes(X.loc[:, list(map(_lies_on_disk, X.dtypes))])
    if row * len(positions) <= limit():
        return X.iloc[positions]
    # Each piece is read from the table's first row to its last: the larger, the less often the disk is read.
    rows = max(PIECE, limit() // 4) // row + 1
    pieces = _parts(X, positions, rows, going_on)
    return written(pieces, list(X.columns), list(X.dtypes), row * len(positions), X.index.take(positions))


def _parts(X: pd.DataFrame, positions: np.ndarray, rows: int, going_on: GoingOn) -> Iterator[pd.DataFrame]:
    for start in range(0, len(positions), rows):
        if not going_on("splitting", start, len(positions)):
            raise Cancelled
        yield _in_order(X, positions[start : start + rows])


def held_columns(frame: pd.DataFrame) -> list[Any]:
    """The columns of a table that stay in memory wherever the others lie."""
    return [name for name, dtype in zip(frame.columns, frame.dtypes, strict=True) if not _lies_on_disk(dtype)]


def room(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array to be filled: in memory, or on disk if that has no room for it.

    Raises
    ------
    DataLoadingError
        If the disk has no room either.
    """
    need = prod(shape) * np.dtype(dtype).itemsize
    if need <= limit():
        return np.empty(shape, dtype)
    found: np.ndarray = np.frombuffer(_reserved(need, _directory(need)), dtype).reshape(shape)
    return found


def is_large(frame: pd.DataFrame) -> bool:
    """Whether memory has no room for a table: read by a run, it lies on disk, each column apart from the others."""
    return row_bytes(frame) * len(frame) > limit()


def row_bytes(frame: pd.DataFrame, *, objects: bool = False) -> int:
    """How many bytes a row takes; with ``objects`` those of Python's objects too, which are looked at one by one."""
    return int(frame.memory_usage(index=False, deep=objects).sum() // max(1, len(frame))) + 1


def written(
    pieces: Iterable[pd.DataFrame],
    names: Sequence[str],
    dtypes: Sequence[Any],
    need: int,
    index: pd.Index,
) -> pd.DataFrame:
    """The table that these pieces make, its columns of numbers, dates, text and bytes on disk.

    Parameters
    ----------
    pieces
        Consecutive rows each, of these columns.
    dtypes
        What each column becomes.
    need
        Bytes of it all, about.
    index
        Of all rows.

    Raises
    ------
    DataLoadingError
        If the disk has no room for it.
    ValueError
        If there are not as many rows as the index has.
    """
    directory = _directory(need)
    fixed, arrows, held = (
        {place: dtype for place, dtype in enumerate(dtypes) if kind(dtype)}
        for kind in (_is_fixed, _is_arrows, lambda dtype: not _lies_on_disk(dtype))
    )
    parts: list[_Part] = [_Held(held)]
    with _told_if_full(directory), ExitStack() as files:
        if fixed:
            parts.append(_Fixed(fixed, len(index), directory))
        if arrows:
            parts.append(_Arrows(arrows, files.enter_context(_nameless(directory))))
        _fill(parts, pieces, len(index))
        columns = {place: column for part in parts for place, column in part.whole().items()}
    # Left apart: columns of one dtype put together would be a copy of the table in memory.
    frame = pd.DataFrame({place: columns[place] for place in range(len(dtypes))}, index=index, copy=False)
    frame.columns = pd.Index(list(names))
    return frame


def _fill(parts: Sequence[_Part], pieces: Iterable[pd.DataFrame], count: int) -> None:
    start = 0
    for piece in pieces:
        end = start + len(piece)
        if end <= count:
            for part in parts:
                part.add(start, piece)
        start = end
    if start != count:
        raise ValueError(f"a second reading of it gives {start} rows, the first gave {count}")


@contextmanager
def _told_if_full(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _no_room(directory) from error


def _in_order(X: pd.DataFrame, positions: np.ndarray) -> pd.DataFrame:
    """The rows at these positions, fetched as they lie on disk and put in order afterwards."""
    order = np.argsort(positions)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return X.iloc[positions[order]].iloc[back]


def _directory(need: int) -> Path:
    """Where files go that are gone with the process: on a disk, where ``TMPDIR`` says nothing else."""
    # What lies in /tmp lies in memory on many machines.
    places = [Path(place) for place in (os.environ.get("TMPDIR"), "/var/tmp") if place]
    directory = next((place for place in places if os.access(place, os.W_OK)), Path(tempfile.gettempdir()))
    if shutil.disk_usage(directory).free < need:
        raise _no_room(directory, need)
    return directory


def _no_room(directory: Path, need: int | None = None) -> DataLoadingError:
    about = "" if need is None else f" (about {size(need)})"
    free = size(shutil.disk_usage(directory).free)
    return DataLoadingError(
        f"The rows are too many for the memory{about}, and {directory}, where they would lie instead, has {free} left",
        solution="Make room there, or name a directory on a larger disk: set TMPDIR and restart the kernel",
    )


def _lies_on_disk(dtype: Any) -> bool:
    return _is_fixed(dtype) or _is_arrows(dtype)


def _is_fixed(dtype: Any) -> bool:
    """Whether every value takes the same number of bytes."""
    return isinstance(dtype, np.dtype) and dtype.kind in "iufbmM"


def _is_arrows(dtype: Any) -> bool:
    """Whether it is text or bytes, which are read in place where they lie in Arrow's format."""
    return isinstance(dtype, pd.StringDtype) or dtype == BYTES


class _Part(Protocol):
    """Some columns of a table, by their places."""

    def add(self, start: int, piece: pd.DataFrame) -> None:
        """Take the next rows, whose first has this place."""
        ...

    def whole(self) -> Mapping[int, Any]:
        """The columns, all their rows."""
        ...


class _Fixed:
    """Columns of values of one size each, one after the other in one file: a table may have thousands."""

    def __init__(self, dtypes: Mapping[int, np.dtype], count: int, directory: Path) -> None:
        sizes = [_aligned(dtype.itemsize * count) for dtype in dtypes.values()]
        starts = np.cumsum([0, *sizes])
        memory = _reserved(int(starts[-1]), directory)
        self._columns = {
            place: np.frombuffer(memory, dtype, count, int(start))
            for (place, dtype), start in zip(dtypes.items(), starts, strict=False)
        }

    def add(self, start: int, piece: pd.DataFrame) -> None:
        for place, (_, values) in enumerate(piece.items()):  # which fetches a column faster than iloc
            if (column := self._columns.get(place)) is not None:
                column[start : start + len(piece)] = values.to_numpy(dtype=column.dtype)

    def whole(self) -> dict[int, np.ndarray]:
        return self._columns


class _Arrows:
    """Columns of text and bytes in a file of Arrow's format, of which no value is copied to be read."""

    def __init__(self, dtypes: Mapping[int, Any], file: IO[bytes]) -> None:
        self._dtypes = dtypes
        kinds = [pa.large_binary() if dtype == BYTES else pa.large_string() for dtype in dtypes.values()]
        self._schema = pa.schema(zip(map(str, dtypes), kinds, strict=True))
        self._file = file
        self._writer = pa.ipc.new_file(file, self._schema)

    def add(self, start: int, piece: pd.DataFrame) -> None:
        columns = [
            pa.array(piece.iloc[:, place].astype(dtype).array, type=field.type)
            for (place, dtype), field in zip(self._dtypes.items(), self._schema, strict=True)
        ]
        self._writer.write_table(pa.table(columns, schema=self._schema))

    def whole(self) -> dict[int, Any]:
        self._writer.close()
        self._file.flush()
        memory = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        read = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(memory))).read_all()
        return {place: dtype.__from_arrow__(read[str(place)]) for place, dtype in self._dtypes.items()}


class _Held:
    """Columns of anything else, which stay in memory."""

    def __init__(self, dtypes: Mapping[int, Any]) -> None:
        self._dtypes = dtypes
        self._pieces: dict[int, list[pd.Series]] = {place: [] for place in dtypes}

    def add(self, start: int, piece: pd.DataFrame) -> None:
        for place, pieces in self._pieces.items():
            pieces.append(piece.iloc[:, place])

    def whole(self) -> dict[int, Any]:
        return {place: self._put_together(place, dtype) for place, dtype in self._dtypes.items()}

    def _put_together(self, place: int, dtype: Any) -> Any:
        pieces = self._pieces[place]
        if isinstance(dtype, pd.CategoricalDtype) and any(piece.dtype != dtype for piece in pieces):
            return pd.api.types.union_categoricals([piece.array for piece in pieces], ignore_order=True)
        return pd.concat(pieces, ignore_index=True).astype(dtype).array


def _nameless(directory: Path) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=directory)


def _aligned(count: int) -> int:
    return -(-count // 64) * 64


def _reserved(need: int, directory: Path) -> mmap.mmap:
    """A file of so many bytes, mapped: they are the disk's already, since a full one would end the process later."""
    with _nameless(directory) as file:
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, need)
            else:
                for start in range(0, need, PIECE):
                    file.write(bytes(min(PIECE, need - start)))
                file.flush()
        except OSError as error:
            raise _no_room(directory, need) from error
        return mmap.mmap(file.fileno(), need)
