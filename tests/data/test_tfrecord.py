"""TFRecord files written by TensorFlow itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

tf = pytest.importorskip("tensorflow")

from mlmagic.config import resolve  # noqa: E402
from mlmagic.data import read, training_data  # noqa: E402
from mlmagic.errors import DataLoadingError, FrameworkNotFound  # noqa: E402


def feature(value: Any) -> Any:
    values = value if isinstance(value, list) else [value]
    if isinstance(values[0], (bytes, str)):
        content = [item.encode() if isinstance(item, str) else item for item in values]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=content))
    if isinstance(values[0], int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def example(**values: Any) -> bytes:
    features = tf.train.Features(feature={name: feature(value) for name, value in values.items()})
    return tf.train.Example(features=features).SerializeToString()


def written(path: Path, records: list[bytes], compression: str = "") -> Path:
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)
    return path


def frame(path: Path) -> pd.DataFrame:
    return read(resolve({"action": "train", "framework": "keras", "dataPath": str(path), "architecture": "mlp"}).config)


def failure(path: Path) -> DataLoadingError:
    with pytest.raises(DataLoadingError) as caught:
        frame(path)
    return caught.value


RECORDS = [
    example(x=number / 2, label=number % 3, kind="ab"[number % 2], v=[0.5, float(number)]) for number in range(9)
]


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_features_become_columns(tmp_path: Path, compression: str) -> None:
    table = frame(written(tmp_path / "data.tfrecord", RECORDS, compression))
    assert list(table.columns) == ["kind", "label", "v_0", "v_1", "x"]
    assert table["x"].to_list() == [number / 2 for number in range(9)]
    assert table["label"].to_list() == [number % 3 for number in range(9)]
    assert table["kind"].to_list() == ["ab"[number % 2] for number in range(9)]
    assert table["v_1"].to_list() == list(range(9))
    assert pd.api.types.is_integer_dtype(table["label"])


def test_more_records_than_are_parsed_at_a_time(tmp_path: Path) -> None:
    table = frame(written(tmp_path / "data.tfrecords", [example(a=number, label=number % 2) for number in range(9000)]))
    assert table["a"].to_list() == list(range(9000))


def test_what_a_record_lacks_is_a_gap(tmp_path: Path) -> None:
    records = [example(a=1, t="x", f=0.5), example(t="y"), example(a=3, f=1.5)]
    table = frame(written(tmp_path / "data.tfrecord", records))
    np.testing.assert_array_equal(table["a"], [1, np.nan, 3])
    np.testing.assert_array_equal(table["f"], [0.5, np.nan, 1.5])
    assert table["t"].isna().to_list() == [False, False, True]


def test_an_image_stays_bytes_and_so_does_what_is_no_text(tmp_path: Path) -> None:
    table = frame(written(tmp_path / "data.tfrecord", [example(image=b"abc", raw=b"\xff\xfe", label=1)] * 2))
    assert table["image"].to_list() == [b"abc"] * 2
    assert table["raw"].to_list() == [b"\xff\xfe"] * 2


def test_it_trains_by_its_label(tmp_path: Path) -> None:
    path = written(tmp_path / "data.tfrecord", RECORDS * 5)
    keys = {"action": "train", "framework": "keras", "dataPath": str(path), "architecture": "mlp"}
    config = resolve({**keys, "validationData": str(path)}).train
    data = training_data(read(config), config, 0, 0.2)
    assert (data.target, data.task, list(data.classes)) == ("label", "classification", [0, 1, 2])
    assert (len(data.train), len(data.validation), len(data.test)) == (36, 45, 9)
    assert data.metadata["validationData"] == str(path)


@pytest.mark.parametrize("rest", [7, 20, 3])
def test_a_file_that_is_cut_off_names_the_record_and_the_byte(tmp_path: Path, rest: int) -> None:
    path = written(tmp_path / "data.tfrecord", RECORDS)
    whole = path.read_bytes()
    start = sum(len(record) + 16 for record in RECORDS[:-1])
    path.write_bytes(whole[:-rest])
    error = failure(path)
    assert error.message == f"Record 9 of data.tfrecord (byte {start}) is cut off"
    assert error.metadata["record"] == 9


def test_a_file_that_is_cut_off_far_behind_is_counted_too(tmp_path: Path) -> None:
    path = written(tmp_path / "data.tfrecord", [example(a=number) for number in range(5000)])
    path.write_bytes(path.read_bytes()[:-1])
    assert failure(path).metadata["record"] == 5000


def test_a_flipped_bit_is_found_by_the_checksum(tmp_path: Path) -> None:
    path = written(tmp_path / "data.tfrecord", RECORDS)
    content = bytearray(path.read_bytes())
    start = sum(len(record) + 16 for record in RECORDS[:4])
    content[start + 20] ^= 1
    path.write_bytes(content)
    assert failure(path).message == f"Record 5 of data.tfrecord (byte {start}) is damaged: its checksum does not fit"


def test_records_that_differ_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "data.tfrecord", [*RECORDS, example(x=1, label=1)])
    assert failure(path).message == "Record 10 of data.tfrecord has 'x' as int64, the first record as float"
    path = written(tmp_path / "data.tfrecord", [example(v=[1.0, 2.0]), example(v=[1.0, 2.0, 3.0])])
    assert failure(path).message == "Record 2 of data.tfrecord has 3 values of 'v', the first record has 2"


def test_what_is_no_example_is_said(tmp_path: Path) -> None:
    for content in (b"\xff\xff", b""):
        path = written(tmp_path / "data.tfrecord", [content])
        assert "Record 1 of data.tfrecord is no tf.train.Example" in failure(path).message
    assert failure(written(tmp_path / "none.tfrecord", [])).message == "none.tfrecord holds no record"
    (tmp_path / "text.tfrecord").write_text("a,b\n1,2\n" * 9)
    assert "Record 1 of text.tfrecord" in failure(tmp_path / "text.tfrecord").message


def test_a_missing_tensorflow_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "data.tfrecord", RECORDS)
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.setattr(sys, "meta_path", [_Missing(), *sys.meta_path])
    with pytest.raises(FrameworkNotFound) as caught:
        frame(path)
    assert caught.value.to_dict() == {
        "type": "framework-not-found",
        "message": "TensorFlow not found in Python environment",
        "exitCode": 127,
        "stderr": "ModuleNotFoundError: No module named 'tensorflow'",
        "solution": "Install TensorFlow: pip install tensorflow",
    }


class _Missing:
    """An environment without TensorFlow."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


