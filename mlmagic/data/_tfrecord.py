"""TFRecord files of ``tf.train.Example``: their features become columns."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from mlmagic._tensorflow import tensorflow
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMAGE = "image"
# Records that are parsed at a time, and their bytes.
_MANY, _BYTES = 4096, 1 << 25
# Length and two checksums, around each record.
_FRAME = 16
_KINDS = {"float_list": "float32", "int64_list": "int64", "bytes_list": "string"}


def frame_from_tfrecord(path: Path) -> pd.DataFrame:
    """Read all records, as :func:`frames_from_tfrecord` does.

    Raises
    ------
    DataLoadingError
        See there.
    FrameworkNotFound
        If TensorFlow is not installed.
    """
    whole = pd.concat(frames_from_tfrecord(path), ignore_index=True)
    return whole.assign(**{str(name): column.map(_encoded) for name, column in whole.items() if _holds_bytes(column)})


def frames_from_tfrecord(path: Path) -> Iterator[pd.DataFrame]:
    """Read records, some at a time; which features there are is read from the first one.

    A feature of one value is a column, one of n values the columns ``name_0`` to ``name_{n-1}``. Bytes are text where
    they are UTF-8; those of ``image`` stay bytes. A feature that a record lacks is a gap. Columns come sorted by
    name, since a record has no order. TensorFlow reads the file and checks each record's checksum.

    Raises
    ------
    DataLoadingError
        If the file is cut off or damaged, or a record is not like the first; names the record, counted from 1.
    FrameworkNotFound
        If TensorFlow is not installed.
    """
    tf = tensorflow()
    records = tf.data.TFRecordDataset(str(path), compression_type="GZIP" if is_packed(path) else "")
    kinds, sizes, length = _features(tf, path, records)
    spec = {name: tf.io.RaggedFeature(getattr(tf, kind)) for name, kind in kinds.items()}
    done = 0
    try:
        for block in records.batch(max(1, min(_MANY, _BYTES // length))):
            part = tf.io.parse_example(block, spec)
            columns = [_columns(path, name, sizes[name], part[name], done) for name in sorted(kinds)]
            frame = pd.concat(columns, axis=1)
            done += len(frame)
            yield frame
    except tf.errors.DataLossError as error:
        _tell_damage(tf, path, records, error)
    except tf.errors.InvalidArgumentError as error:
        _tell_odd(tf, path, records, spec, error)


def is_packed(path: Path) -> bool:
    """Whether gzip made the file."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def length_of_first(path: Path) -> int:
    """Bytes of the first record and what frames it."""
    with gzip.open(path) if is_packed(path) else path.open("rb") as file:
        return int.from_bytes(file.read(8), "little") + _FRAME


def _features(tf: Any, path: Path, records: Any) -> tuple[dict[str, str], dict[str, int], int]:
    """The kind and the number of values of each feature of the first record, and its length in bytes."""
    try:
        first = next(iter(records.take(1)), None)
    except tf.errors.DataLossError as error:
        _tell_damage(tf, path, records, error)
    if first is None:
        raise DataLoadingError(f"{path.name} holds no record", solution="Give a file with records")
    try:
        features = tf.train.Example.FromString(first.numpy()).features.feature
    except Exception:  # whichever class of protobuf's is in use
        features = {}
    kinds = {name: kind for name, feature in features.items() if (kind := feature.WhichOneof("kind"))}
    if not kinds:
        raise DataLoadingError(
            f"Record 1 of {path.name} is no tf.train.Example with features",
            solution="Write each record as tf.train.Example(features=...).SerializeToString()",
        )
    sizes = {name: max(1, len(getattr(features[name], kind).value)) for name, kind in kinds.items()}
    return {name: _KINDS[kind] for name, kind in kinds.items()}, sizes, len(first.numpy())


def _columns(path: Path, name: str, size: int, part: Any, before: int) -> pd.DataFrame:
    """The columns of one feature in records that come after so many others."""
    lengths, values = part.row_lengths().numpy(), part.flat_values.numpy()
    odd = np.flatnonzero((lengths != size) & (lengths != 0))
    if len(odd):
        record, found = before + odd[0] + 1, lengths[odd[0]]
        raise DataLoadingError(
            f"Record {record} of {path.name} has {found} values of {name!r}, the first record has {size}",
            solution="Write records of one shape: a table has the same columns in every row",
        )
    names = [name] if size == 1 else [f"{name}_{number}" for number in range(size)]
    there = lengths > 0
    table = values.reshape(-1, size)
    if table.dtype == object and name != IMAGE:
        table = _text(table)
    if not there.all():
        whole = np.full((len(lengths), size), None if table.dtype == object else np.nan, dtype=_with_gaps(table.dtype))
        whole[there] = table
        table = whole
    return pd.DataFrame(table, columns=pd.Index(names))


def _holds_bytes(column: pd.Series) -> bool:
    """Whether some of its values are no text."""
    return column.name != IMAGE and column.dtype == object and any(isinstance(value, bytes) for value in column)


def _encoded(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _with_gaps(kind: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float64) if kind.kind == "i" else kind


def _text(table: np.ndarray) -> np.ndarray:
    try:
        return np.array([[value.decode() for value in row] for row in table], dtype=object).reshape(table.shape)
    except UnicodeDecodeError:
        return table


def _tell_damage(tf: Any, path: Path, records: Any, error: Exception) -> NoReturn:
    whole = byte = 0
    try:  # block by block nobody knows which record it was
        for record in records:
            whole += 1
            byte += len(record.numpy()) + _FRAME
    except tf.errors.DataLossError:
        pass
    what = "is cut off" if "truncated" in str(error) else "is damaged: its checksum does not fit"
    raise DataLoadingError(
        f"Record {whole + 1} of {path.name} (byte {byte}) {what}",
        solution=f"Write or copy the file again; the {whole} records before it are whole",
        metadata={"record": whole + 1, "dataPath": str(path)},
    ) from None


def _tell_odd(tf: Any, path: Path, records: Any, spec: dict[str, Any], error: Exception) -> NoReturn:
    for number, record in enumerate(records, start=1):
        try:
            tf.io.parse_example([record], spec)
        except tf.errors.InvalidArgumentError as own:
            found = re.search(r"Key: (.+?), Index: .*Expected type: (\w+), Actual type: (\w+)", str(own))
            what = (
                f"has {found[1]!r} as {found[3]}, the first record as {found[2]}" if found else "is not like the first"
            )
            raise DataLoadingError(
                f"Record {number} of {path.name} {what}",
                solution="Write records of one shape: a column has one type",
                metadata={"record": number, "dataPath": str(path)},
            ) from None
    raise error
