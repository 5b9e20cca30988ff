import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from mlmagic.data import data_hash, file_hash, schema

from .given import penguins


def test_equal_frames_have_equal_hashes_in_every_process():
    code = "from tests.data.given import penguins; from mlmagic.data import data_hash; print(data_hash(penguins()))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == data_hash(penguins()) == data_hash(penguins().copy())


@pytest.mark.parametrize(
    "changed",
    [
        lambda frame: frame.iloc[::-1],
        lambda frame: frame[frame.columns[::-1]],
        lambda frame: frame.rename(columns={"year": "Year"}),
        lambda frame: frame.astype({"year": float}),
        lambda frame: frame.iloc[:-1],
        lambda frame: frame.assign(year=frame["year"] + (frame.index == 300)),
        lambda frame: frame.assign(sex=frame["sex"].fillna("")),
    ],
)
def test_any_change_changes_it(changed):
    assert data_hash(changed(penguins())) != data_hash(penguins())


def test_layout_in_memory_and_index_do_not_count():
    values = np.arange(12.0).reshape(4, 3)
    frame = pd.DataFrame(values)
    apart = pd.DataFrame({name: frame[name].copy() for name in frame}).set_axis([9, 8, 7, 6])
    assert data_hash(frame) == data_hash(apart) == data_hash(pd.DataFrame(np.asfortranarray(values)))


def test_every_dtype_has_a_hash():
    frame = pd.DataFrame({
        "nullable": pd.array([1, None], dtype="Int64"),
        "arrow": pd.array([1.5, None], dtype="double[pyarrow]"),
        "category": pd.Categorical(["a", None]),
        "time": pd.date_range("2020", periods=2, tz="UTC"),
        "naive": pd.date_range("2020", periods=2),
        "mixed": [1, "a"],
        "lists": [[1], {"a": 2}],
        "bool": [True, False],
    })  # fmt: skip
    assert data_hash(frame) == data_hash(frame.copy())
    for name in frame:
        assert data_hash(frame[[name]]) != data_hash(frame[[name]].iloc[::-1])


def test_a_files_hash(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 1_000_000)
    (tmp_path / "b").write_bytes(b"x" * 1_000_000)
    (tmp_path / "c").write_bytes(b"y")
    assert file_hash(tmp_path / "a") == file_hash(str(tmp_path / "b")) != file_hash(tmp_path / "c")


def test_the_schema_is_plain_text():
    frame = pd.DataFrame({"a": [1], "b": pd.Categorical(["x"]), "c": [0.5]})
    assert schema(frame) == {"rows": 1, "columns": {"a": "int64", "b": "category", "c": "float64"}}