IMPORTED_AT_ONCE = """
import os, sys, threading, time
from pathlib import Path

from mlmagic._tensorflow import tensorflow
from mlmagic.data._tfrecord import frame_from_tfrecord

found, errors = [], []


def read():
    try:
        found.append(frame_from_tfrecord(Path(sys.argv[1])).shape)
    except BaseException as error:
        errors.append(repr(error))


if sys.argv[2] == "beside":  # a thread that knows nothing of mlmagic imports it
    threads = [threading.Thread(target=lambda: __import__("tensorflow"))]
else:
    threads = [threading.Thread(target=read)]
threads += [threading.Thread(target=read) for _ in range(3)]
threads[0].start()
while "tensorflow" not in sys.modules:
    time.sleep(0.001)
for thread in threads[1:]:
    thread.start()
for thread in threads:
    thread.join()
print(found, errors)
os.write(2, b"standard error is back")
"""


@pytest.mark.parametrize("how", ["beside", "both"])
def test_runs_that_import_tensorflow_at_once_wait_for_the_whole_of_it(tmp_path: Path, how: str) -> None:
    path = written(tmp_path / "data.tfrecord", RECORDS)
    asked = [sys.executable, "-c", IMPORTED_AT_ONCE, str(path), how]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.stdout == f"{[(9, 5)] * (3 if how == 'beside' else 4)} []\n", done.stderr
    assert done.stderr.endswith("standard error is back")
