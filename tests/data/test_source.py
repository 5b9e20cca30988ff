import gzip
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.datasets import load_diabetes, load_iris

from mlmagic.config import Reference, TrainConfig
from mlmagic.data import left_out, read, split, with_index
from mlmagic.data._given import about_index, given
from mlmagic.errors import DataLoadingError, InvalidConfiguration

from .given import Named, config, penguins


def from_object(value, name="$df"):
    return read(config(data=Named(value, name)))


def from_path(path):
    return read(config(data_path=str(path)))


def cause_of(path):
    with pytest.raises(DataLoadingError) as caught:
        from_path(path)
    assert caught.value.message == "Failed to load training data"
    return caught.value


def test_packages_import_no_library():
    code = (
        "import mlmagic.data, mlmagic.evaluation, sys; "
        "print([name for name in ('pandas', 'sklearn', 'numpy', 'torch') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("package", ["mlmagic.data", "mlmagic.evaluation"])
def test_every_exported_name_is_there(package):
    module = __import__(package, fromlist=["__all__"])
    assert all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError):
        module.nothing_of_this_name  # noqa: B018


def test_a_frame_is_given_back_itself_and_unchanged():
    frame = penguins()
    before = frame.copy(deep=True)
    assert from_object(frame) is frame
    pd.testing.assert_frame_equal(frame, before)


def test_numbered_columns_become_text_without_touching_the_frame():
    frame = pd.DataFrame(np.eye(3))
    named = from_object(frame)
    assert list(named.columns) == ["0", "1", "2"]
    assert list(frame.columns) == [0, 1, 2]
    assert np.shares_memory(named.to_numpy(), frame.to_numpy())


def test_repeated_names_are_refused():
    with pytest.raises(DataLoadingError, match="'a'"):
        from_object(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(DataLoadingError, match="'1'"):
        from_object(pd.DataFrame([[1, 2]], columns=[1, "1"]))


def test_an_array_gets_names():
    assert list(from_object(np.zeros((2, 3))).columns) == ["x0", "x1", "x2"]
    with pytest.raises(DataLoadingError, match="shape \\(2,\\)"):
        from_object(np.zeros(2))


@pytest.mark.parametrize(
    "value",
    [
        {"a": pd.Series([1, 2]), "b": pd.Series(["x", "y"])},
        {"a": [1, 2], "b": ["x", "y"]},
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        pa.table({"a": [1, 2], "b": ["x", "y"]}),
    ],
    ids=["series", "lists", "records", "arrow"],
)
def test_what_stands_for_a_table(value):
    pd.testing.assert_frame_equal(from_object(value), pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), check_dtype=False)


def test_a_bunch_becomes_features_and_target():
    bunch = load_diabetes()
    frame = from_object(bunch)
    assert list(frame.columns) == [*bunch.feature_names, "target"]
    np.testing.assert_array_equal(frame["target"], bunch.target)
    as_frame = load_iris(as_frame=True)
    pd.testing.assert_frame_equal(from_object(as_frame), as_frame.frame)
    assert "target" not in as_frame.data.columns


@pytest.mark.parametrize("value", [3, "data.csv", object(), [1, 2], lambda: None])
def test_another_object_is_named_by_its_type(value):
    with pytest.raises(DataLoadingError) as caught:
        from_object(value, "$thing")
    assert "$thing" in caught.value.stderr
    assert type(value).__name__ in caught.value.stderr


def test_images_among_columns_are_shown_the_way():
    with pytest.raises(DataLoadingError) as caught:
        from_object({"image": np.zeros((5, 8, 8)), "label": range(5)})
    assert "$df['image'] has shape (5, 8, 8), and a column has one dimension" in caught.value.stderr
    assert "data: $images, target: $labels" in caught.value.solution


def test_empty_objects_are_refused():
    for value in (pd.DataFrame(), pd.DataFrame({"a": []}), {}):
        with pytest.raises(DataLoadingError, match="0 rows"):
            from_object(value)


def test_the_configs_own_model_and_reference(tmp_path):
    penguins().to_csv(tmp_path / "p.csv", index=False)
    frame = penguins()
    bound = TrainConfig(data=Reference("df", (), frame), target=Reference("y", (), frame["sex"]))
    assert read(bound) is frame
    assert split(frame, bound, 0, 0.0).target == "sex"
    named = TrainConfig(data_path=str(tmp_path / "p.csv"), target="species", validation_split=0.1)
    assert split(read(named), named, 0, 0.0).metadata["validationSamples"] == 35


def test_no_data_at_all():
    with pytest.raises(InvalidConfiguration, match="data"):
        read(config())


