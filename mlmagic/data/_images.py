"""Images as a table: a column of files, encoded bytes or arrays, one a row, and the label beside it."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from mlmagic.data._shown import listing
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IMAGE, LABEL, FILE = "image", "label", "file"
_EMPTY = "folders without images"
SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tga", ".tif", ".tiff", ".webp"}
)
# How encoded images begin.
_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")
# An image is worth so many numbers, whatever its size: 32 make a batch, as networks take them.
IMAGE_CELLS = 31_250
# The most channels that an image has: a last axis no longer than that is no width.
DEEPEST = 4
# What encoded images are that lie on disk.
BYTES = pd.ArrowDtype(pa.large_binary())
# Values that are looked at to tell what a column of objects holds.
_LOOK = 32
_TRAINS, _OTHERS = {"train", "training"}, {"dev", "test", "testing", "val", "valid", "validation"}


def is_image(column: pd.Series) -> bool:
    """Whether a column holds images: paths, encoded bytes, or an array of 2 or 3 dimensions in each row."""
    if column.dtype not in (object, BYTES):
        return False
    values = list(islice((value for value in column.array if not _is_gap(value)), _LOOK))
    return bool(values) and (
        all(isinstance(value, Path) for value in values)
        or all(isinstance(value, np.ndarray) and value.ndim in (2, 3) for value in values)
        or (all(isinstance(value, bytes) for value in values) and any(map(_is_encoded, values)))
    )


def paths_as_text(frame: pd.DataFrame) -> str:
    """What to do with a column of text that names image files; empty where there is none."""
    for name in frame.columns:
        values = [value for value in frame[name].array[:_LOOK] if not _is_gap(value)]
        if values and all(isinstance(value, str) and value.lower().endswith(tuple(SUFFIXES)) for value in values):
            return f"{name!r} names image files as text: make them paths, df[{name!r}] = df[{name!r}].map(pathlib.Path)"
    return ""


def image_columns(frame: pd.DataFrame) -> list[str]:
    """The columns that hold images."""
    return [name for name in frame.columns if is_image(frame[name])]


def row_cells(frame: pd.DataFrame, columns: list[str]) -> int:
    """How much a row is, in numbers of a table: what it is cut into blocks by."""
    return max([len(columns), *(IMAGE_CELLS for name in columns if is_image(frame[name]))])


def holds_images(folder: Path) -> bool:
    """Whether an image lies in a folder or below it."""
    return next(_files(folder), None) is not None


def frame_from_folder(folder: Path) -> pd.DataFrame:
    """Make a table of a folder of images, or of folders of images, each called as its images' label.

    Hidden files and files that are no images by their suffix are passed over. A folder's own folders belong to it.
    ``test`` (or ``val`` and the like) beside the classes is no class where its own folders are called as they are:
    those images are kept for later.

    Returns
    -------
    DataFrame
        Column ``image`` has the paths, ``label`` the name of the first folder below ``folder`` (there is none where
        all images lie in ``folder`` itself); the index, ``file``, has the path below ``folder``.

    Raises
    ------
    DataLoadingError
        If the folders are those of a split, ``train`` and ``val``.
    """
    _refuse_split(folder)
    kept = _kept_for_later(folder)
    files = sorted(file for file in _files(folder) if file.relative_to(folder).parts[0] not in kept)
    places = [file.relative_to(folder) for file in files]
    frame = pd.DataFrame(
        {IMAGE: _column(files)}, index=pd.Index([place.as_posix() for place in places], dtype=object, name=FILE)
    )
    labels = [place.parts[0] if len(place.parts) > 1 else None for place in places]
    if any(label is not None for label in labels):
        frame[LABEL] = labels
        frame.attrs[_EMPTY] = sorted({item.name for item in _folders(folder)} - kept - set(labels))
    return frame


def empty_folders(frame: pd.DataFrame) -> list[str]:
    """The folders that would be a class each, were there an image in them."""
    names: list[str] = frame.attrs.get(_EMPTY, [])
    return names


def frame_from_image(path: Path) -> pd.DataFrame:
    """Make a table of one file."""
    return pd.DataFrame({IMAGE: _column([path])}, index=pd.Index([path.name], dtype=object, name=FILE))


def frame_from_arrays(array: np.ndarray) -> pd.DataFrame:
    """Make a table of images in one array, whose rows stay views of it.

    Parameters
    ----------
    array
        Shape (n, h, w), (n, h, w, c) or (n, c, h, w): the shorter of the second and the last axis is the channels.

    Raises
    ------
    ValueError
        If it has another number of dimensions, is one image with its channels, or holds no numbers.
    """
    if array.ndim not in (3, 4):
        raise ValueError(f"an array of images has shape (n, h, w), (n, h, w, c) or (n, c, h, w), not {array.shape}")
    if array.ndim == 3 and array.shape[2] <= DEEPEST:
        raise ValueError(f"an array of shape {array.shape} is one image, not a stack of them: write array[None]")
    if array.dtype.kind not in "buif":
        raise ValueError(f"an array of images holds numbers, not {array.dtype}")
    if array.ndim == 4 and array.shape[1] < array.shape[3]:
        array = array.transpose(0, 2, 3, 1)
    return pd.DataFrame({IMAGE: _column(list(array))})


def contents(column: pd.Series) -> bytes:
    """Hash each image's contents (BLAKE2b), in threads: files are read whole, their names and dates do not count."""
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return b"".join(pool.map(_digest, column.array, chunksize=64))


