"""From a file to a DataFrame, and what to say when there is no file or no table in it."""

from __future__ import annotations

import csv
import json
import lzma
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlmagic._suggest import closest
from mlmagic.data._csv import OPENERS, frame_from_csv, left_out
from mlmagic.data._images import SUFFIXES, frame_from_folder, frame_from_image, holds_images
from mlmagic.data._labelled import counted, stores_index
from mlmagic.data._large import Pieces, frame_from_pieces, pieces_of_csv, pieces_of_parquet, pieces_of_tfrecord
from mlmagic.data._shown import listing
from mlmagic.data._tfrecord import frame_from_tfrecord
from mlmagic.data._unloadable import Unloadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.data._types import GoingOn

_UNREADABLE = (OSError, ValueError, EOFError, csv.Error, lzma.LZMAError, zlib.error)


def frame_from_file(text: str, going_on: GoingOn) -> pd.DataFrame:
    """Read a file by its suffix, or a folder of images; a table that memory has no room for stays on disk.

    Parameters
    ----------
    going_on
        Told how far the reading of such a table is; says whether to go on.

    Raises
    ------
    Unloadable
        If the file is missing, of an unknown kind, empty or not what its suffix says.
    Cancelled
        If reading was not to go on.
    """
    path = Path(text).expanduser()
    reader = _reader(path, text)
    try:
        pieces = _IN_PIECES[reader](path) if reader in _IN_PIECES else None
        frame = reader(path) if pieces is None else frame_from_pieces(pieces, going_on)
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from error
    except _UNREADABLE as error:
        cause = f"{type(error).__name__}: {error}"
        raise Unloadable(cause, "Open the file and mend the place named above") from error
    if not len(frame):
        raise Unloadable(f"ValueError: {text} has a header but no rows", "Give a file with rows")
    return frame if _has_index(frame, path, reader) else counted(frame)


def _has_index(frame: pd.DataFrame, path: Path, reader: Callable[[Path], pd.DataFrame]) -> bool:
    """Whether a file keeps an index: as its nameless first column, or as pandas writes it."""
    if reader is pd.read_parquet:
        from pyarrow.parquet import read_schema

        return stores_index(read_schema(path).pandas_metadata)
    # Of a Feather file pandas writes that the rows are counted, and no other index.
    return left_out(frame) is not None or reader is pd.read_feather


def _reader(path: Path, text: str) -> Callable[[Path], pd.DataFrame]:
    if path.is_dir() and holds_images(path):
        return frame_from_folder
    if path.is_dir():
        inside = _tables(path)
        solution = f"Name one of its files: {listing(inside)}" if inside else "Name a file, or a folder of images"
        raise Unloadable(f"IsADirectoryError: {text} is a directory", solution)
    if not path.exists():
        raise Unloadable(f"FileNotFoundError: {text} not found", _way_out(path))
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes[-1:] and suffixes[-1] in SUFFIXES:
        return frame_from_image
    suffix = suffixes[0] if len(suffixes) == 2 and suffixes[1] in OPENERS else "".join(suffixes[-1:])
    if suffix not in _READERS or (suffixes[-1] in OPENERS and _READERS[suffix] is not frame_from_csv):
        cause = f"ValueError: {path.name} ends in {''.join(suffixes[-1:]) or 'no suffix'}, not in one of {_known()}"
        raise Unloadable(cause, "Convert it, or read it in a cell and give the table itself: data: $df")
    return _READERS[suffix]


def _from_json(path: Path) -> pd.DataFrame:
    # Not pandas' reader: that one turns text which looks like numbers or dates into them.
    with path.open(encoding="utf-8-sig") as file:
        records = json.load(file)
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ValueError('a .json file of data holds a list of records: [{"a": 1, "b": 2}, ...]')
    return pd.DataFrame(records)


def _from_jsonl(path: Path) -> pd.DataFrame:
    records: list[dict[str, Any]] = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                records.append(_record(line, number))
    return pd.DataFrame(records)


def _record(line: str, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number} is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"line {number} holds a {type(record).__name__}, not a record")
    return record


def _way_out(path: Path) -> str:
    if not path.parent.is_dir():
        return f"Verify data path exists and is accessible; there is no folder {str(path.parent)!r}"
    names = _tables(path.parent)
    guess = closest(path.name, names)
    beside = f"; the folder has {listing(names)}" if names else ""
    hint = f". Did you mean {str(path.parent / guess)!r}?" if guess else ""
    return f"Verify data path exists and is accessible{beside}{hint}"


def _tables(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir() if set(item.suffixes) & set(_READERS))


def _known() -> str:
    return " ".join(_READERS)


def _not_utf8(error: UnicodeDecodeError) -> Unloadable:
    cause = f"UnicodeDecodeError: byte {error.object[error.start]:#04x} at position {error.start} is not UTF-8"
    return Unloadable(cause, "Save the file as UTF-8, or pass pd.read_csv(..., encoding='latin-1') as data: $df")


_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": frame_from_csv,
    ".tsv": frame_from_csv,
    ".txt": frame_from_csv,
    ".parquet": pd.read_parquet,
    ".feather": pd.read_feather,
    ".json": _from_json,
    ".jsonl": _from_jsonl,
    ".tfrecord": frame_from_tfrecord,
    ".tfrecords": frame_from_tfrecord,
}
_IN_PIECES: dict[Callable[[Path], pd.DataFrame], Callable[[Path], Pieces | None]] = {
    frame_from_csv: pieces_of_csv,
    pd.read_parquet: pieces_of_parquet,
    frame_from_tfrecord: pieces_of_tfrecord,
}