@pytest.mark.parametrize(
    ("name", "separator"), [("p.csv", ","), ("p.csv", ";"), ("p.tsv", "\t"), ("p.txt", "|"), ("p.txt", "\t")]
)
def test_separated_text(tmp_path, name, separator):
    frame = penguins()
    frame["note"] = "a, b; c"
    frame.to_csv(tmp_path / name, sep=separator, index=False)
    pd.testing.assert_frame_equal(from_path(tmp_path / name), frame, check_dtype=False)


def test_packed_text(tmp_path):
    for suffix in ("gz", "bz2", "xz"):
        penguins().to_csv(tmp_path / f"p.csv.{suffix}", index=False)
        pd.testing.assert_frame_equal(from_path(tmp_path / f"p.csv.{suffix}"), penguins(), check_dtype=False)


def test_binary_and_json_tables(tmp_path):
    frame = penguins()
    frame.to_parquet(tmp_path / "p.parquet")
    frame.to_feather(tmp_path / "p.feather")
    frame.to_json(tmp_path / "p.json", orient="records")
    frame.to_json(tmp_path / "p.jsonl", orient="records", lines=True)
    for suffix in ("parquet", "feather", "json", "jsonl"):
        found = from_path(tmp_path / f"p.{suffix}").replace({None: np.nan})
        pd.testing.assert_frame_equal(found, frame, check_dtype=False)


def test_json_keeps_text_that_looks_like_numbers_or_dates(tmp_path):
    (tmp_path / "a.json").write_text('[{"zip": "01234", "date": "2020-01-01"}]')
    assert from_path(tmp_path / "a.json").iloc[0].tolist() == ["01234", "2020-01-01"]


@pytest.mark.parametrize(("value", "way"), [([[1, 2], [3, 4]], "pd.DataFrame"), (pd.Series([1, 2]), "df.iloc[[0]]")])
def test_what_is_no_table_says_how_it_becomes_one(value, way):
    with pytest.raises(DataLoadingError) as caught:
        from_object(value)
    assert "builtins" not in caught.value.stderr
    assert caught.value.stderr.endswith(", which is no table")
    assert way in caught.value.solution


def test_the_index_that_to_csv_leaves_is_no_feature(tmp_path):
    penguins().to_csv(tmp_path / "p.csv")
    assert list(from_path(tmp_path / "p.csv").columns) == list(penguins().columns)
    pd.DataFrame({"": [5, 1], "b": [1, 2]}).to_csv(tmp_path / "q.csv", index=False)
    assert from_path(tmp_path / "q.csv").shape == (2, 2)


def test_the_index_that_to_csv_leaves_is_given_back_to_who_asks_for_it(tmp_path):
    penguins().to_csv(tmp_path / "p.csv")
    frame, by_pandas = from_path(tmp_path / "p.csv"), pd.read_csv(tmp_path / "p.csv")
    assert left_out(frame) == by_pandas.columns[0]
    pd.testing.assert_frame_equal(with_index(frame, list(by_pandas.columns)), by_pandas)
    assert with_index(frame, list(penguins().columns)) is frame
    assert left_out(by_pandas) is None


def test_byte_order_mark_and_odd_names(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text('\ufeffGröße (m),"<img src=x onerror=alert(1)>",a b\n1.5,x,2\n', encoding="utf-8")
    assert list(from_path(path).columns) == ["Größe (m)", "<img src=x onerror=alert(1)>", "a b"]


def test_a_missing_file_says_so_and_what_was_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.csv").write_text("a,b\n1,2\n")
    error = cause_of("data/trian.csv")
    assert error.stderr == "FileNotFoundError: data/trian.csv not found"
    assert error.solution.startswith("Verify data path exists and is accessible")
    assert "Did you mean 'data/train.csv'?" in error.solution
    assert "no folder 'dta'" in cause_of("dta/train.csv").solution
    assert "'train.csv'" in cause_of("data").solution


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n\n", "is empty"),
        ("header.csv", b"a,b\n", "header but no rows"),
        ("latin.csv", "a,b\nMünchen,1\n".encode("latin-1"), "UnicodeDecodeError: byte 0xfc"),
        ("ragged.csv", b"a,b\n1,2\n3,4,5\n", "line 3"),
        ("long.csv", b"a,b\n1,2,3\n3,4,5\n", "header has 2 names, but the rows have 3"),
        ("twice.csv", b"a,a\n1,2\n", "'a'"),
        ("table.xlsx", b"PK", ".xlsx"),
        ("nothing", b"a,b\n", "no suffix"),
        ("p.parquet.gz", b"", ".gz"),
        ("p.parquet", b"PAR0", "ArrowInvalid"),
        ("p.json", b'{"a": [1, 2]}', "list of records"),
        ("p.json", b'[{"a": 1}', "JSONDecodeError"),
        ("p.jsonl", b'{"a": 1}\n\n{"a": \n', "line 3 is not JSON"),
        ("p.jsonl", b'{"a": 1}\n3\n', "line 2 holds a int"),
        ("p.json", b"[]", "header but no rows"),
    ],
)
def test_a_file_that_is_no_table_names_the_cause(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    assert said in cause_of(tmp_path / name).stderr


def test_a_broken_archive_names_the_cause(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 100)[:-20])
    assert "EOFError" in cause_of(tmp_path / "a.csv.gz").stderr
    (tmp_path / "b.csv.gz").write_bytes(b"a,b\n1,2\n")
    assert "BadGzipFile" in cause_of(tmp_path / "b.csv.gz").stderr


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a;b\n1,5;x\n-2,25;y\n", [1.5, -2.25]),
        ("a\tb\n1,5\tx\n3\ty\n", [1.5, 3.0]),
        ("a;b\n1.5;x\n2.25;y\n", [1.5, 2.25]),
        ("a,b\n1.5,x\n2.25,y\n", [1.5, 2.25]),
    ],
)
def test_a_decimal_comma_is_found(tmp_path, text, values):
    (tmp_path / "t.csv").write_text(text)
    frame = read(config(data_path=str(tmp_path / "t.csv")))
    assert frame["a"].tolist() == values


