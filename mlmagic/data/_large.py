"""Files of tables that memory has no room for: read piece by piece, twice, and kept on disk as columns.

The first reading finds what each column holds, since one piece may have numbers where the next has words; the second
writes. Dtypes and values are those of the same file read in one piece, as long as whole numbers fit 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype

from mlmagic._memory import limit
from mlmagic.data._csv import OPENERS, dialect, first_lines, require_names, restore_index
from mlmagic.data._images import BYTES
from mlmagic.data._mapped import PIECE, row_bytes, written
from mlmagic.data._tfrecord import frames_from_tfrecord
from mlmagic.data._types import Cancelled
from mlmagic.data._unloadable import Unloadable

if TYPE_CHECKING:
    from pathlib import Path

# Told what is done ("scanning", then "reading"), with how many rows of how many, about; says whether to go on.
GoingOn = Callable[[str, int, int], bool]
# No table takes more bytes than its file this many times over: a comma becomes eight bytes; packed text takes a
# twentieth at best, and what Parquet stores once for many rows less.
_GROWN, _PACKED = 8, 160
# Rows that tell how long a row is, and bytes that tell how well text is packed.
_ROWS, _UNPACKED = 50, 1 << 20
# Text that is read in place. Before pandas 3 a column of words is one of Python's objects, which cannot lie on disk.
_TEXT: Any = pd.StringDtype("pyarrow_numpy") if pd.__version__ < "3" else pd.Series([""]).dtype


@dataclass(frozen=True)
class Pieces:
    """A file in pieces.

    Attributes
    ----------
    rows, row
        How many rows it has, about, and how many bytes a row takes.
    read
        Gives the rows piece by piece, given a dtype for columns where it is known.
    header
        Of a CSV file.
    index
        Of all rows, where the file says that it is a range.
    """

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
    if size * (_PACKED if opener else _GROWN) <= limit():
        return None
    lines = first_lines(path)
    header, options = dialect(path)
    row = row_bytes(pd.read_csv(path, **options, nrows=_ROWS), objects=True)
    line = sum(len(line.encode()) for line in lines[1:]) / max(1, len(lines) - 1)
    rows = int(size * (_unpacked(path, opener) if opener else 1) / max(1.0, line)) + 1

    def read(dtypes: dict[Any, Any]) -> Iterator[pd.DataFrame]:
        start = 0
        for piece in pd.read_csv(path, **options, dtype=dtypes, chunksize=max(1, PIECE // row)):
            require_names(piece, header, start)
            start += len(piece)
            yield piece

    found = Pieces(rows, row, read, header)
    return found if found.nbytes > limit() else None


def _unpacked(path: Path, opener: Callable[..., Any]) -> float:
    """How many bytes of text a byte of a packed file is."""
    with path.open("rb") as raw, opener(raw) as file:
        return len(file.read(_UNPACKED)) / max(1, raw.tell())


def pieces_of_parquet(path: Path) -> Pieces | None:
    """The pieces of a Parquet file that memory has no room for; None for others."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        about, names = file.metadata, file.schema_arrow.pandas_metadata
        unpacked = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
        if max(_PACKED * unpacked, 8 * about.num_columns * about.num_rows) <= limit() or not about.num_rows:
            return None
        row = row_bytes(next(file.iter_batches(_ROWS)).to_pandas(), objects=True)

    def read(dtypes: dict[Any, Any]) -> Iterator[pd.DataFrame]:
        with pq.ParquetFile(path, memory_map=True) as file:  # else what was read of it stays in memory
            for batch in file.iter_batches(max(1, PIECE // row)):
                yield batch.to_pandas()
                # Arrow keeps what it has freed for later.
                pa.default_memory_pool().release_unused()

    found = Pieces(about.num_rows, row, read, index=_range(names))
    return found if found.nbytes > limit() else None


def _range(metadata: Mapping[str, Any] | None) -> pd.RangeIndex | None:
    """The index that pandas wrote of as a range."""
    told = [index for index in (metadata or {}).get("index_columns", []) if isinstance(index, dict)]
    if len(told) != 1:
        return None
    (index,) = told
    return pd.RangeIndex(index["start"], index["stop"], index["step"], name=index["name"])


def pieces_of_tfrecord(path: Path) -> Pieces | None:
    """The pieces of a TFRecord file that memory has no room for; None for others."""
    size = path.stat().st_size
    if size <= limit():
        return None
    row = row_bytes(next(frames_from_tfrecord(path)), objects=True)
    return Pieces(size // row + 1, row, lambda dtypes: frames_from_tfrecord(path))


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
    names: list[Any] = []
    seen: list[_Seen] = []
    indexes: list[pd.Index] = []
    for piece in _told(pieces.read({}), "scanning", pieces.rows, going_on):
        names = names or list(piece.columns)
        seen = seen or [_Seen() for _ in names]
        indexes.append(piece.index)
        for place, column in enumerate(seen):
            column.take(piece.iloc[:, place])
    count = sum(map(len, indexes))
    if not count:
        return pd.DataFrame(columns=names)
    dtypes = [column.dtype for column in seen]
    plain = {name: dtype for name, dtype in zip(names, dtypes, strict=True) if _is_plain(dtype)}
    again = _alike(_told(pieces.read(plain), "reading", count, going_on), names)
    index = _index(indexes, count) if pieces.index is None or len(pieces.index) != count else pieces.index
    try:
        frame = written(again, names, dtypes, count * pieces.row, index)
    except ValueError as error:  # what was read once can be read
        way = "Read it again when nobody writes to it any more"
        raise Unloadable(f"The file was changed while it was read: {error}", way) from error
    return restore_index(frame) if pieces.header[:1] == [""] else frame


def _alike(pieces: Iterable[pd.DataFrame], names: list[Any]) -> Iterator[pd.DataFrame]:
    for piece in pieces:
        if list(piece.columns) != names:
            raise ValueError("its columns are others")
        yield piece


def _told(pieces: Iterable[pd.DataFrame], doing: str, total: int, going_on: GoingOn) -> Iterator[pd.DataFrame]:
    """The pieces, as long as somebody wants them."""
    done = 0
    for piece in pieces:
        if not going_on(doing, done, max(done, total)):
            raise Cancelled
        done += len(piece)
        yield piece


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
        self._gaps = False

    def take(self, column: pd.Series) -> None:
        """Look at the next piece."""
        present = column.dropna()
        self._gaps |= len(present) < len(column)
        if not len(present) and column.dtype == np.float64:
            return  # gaps alone, of what may be numbers or words
        dtype = column.dtype
        if is_object_dtype(dtype):
            dtype = _of_objects(present)
        self._dtype = dtype if self._dtype is None else _common(self._dtype, dtype)

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
