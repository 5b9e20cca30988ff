"""Files of tables that memory has no room for: read piece by piece, twice, and kept on disk as columns.

The first reading finds what each column holds, since one piece may have numbers where the next has words; the second
writes. Dtypes and values are those of the same file read in one piece, but for whole numbers of more than 63 bits in
columns that have gaps or negative numbers too.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype

from mlmagic._memory import limit
from mlmagic.data._csv import OPENERS, dialect, first_lines, require_names, restore_index
from mlmagic.data._images import BYTES
from mlmagic.data._mapped import PIECE, row_bytes, written
from mlmagic.data._tfrecord import frames_from_tfrecord, is_packed, length_of_first
from mlmagic.data._types import Cancelled
from mlmagic.data._unloadable import Unloadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from mlmagic.data._types import GoingOn

# No table takes more bytes than its file, unpacked, this many times over: a comma or a digit becomes eight bytes, and
# before pandas 3 a letter one of Python's objects.
_GROWN = 8 if pd.__version__ >= "3" else 32
# Rows that tell how long a row is, and bytes that tell how well a file is packed.
_ROWS, _UNPACKED = 50, 1 << 20
# Text that is read in place. Before pandas 3 a column of words is one of Python's objects, which cannot lie on disk.
_TEXT: Any = pd.StringDtype("pyarrow_numpy") if pd.__version__ < "3" else pd.Series([""]).dtype


@dataclass(frozen=True)
class Pieces:
    """A file in pieces.

    Attributes
    ----------
    path
        The file's.
    rows, row
        How many rows it has, about, and how many bytes a row takes.
    read
        Gives the rows piece by piece, given a dtype for columns where it is known.
    header
        Of a CSV file.
    index
        Of all rows, where the file says that it is a range.
    """

    path: Path
    rows: int
    row: int
    read: Callable[[dict[Any, Any]], Iterable[pd.DataFrame]]
    header: list[str] = field(default_factory=list)
    index: pd.RangeIndex | None = None

    @property
    def nbytes(self) -> int:
        """Of the table, about."""
        return self.rows * self.row


def pieces_of_csv(path: Path) -> Pieces | None:
    """The pieces of a file of separated text that memory has no room for; None for others."""
    opener = OPENERS.get(path.suffix.lower())
    size = path.stat().st_size
    if opener is None and size * _GROWN <= limit():  # how well it is packed is not known yet
        return None
    lines = first_lines(path)
    header, options = dialect(lines)
    row = row_bytes(pd.read_csv(path, **options, nrows=_ROWS), objects=True)
    line = sum(len(line.encode()) for line in lines[1:]) / max(1, len(lines) - 1)
    rows = int(size * (_unpacked(path, opener) if opener else 1) / max(1.0, line)) + 1

    def read(dtypes: dict[Any, Any]) -> Iterator[pd.DataFrame]:
        start, many = 0, max(1, min(_ROWS, PIECE // row))
        with pd.read_csv(path, **options, dtype=dtypes, iterator=True) as reader, suppress(StopIteration):
            while True:
                piece = reader.get_chunk(many)
                require_names(piece, header, start)
                start += len(piece)
                many = max(1, min(2 * many, PIECE // row_bytes(piece, objects=True)))  # rows may grow down the file
                yield piece

    found = Pieces(path, rows, row, read, header)
    return found if found.nbytes > limit() else None


def _unpacked(path: Path, opener: Callable[..., Any]) -> float:
    """How many bytes of text a byte of a packed file is."""
    with path.open("rb") as raw, opener(raw) as file:
        return len(file.read(_UNPACKED)) / max(1, raw.tell())


def pieces_of_parquet(path: Path) -> Pieces | None:
    """The pieces of a Parquet file that memory has no room for; None for others."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Not mapped: who maps a file that somebody cuts off is ended by the system. Without a buffer of its own, and with
    # one that reads ahead, a whole row group would be in memory.
    options: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 20}
    with pq.ParquetFile(path, **options) as file:
        about, names = file.metadata, file.schema_arrow.pandas_metadata
        if not about.num_rows or _at_most(about) <= limit():
            return None
        row = row_bytes(next(file.iter_batches(_ROWS)).to_pandas(), objects=True)

    def read(dtypes: dict[Any, Any]) -> Iterator[pd.DataFrame]:
        with pq.ParquetFile(path, **options) as file:
            for batch in file.iter_batches(max(1, PIECE // row)):
                yield batch.to_pandas()
                # Arrow keeps what it has freed for later.
                pa.default_memory_pool().release_unused()

    found = Pieces(path, about.num_rows, row, read, index=_range(names))
    return found if found.nbytes > limit() else None


def _at_most(about: Any) -> int:
    """Bytes that a Parquet file's table takes at most, by its metadata; words may be stored once for many rows."""
    chunks = [
        about.row_group(group).column(number)
        for group in range(about.num_row_groups)
        for number in range(about.num_columns)
    ]
    words = {"BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}
    return sum(
        chunk.num_values * (8 + (chunk.total_uncompressed_size if chunk.physical_type in words else 0))
        for chunk in chunks
    )


def _range(metadata: Mapping[str, Any] | None) -> pd.RangeIndex | None:
    """The index that pandas wrote of as a range."""
    told = [index for index in (metadata or {}).get("index_columns", []) if isinstance(index, dict)]
    if len(told) != 1:
        return None
    (index,) = told
    return pd.RangeIndex(index["start"], index["stop"], index["step"], name=index["name"])


def pieces_of_tfrecord(path: Path) -> Pieces | None:
    """The pieces of a TFRecord file that memory has no room for; None for others."""
    size, opener = path.stat().st_size, OPENERS[".gz"] if is_packed(path) else None
    if opener is None and size * _GROWN <= limit():
        return None
    row = row_bytes(next(frames_from_tfrecord(path)), objects=True)
    rows = int(size * (_unpacked(path, opener) if opener else 1) / length_of_first(path)) + 1
    found = Pieces(path, rows, row, lambda dtypes: frames_from_tfrecord(path))
    return found if found.nbytes > limit() else None


def frame_from_pieces(pieces: Pieces, going_on: GoingOn) -> pd.DataFrame:
    """The table, its columns on disk.

    Raises
    ------
    Cancelled
        If it was not to go on.
    Unloadable
        If somebody changed the file meanwhile.
    DataLoadingError
        If the disk has no room for it.
    """
    with _unchanged(pieces.path):
        return _frame(pieces, going_on)


def _frame(pieces: Pieces, going_on: GoingOn) -> pd.DataFrame:
    names: list[Any] = []
    seen: list[_Seen] = []
    indexes: list[pd.Index] = []
    for piece in _told(pieces.read({}), "scanning", pieces.rows, going_on):
        names = names or list(piece.columns)
        seen = seen or [_Seen() for _ in names]
        indexes.append(piece.index)
        for column, (_, values) in zip(seen, piece.items(), strict=True):
            column.take(values)
    count = sum(map(len, indexes))
    if not count:
        return pd.DataFrame(columns=names)
    dtypes = [column.dtype for column in seen]
    plain = {name: dtype for name, dtype in zip(names, dtypes, strict=True) if _is_plain(dtype)}
    again = _alike(_told(pieces.read(plain), "reading", count, going_on), names)
    index = _index(indexes, count) if pieces.index is None or len(pieces.index) != count else pieces.index
    frame = written(again, names, dtypes, count * pieces.row, index)
    return restore_index(frame) if pieces.header[:1] == [""] else frame


@contextmanager
def _unchanged(path: Path) -> Iterator[None]:
    """Whatever comes of reading a file that was changed meanwhile, it is an Unloadable that says so."""
    before = _state(path)
    cause: Exception | None = None
    try:
        yield
    except Cancelled:
        raise
    except Exception as error:
        if _state(path) == before:
            raise
        cause = error
    if cause is not None or _state(path) != before:
        way = "Read it again when nobody writes to it any more"
        raise Unloadable("The file was changed while it was read", way) from cause


def _state(path: Path) -> tuple[int, ...] | None:
    """What tells a file from one that took its place; None where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _alike(pieces: Iterable[pd.DataFrame], names: list[Any]) -> Iterator[pd.DataFrame]:
    for piece in pieces:
        if list(piece.columns) != names:
            raise ValueError("a second reading of it gives other columns")
        yield piece


def _told(pieces: Iterable[pd.DataFrame], doing: str, total: int, going_on: GoingOn) -> Iterator[pd.DataFrame]:
    """The pieces, as long as somebody wants them; how many rows there are may be a guess."""
    done = 0
    for piece in pieces:
        if not going_on(doing, done, total if done <= total else None):
            raise Cancelled
        done += len(piece)
        yield piece
    going_on(doing, done, done)


def _is_plain(dtype: Any) -> bool:
    """Whether a reader of text can be told to give it."""
    return isinstance(dtype, (np.dtype, pd.StringDtype)) and not is_object_dtype(dtype)


def _index(indexes: list[pd.Index], count: int) -> pd.Index:
    """Of all rows: their numbers, unless the file has another."""
    if all(isinstance(index, pd.RangeIndex) for index in indexes):
        return pd.RangeIndex(count)
    return indexes[0].append(indexes[1:])


class _Seen:
    """What the pieces of a column hold, taken together as in one piece."""

    def __init__(self) -> None:
        self._dtype: Any = None
        self._gaps = self._negative = False

    def take(self, column: pd.Series) -> None:
        """Look at the next piece."""
        gaps, dtype = column.isna().to_numpy(), column.dtype
        self._gaps |= bool(gaps.any())
        if dtype == np.float64 and gaps.all():
            return  # of what may be numbers or words
        if is_object_dtype(dtype):
            dtype = _of_objects(column[~gaps])
        elif dtype == np.int64:
            self._negative |= bool(column.min() < 0)
        both = (self._dtype, dtype)
        if np.int64 in both and np.uint64 in both and not self._negative:
            self._dtype = np.dtype(np.uint64)
        else:
            self._dtype = dtype if self._dtype is None else _common(*both)

    @property
    def dtype(self) -> Any:
        """What it holds."""
        kind = getattr(self._dtype, "kind", "")
        plain = isinstance(self._dtype, np.dtype)
        if self._dtype is None or (self._gaps and kind in "iu" and plain):
            return np.dtype(np.float64)
        return np.dtype(object) if self._gaps and kind == "b" and plain else self._dtype


def _of_objects(values: pd.Series) -> Any:
    if all(isinstance(value, bool) for value in values):
        return np.dtype(bool)
    if all(isinstance(value, bytes) for value in values):
        return BYTES
    return _TEXT if all(isinstance(value, str) for value in values) else values.dtype


def _common(one: Any, two: Any) -> Any:
    """What pandas takes values of these two dtypes for when it meets them in one column."""
    if one == two or (isinstance(one, pd.CategoricalDtype) and isinstance(two, pd.CategoricalDtype)):
        return one
    plain = [dtype for dtype in (one, two) if isinstance(dtype, np.dtype)]
    if len(plain) == 2 and all(dtype.kind in "iuf" for dtype in plain):
        return np.result_type(one, two)
    if BYTES in (one, two):
        return BYTES
    if is_object_dtype(one) or is_object_dtype(two):
        return np.dtype(object)
    return _TEXT
