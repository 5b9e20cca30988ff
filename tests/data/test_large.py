"""Tables that memory has no room for: read piece by piece, they are what they are when read in one piece."""

from __future__ import annotations

import errno
import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlmagic import _memory
from mlmagic.data import (
    Cancelled,
    Rows,
    _kinds,
    _large,
    _mapped,
    _tfrecord,
    data_hash,
    is_image,
    kind,
    schema,
    with_index,
)
from mlmagic.data._source import read_table
from mlmagic.errors import DataLoadingError


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose memory has room for no table, and pieces of a few rows."""
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
    monkeypatch.setattr(_large, "PIECE", 300)
    monkeypatch.setattr(_mapped, "PIECE", 300)


def on_disk(column: pd.Series) -> bool:
    """Whether a column of numbers lies in a file that is mapped into memory."""
    import mmap

    base: Any = column.to_numpy()
    while getattr(base, "base", None) is not None:
        base = base.base
    return isinstance(getattr(base, "obj", base), mmap.mmap)


def whole(frame: pd.DataFrame) -> pd.DataFrame:
    """What pandas read in one piece; before its third version words were Python's objects, and now lie on disk."""
    words = [name for name in frame if frame[name].dtype == object and frame[name].map(type).eq(str).any()]
    return frame.astype(dict.fromkeys(words, "string[pyarrow_numpy]")) if pd.__version__ < "3" else frame


def mixed(rows: int = 200) -> pd.DataFrame:
    """A column of every kind whose first rows tell little of the last."""
    rng = np.random.default_rng(0)
    late = np.arange(rows) >= rows - 2
    return pd.DataFrame(
        {
            "whole": rng.integers(-5, 5, rows),
            "fraction": rng.normal(size=rows),
            "gaps late": np.where(late, np.nan, rng.integers(0, 9, rows)),
            "fractions late": np.where(late, 0.5, rng.integers(0, 9, rows)),
            "gaps first": np.where(late, 3.0, np.nan),
            "gaps": np.full(rows, np.nan),
            "words": rng.choice(["red", "grün", "a, b", 'say "x"'], rows),
            "words late": np.where(late, "n/k", rng.integers(0, 9, rows).astype(str)),
            "words and gaps": pd.Series(np.where(rng.random(rows) < 0.3, None, "x")).astype("str"),
            "yes": rng.random(rows) < 0.5,
            "yes and gaps": pd.Series(np.where(late, None, rng.random(rows) < 0.5), dtype=object),
            "yes, then numbers": np.where(late, "1", "True"),
            "large": np.where(late, 2**63 - 1, 1),
        }
    )


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz"])
def test_a_file_of_text_is_read_as_pandas_reads_it_whole(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    separator = "\t" if "tsv" in name else ","
    mixed().to_csv(path, index=False, sep=separator)
    found = read_table(str(path))
    pd.testing.assert_frame_equal(found, whole(pd.read_csv(path, sep=separator, low_memory=False)))
    assert on_disk(found["whole"])
    assert on_disk(found["fraction"])


@pytest.mark.usefixtures("small")
def test_an_index_in_the_file_and_a_decimal_comma_are_understood(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(90) / 8, "b": np.arange(90)})
    frame.to_csv(tmp_path / "index.csv")
    found, by_pandas = read_table(str(tmp_path / "index.csv")), pd.read_csv(tmp_path / "index.csv")
    pd.testing.assert_frame_equal(found, frame)
    pd.testing.assert_frame_equal(with_index(found, list(by_pandas)), by_pandas)
    frame.to_csv(tmp_path / "comma.csv", index=False, sep=";", decimal=",")
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "comma.csv")), frame)


def parquet(tmp_path: Path) -> tuple[str, pd.DataFrame]:
    frame = mixed().drop(columns=["yes, then numbers"])
    frame["Int"] = frame["whole"].astype("Int64").where(frame["whole"] > 0)
    frame["when"] = pd.date_range("2024-01-01", periods=len(frame))
    frame["kind"] = pd.Categorical(frame["words"])
    path = tmp_path / "t.parquet"
    frame.to_parquet(path, row_group_size=64)
    return str(path), frame


