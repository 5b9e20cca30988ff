"""Text tables: the separator found, repeated names and ragged rows refused."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_SEPARATORS = (",", ";", "\t", "|")
# Where a table keeps the name of the column that became its index.
_LEFT_OUT = "nameless index"


def frame_from_csv(path: Path) -> pd.DataFrame:
    """Read separated text with pandas' C reader; separator and decimal sign are found in the first rows.

    A nameless first column that counts the rows is what ``DataFrame.to_csv`` leaves of an index: it becomes the index
    again, since in sorted data a row's number gives its label away. :func:`with_index` gives it back.

    Raises
    ------
    ValueError
        If the file is empty, a name occurs twice, or a row has more fields than the header (with its line).
    """
    header, options = dialect(first_lines(path))
    # In one piece: read in chunks, one column may come as numbers here and as text there.
    frame = pd.read_csv(path, **options)
    require_names(frame, header)
    return restore_index(frame) if header[0] == "" else frame


def dialect(lines: list[str]) -> tuple[list[str], dict[str, Any]]:
    """The names in the header, by a file's first lines, and how ``pandas.read_csv`` is to read the rest.

    Raises
    ------
    ValueError
        If a name occurs twice.
    """
    separator = _separator(lines)
    header = next(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise ValueError(f"the header names these columns more than once: {', '.join(map(repr, twice))}")
    decimal = _decimal(lines[1:], separator)
    return header, {"sep": separator, "decimal": decimal, "low_memory": False, "skipinitialspace": True}


def require_names(frame: pd.DataFrame, header: list[str], start: int = 0) -> None:
    """Every field of the rows, whose first has the number ``start``, has a name.

    Raises
    ------
    ValueError
        If pandas made an index of what the header does not name.
    """
    if not frame.index.equals(pd.RangeIndex(start, start + len(frame))):
        raise ValueError(f"the header has {len(header)} names, but the rows have {len(header) + frame.index.nlevels}")


def first_lines(path: Path, most: int = 50) -> list[str]:
    """The first lines that are not blank.

    Raises
    ------
    ValueError
        If there are none.
    """
    with OPENERS.get(path.suffix.lower(), open)(path, "rt", encoding="utf-8-sig", newline="") as file:
        lines = [line for line in islice(file, most) if line.strip()]
    if not lines:
        raise ValueError(f"{path} is empty")
    return lines


def _separator(lines: list[str]) -> str:
    widths = {separator: [len(row) for row in csv.reader(lines, delimiter=separator)] for separator in _SEPARATORS}
    # The right one cuts every row alike; between two that do, the one that finds more columns.
    return max(_SEPARATORS, key=lambda separator: _quality(widths[separator]))


def _quality(widths: list[int]) -> tuple[float, int]:
    alike = sum(width == widths[0] for width in widths) / len(widths)
    return (alike if widths[0] > 1 else 0.0), widths[0]


def _decimal(lines: list[str], separator: str) -> str:
    """The decimal sign: a comma where something else separates, "3,14" occurs and "3.14" does not."""
    fields = [field.strip() for row in csv.reader(lines, delimiter=separator) for field in row]
    commas = separator != "," and any(re.fullmatch(r"[+-]?\d+,\d+", field) for field in fields)
    points = any(re.fullmatch(r"[+-]?\d+\.\d+", field) for field in fields)
    return "," if commas and not points else "."


def restore_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The table without its first column if that counts the rows; :func:`left_out` tells its name."""
    first = frame.iloc[:, 0]
    if first.dtype.kind == "i" and np.array_equal(first.to_numpy(), np.arange(len(frame))):
        rest = frame.iloc[:, 1:]
        rest.attrs[_LEFT_OUT] = str(first.name)
        return rest
    return frame


def left_out(frame: pd.DataFrame) -> str | None:
    """What pandas calls the nameless column that counted the rows of a table's file; None where there was none."""
    name: str | None = frame.attrs.get(_LEFT_OUT)
    return name if name not in frame.columns else None


def with_index(frame: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """The table with the column that :func:`left_out` tells, if it is one of these.

    Who reads the file with ``pandas.read_csv`` has it, and a model that was trained on that table asks for it.
    """
    name = left_out(frame)
    if name is None or name not in names:
        return frame
    whole = frame.copy(deep=False)
    whole.insert(0, name, np.arange(len(frame)))
    return whole