def test_where_both_signs_occur_nothing_is_guessed(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n1,500;0.5\n2,250;0.7\n")
    frame = read(config(data_path=str(tmp_path / "t.csv")))
    assert frame["b"].tolist() == [0.5, 0.7]
    assert frame["a"].tolist() == ["1,500", "2,250"]


LABELS = pd.Series([0, 1, 1, 0, 1, 0, 0, 1], index=[3, 1, 0, 2, 7, 5, 6, 4], name="label")
ROWS = {"a": [float(number) for number in range(8)], "b": [1.0, 2.0] * 4}


def kept(form, folder):
    """The rows of a table without an index, in one of the forms that a user may have."""
    table = pd.DataFrame(ROWS)
    path = folder / f"rows.{form}"
    if form == "csv":
        table.to_csv(path, index=False)
    elif form == "parquet":
        table.to_parquet(path, index=False)
    objects = {"dict": ROWS, "records": table.to_dict("records"), "arrow": pa.table(ROWS), "array": table.to_numpy()}
    return from_object(objects[form]) if form in objects else from_path(path)


@pytest.mark.parametrize("form", ["dict", "records", "arrow", "array", "csv", "parquet"])
def test_values_beside_rows_without_an_index_are_taken_by_position(form, tmp_path):
    frame, reference = kept(form, tmp_path), Reference("y", value=LABELS)
    assert given(frame, reference, "target").tolist() == LABELS.tolist()
    assert about_index(frame, reference) == []


@pytest.mark.parametrize("form", ["frame", "dict of Series", "arrow", "parquet", "csv"])
def test_values_beside_rows_with_an_index_follow_it(form, tmp_path):
    table = pd.DataFrame(ROWS)
    table.to_parquet(tmp_path / "rows.parquet")
    table.to_csv(tmp_path / "rows.csv")
    objects = {"frame": table, "dict of Series": dict(table.items()), "arrow": pa.Table.from_pandas(table)}
    frame = from_object(objects[form]) if form in objects else from_path(tmp_path / f"rows.{form}")
    reference = Reference("y", value=LABELS)
    pd.testing.assert_series_equal(given(frame, reference, "target"), LABELS.sort_index())
    assert "in another order" in about_index(frame, reference)[0]


@pytest.mark.parametrize("make", [list, np.array])
def test_values_without_an_index_are_taken_by_position(make):
    frame = pd.DataFrame(ROWS).loc[LABELS.index]
    pd.testing.assert_series_equal(given(frame, Reference("label", value=make(LABELS)), "target"), LABELS)


@pytest.mark.parametrize("key", ["target", "groups", "sample_weight"])
def test_a_nameless_column_that_was_left_out_is_told_where_it_is_named(key, tmp_path):
    pd.DataFrame({**ROWS, "y": [0, 1] * 4}).to_csv(tmp_path / "rows.csv")
    frame = from_path(tmp_path / "rows.csv")
    with pytest.raises(InvalidConfiguration, match=r"has no name and counts the rows, so it is left out .*read_csv"):
        split(frame, config(**{"target": "y", key: "Unnamed: 0"}), 0, 0.0)