@pytest.mark.usefixtures("small")
def test_a_parquet_file_is_read_as_pandas_reads_it_whole(tmp_path: Path) -> None:
    path, _ = parquet(tmp_path)
    found = read_table(path)
    pd.testing.assert_frame_equal(found, whole(pd.read_parquet(path)))
    assert on_disk(found["whole"])
    assert on_disk(found["when"])


@pytest.mark.usefixtures("small")
def test_an_index_of_a_parquet_file_is_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(50)}, index=[f"row {number}" for number in range(50)])
    frame.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "t.parquet")), frame)


@pytest.mark.usefixtures("small")
def test_rows_are_taken_in_the_order_asked_for_and_stay_on_disk(tmp_path: Path) -> None:
    path, _ = parquet(tmp_path)
    found = read_table(path)
    X = found.drop(columns=["Int", "kind", "yes and gaps"])
    positions = np.random.default_rng(1).permutation(len(X))[:150]
    part = Rows(X, found["whole"]).at(positions)
    pd.testing.assert_frame_equal(part.X, X.iloc[positions])
    assert on_disk(part.X["fraction"])
    # A column that cannot lie on disk: the rows are in memory.
    pd.testing.assert_frame_equal(Rows(found).at(positions).X, found.iloc[positions])


def test_a_hash_does_not_tell_where_a_table_lies(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path, _ = parquet(tmp_path)
    before = data_hash(whole(read_table(path)))
    request.getfixturevalue("small")
    assert data_hash(read_table(path)) == before


def test_a_small_table_stays_in_memory(tmp_path: Path) -> None:
    mixed().to_csv(tmp_path / "t.csv", index=False)
    assert not on_disk(read_table(str(tmp_path / "t.csv"))["fraction"])


@pytest.mark.usefixtures("small")
def test_how_far_it_is_is_told_and_a_stop_is_heard(tmp_path: Path) -> None:
    mixed().to_csv(tmp_path / "t.csv", index=False)
    told: dict[str, list[tuple[int, int]]] = {"scanning": [], "reading": []}

    def going_on(doing: str, done: int, total: int) -> bool:
        told[doing].append((done, total))
        return True

    read_table(str(tmp_path / "t.csv"), going_on=going_on)
    for steps in told.values():
        assert len(steps) > 10
        assert [done for done, _ in steps] == sorted({done for done, _ in steps})
        assert all(done <= total for done, total in steps)
    assert {total for _, total in told["reading"]} == {200}
    with pytest.raises(Cancelled):
        read_table(str(tmp_path / "t.csv"), going_on=lambda doing, done, total: doing == "scanning" or done < 100)


@pytest.mark.usefixtures("small")
def test_no_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", None)
    mixed().to_csv(tmp_path / "t.csv", index=False)
    found = read_table(str(tmp_path / "t.csv"))
    assert on_disk(found["fraction"])
    assert _mapped._directory(1) == place
    assert list(place.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_a_disk_that_is_full_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed().to_csv(tmp_path / "t.csv", index=False)
    import shutil

    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(DataLoadingError, match=r"1\.0kB left") as caught:
        read_table(str(tmp_path / "t.csv"))
    assert "TMPDIR" in str(caught.value.solution)


@pytest.mark.usefixtures("small")
def test_what_is_wrong_late_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    lines = ["a,b", *["1,2"] * 300, "1,2,3"]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    with pytest.raises(DataLoadingError) as caught:
        read_table(str(tmp_path / "t.csv"))
    assert "line 302" in str(caught.value.stderr)
    (tmp_path / "u.csv").write_bytes(b"a,b\n" + b"1,2\n" * 300 + b"1,\xff\n")
    with pytest.raises(DataLoadingError) as caught:
        read_table(str(tmp_path / "u.csv"))
    assert "0xff" in str(caught.value.stderr)


CELLS = st.one_of(
    st.integers(-(2**40), 2**40).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from(["", "", "True", "False", "x", "NA", " 7", "1e3", "-", "0012"]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=st.lists(st.lists(CELLS, min_size=6, max_size=6), min_size=2, max_size=4))
@pytest.mark.usefixtures("small")
def test_any_file_of_text_is_read_as_in_one_piece(columns: list[list[str]], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = [f"c{number}" for number in range(len(columns))]
    path.write_text("\n".join(",".join(row) for row in [names, *zip(*columns, strict=True)]) + "\n")
    expected = whole(pd.read_csv(path, low_memory=False, skipinitialspace=True))
    patch = pytest.MonkeyPatch()
    patch.setattr(_large, "PIECE", 1)  # row by row
    try:
        pd.testing.assert_frame_equal(read_table(str(path)), expected)
    finally:
        patch.undo()


def records(path: Path, count: int = 60) -> Path:
    """Images and numbers, some of which are gaps."""
    tf = pytest.importorskip("tensorflow")
    import io

    from PIL import Image

    from tests.data.test_tfrecord import example, written

    def image(number: int) -> bytes:
        file = io.BytesIO()
        Image.fromarray(np.full((6, 5, 3), 4 * number, np.uint8)).save(file, "PNG")
        return file.getvalue()

    assert tf
    made = [example(image=image(number), label=number % 3, kind="ab"[number % 2]) for number in range(count)]
    return written(path, [*made, example(image=image(1), kind="a")])


def test_images_in_records_stay_on_disk(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = records(tmp_path / "t.tfrecord")
    held = read_table(str(path))
    request.getfixturevalue("small")
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setattr(_tfrecord, "_MANY", 7)
    found = read_table(str(path))
    assert found["image"].tolist() == held["image"].tolist()
    assert isinstance(found["image"].dtype, pd.ArrowDtype)
    assert is_image(found["image"])
    pd.testing.assert_frame_equal(found[["kind", "label"]], held[["kind", "label"]], check_dtype=False)
    part = Rows(found).at(np.array([40, 3, 60, 3]))
    assert part.X["image"].tolist() == [held["image"][place] for place in (40, 3, 60, 3)]
    assert data_hash(found[["image"]]) == data_hash(held[["image"]])


@given(st.lists(st.sampled_from(["1", "2.5", "x", "", "2024-01-02", "  ", "y1"]), min_size=1, max_size=40))
def test_what_a_column_of_words_holds_does_not_hang_on_how_it_is_looked_at(values: list[str]) -> None:
    column = pd.Series(values, dtype="str" if pd.__version__ >= "3" else "string")
    with pytest.MonkeyPatch.context() as patch:
        whole = kind(column)
        patch.setattr(_kinds, "LOOK", 3)
        assert kind(column) == whole


@pytest.mark.usefixtures("small")
def test_a_file_with_a_header_alone_and_one_with_a_name_twice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n")
    with pytest.raises(DataLoadingError) as caught:
        read_table(str(tmp_path / "t.csv"))
    assert "no rows" in str(caught.value.stderr)
    import pyarrow as pa
    import pyarrow.parquet as pq

    twice = pa.Table.from_arrays([pa.array(range(90)), pa.array(range(90))], names=["a", "a"])
    pq.write_table(twice, tmp_path / "t.parquet")
    with pytest.raises(DataLoadingError, match="more than once: 'a'"):
        read_table(str(tmp_path / "t.parquet"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="where a process's files are listed")
@pytest.mark.usefixtures("small")
def test_thousands_of_columns_are_few_files(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.arange(1500.0 * 30).reshape(30, 1500)).rename(columns=str)
    frame.assign(word="a", other="b").to_parquet(tmp_path / "t.parquet")
    before = len(list(Path("/proc/self/fd").iterdir()))
    found = read_table(str(tmp_path / "t.parquet"))
    pd.testing.assert_frame_equal(found[frame.columns], frame)
    assert on_disk(found["1499"])
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
    del found
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("change", "when"), [("longer", "reading"), ("shorter", "scanning")])
def test_a_file_that_changes_meanwhile_is_told(change: str, when: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    mixed().to_csv(path, index=False)
    lines = path.read_text().splitlines(keepends=True)

    def going_on(doing: str, done: int, total: int) -> bool:
        if doing == when:
            path.write_text("".join([*lines, lines[-1]] if change == "longer" else lines[:-1]))
        return True

    with pytest.raises(DataLoadingError) as caught:
        read_table(str(path), going_on=going_on)
    assert "was changed while it was read" in str(caught.value.stderr)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("when", ["scanning", "reading"])
@pytest.mark.parametrize("change", ["cut off", "exchanged", "gone"])
def test_a_parquet_file_that_changes_meanwhile_is_told(change: str, when: str, tmp_path: Path) -> None:
    path, other = tmp_path / "t.parquet", tmp_path / "other.parquet"
    frame = pd.DataFrame({"a": np.arange(3000), "b": "x"})
    frame.to_parquet(path, row_group_size=100)
    frame.assign(a=frame["a"] + 0.5).to_parquet(other, row_group_size=100)
    changed = False

    def going_on(doing: str, done: int, total: int | None) -> bool:
        nonlocal changed
        if doing == when and done and not changed:
            changed = True
            if change == "cut off":
                os.truncate(path, 200)
            elif change == "exchanged":
                other.replace(path)
            else:
                path.unlink()
        return True

    with pytest.raises(DataLoadingError) as caught:
        read_table(str(path), going_on=going_on)
    assert caught.value.stderr == "The file was changed while it was read"


def same(frame: pd.DataFrame, path: Path, request: pytest.FixtureRequest) -> pd.DataFrame:
    """What a file is read as on a machine whose memory is small, equal to what pandas reads whole."""
    frame.to_parquet(path)
    request.getfixturevalue("small")
    found = read_table(str(path))
    pd.testing.assert_frame_equal(found, whole(pd.read_parquet(path)))
    return found


def test_columns_of_gaps_alone_keep_their_dtype(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    frame = pd.DataFrame({"when": pd.Series([pd.NaT] * 90, dtype="datetime64[us]"), "a": np.arange(90)})
    frame["b"] = pd.Series([np.nan] * 90, dtype=np.float32)
    frame["c"] = pd.Series([None] * 90, dtype="boolean")
    same(frame, tmp_path / "t.parquet", request)


def test_a_range_of_row_numbers_is_kept(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    frame = pd.DataFrame({"a": np.arange(200.0)}).iloc[1::2].rename_axis("row")
    assert same(frame, tmp_path / "t.parquet", request).index[:2].tolist() == [1, 3]


def test_an_order_of_categories_is_kept(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    sizes = pd.Categorical(["S", "L", "M"] * 60, categories=["S", "M", "L"], ordered=True)
    found = same(pd.DataFrame({"size": sizes, "a": np.arange(180)}), tmp_path / "t.parquet", request)
    part = Rows(found).at(np.arange(100)[::-1])
    assert part.X["size"].cat.ordered
    assert on_disk(part.X["a"])


@pytest.mark.usefixtures("small")
def test_a_line_may_end_within_quotes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f'{number},"first\nsecond {number}"\n' for number in range(200)))
    pd.testing.assert_frame_equal(read_table(str(path)), whole(pd.read_csv(path)))


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "csv.xz", "parquet"])
def test_how_large_a_table_is_is_known_before_it_is_read(suffix: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = [f"a label that is rather long, number {number}" for number in range(8)]
    frame = pd.DataFrame({"x": rng.normal(size=30_000), "word": rng.choice(labels, 30_000)})
    path = tmp_path / f"t.{suffix}"
    frame.to_parquet(path) if suffix == "parquet" else frame.to_csv(path, index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_memory, "SHARE", 1e-12)
        pieces = (_large.pieces_of_parquet if suffix == "parquet" else _large.pieces_of_csv)(path)
    assert pieces is not None
    nbytes = frame.memory_usage(index=False, deep=True).sum()
    assert 0.7 * nbytes < pieces.nbytes < 1.4 * nbytes
    assert 0.7 * len(frame) < pieces.rows < 1.4 * len(frame)


@pytest.mark.parametrize("packed", [False, True])
def test_how_large_a_table_of_records_is_is_known(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tf = pytest.importorskip("tensorflow")
    from tests.data.test_tfrecord import example

    path = tmp_path / "t.tfrecord"
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(compression_type="GZIP" if packed else "")) as writer:
        for _ in range(500):
            writer.write(example(small=list(range(100))))
    nbytes = 500 * 100 * 8
    monkeypatch.setattr(_memory, "SHARE", 2 * nbytes / _memory._memory())
    assert _large.pieces_of_tfrecord(path) is None
    monkeypatch.setattr(_memory, "SHARE", nbytes / 2 / _memory._memory())
    pieces = _large.pieces_of_tfrecord(path)
    assert pieces is not None
    assert 0.7 * nbytes < pieces.nbytes < 1.4 * nbytes
    assert 0.7 * 500 < pieces.rows < 1.4 * 500


def test_words_that_parquet_stores_once_count_as_often_as_they_occur(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"word": np.random.default_rng(0).choice([letter * 2000 for letter in "abcdefgh"], 30_000)})
    path = tmp_path / "t.parquet"
    frame.to_parquet(path)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(_memory, "SHARE", 3e7 / _memory._memory())
    assert _large.pieces_of_parquet(path) is not None


@pytest.mark.usefixtures("small")
def test_rows_that_are_shorter_than_the_first_leave_nothing_wrong_in_what_is_told(tmp_path: Path) -> None:
    texts = ["long " * 200] * 60 + ["x"] * 5000
    pd.DataFrame({"text": texts, "a": 1}).to_csv(tmp_path / "t.csv", index=False)
    told: list[tuple[int, int | None]] = []

    def going_on(doing: str, done: int, total: int | None) -> bool:
        told.append((done, total))
        return True

    read_table(str(tmp_path / "t.csv"), going_on=going_on)
    assert all(total is None or done <= total for done, total in told)
    assert told[-1] == (5060, 5060)


@pytest.mark.usefixtures("small")
def test_pieces_become_shorter_where_rows_become_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_large, "PIECE", 20_000)
    pd.DataFrame({"text": ["x" * (1 + number) for number in range(2000)]}).to_csv(tmp_path / "t.csv", index=False)
    pieces = _large.pieces_of_csv(tmp_path / "t.csv")
    assert pieces is not None
    sizes = [_mapped.row_bytes(piece, objects=True) * len(piece) for piece in pieces.read({})]
    assert max(sizes) < 3 * 20_000


@pytest.mark.usefixtures("small")
def test_whole_numbers_of_64_bits_in_some_pieces_only(tmp_path: Path) -> None:
    ids = [1] * 100 + [2**64 - 1 - number for number in range(100)]
    pd.DataFrame({"id": np.array(ids, np.uint64), "a": 1}).to_csv(tmp_path / "t.csv", index=False)
    assert read_table(str(tmp_path / "t.csv"))["id"].tolist() == ids


@pytest.mark.usefixtures("small")
def test_a_quota_that_is_met_when_the_last_text_is_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed().to_csv(tmp_path / "t.csv", index=False)

    def full(self: Any) -> dict[int, Any]:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(_mapped._Arrows, "whole", full)
    with pytest.raises(DataLoadingError, match="too many for the memory") as caught:
        read_table(str(tmp_path / "t.csv"))
    assert "TMPDIR" in str(caught.value.solution)


def test_a_hash_does_not_tell_how_words_and_bytes_are_held() -> None:
    import pyarrow as pa

    words = pd.DataFrame({"a": ["x", None, "y"]}, dtype=object)
    assert data_hash(words) == data_hash(words.astype("string[pyarrow_numpy]" if pd.__version__ < "3" else "str"))
    assert data_hash(words) != data_hash(words.assign(a=["x", None, 1]))
    data = pd.DataFrame({"a": [b"x", None, b"\xff"]}, dtype=object)
    assert data_hash(data) == data_hash(data.astype(pd.ArrowDtype(pa.large_binary())))
    assert schema(words)["columns"] == {"a": "str"}
    assert schema(data)["columns"] == {"a": "bytes"}


@pytest.mark.usefixtures("small")
def test_a_disk_that_others_fill_meanwhile_ends_nothing_but_the_reading(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    frame = pd.DataFrame(np.zeros((4000, 4))).rename(columns=str)
    frame.to_parquet(tmp_path / "t.parquet")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As a full disk does, the system refuses the file when its size is asked for.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(DataLoadingError, match="too many for the memory") as caught:
            read_table(str(tmp_path / "t.parquet"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "TMPDIR" in str(caught.value.solution)
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "t.parquet")), frame)