def _column(values: list[Path] | list[np.ndarray]) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    for number, value in enumerate(values):  # at once, numpy would make one array of arrays
        column[number] = value
    return column


def _files(folder: Path) -> Iterator[Path]:
    """Images in a folder and below; links to folders are followed from the first level only, where none is a loop."""
    for item in folder.iterdir():
        if item.name.startswith("."):
            continue
        if item.is_dir():
            yield from _below(item)
        elif item.suffix.lower() in SUFFIXES:
            yield item


def _below(folder: Path) -> Iterator[Path]:
    for home, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES:
                yield Path(home, name)


def _refuse_split(folder: Path) -> None:
    inside = {item.name.lower(): item for item in _folders(folder)}
    parts = inside.keys() & (_TRAINS | _OTHERS)
    if not (parts & _TRAINS and parts & _OTHERS and parts == inside.keys()):
        return
    train = inside[min(parts & _TRAINS)]
    validation = next((inside[name] for name in ("val", "validation", "valid", "dev") if name in inside), None)
    lines = [f"dataPath: {train}", *([f"validationData: {validation}"] if validation else [])]
    test = next((inside[name] for name in ("test", "testing") if name in inside), None)
    rest = f"; measure on {test} afterwards with action: evaluate" if test else ""
    raise DataLoadingError(
        f"The folders of {folder} are the parts of a split ({_names(inside)}), not classes",
        solution=f"Name the parts: {', '.join(lines)}{rest}",
        metadata={"dataPath": str(folder)},
    )


def _kept_for_later(folder: Path) -> set[str]:
    """The folders that hold a part of a split, sorted into the classes that they lie beside."""
    inside = {item.name: {inner.name for inner in item.iterdir() if inner.is_dir()} for item in _folders(folder)}
    classes = {name for name in inside if name.lower() not in _OTHERS}
    return {name for name in inside.keys() - classes if inside[name] and inside[name] <= classes}


def _folders(folder: Path) -> Iterator[Path]:
    return (item for item in folder.iterdir() if item.is_dir() and not item.name.startswith("."))


def _names(items: Iterable[str]) -> str:
    return listing(sorted(items))


def _is_gap(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def _is_encoded(value: bytes) -> bool:
    return value.startswith(_HEADS) or (value[:4] == b"RIFF" and value[8:12] == b"WEBP")


def _digest(value: object) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(value, Path):
        with value.open("rb") as file:
            return hashlib.file_digest(file, lambda: digest).digest()
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    else:
        digest.update(value if isinstance(value, bytes) else repr(value).encode())
    return digest.digest()
