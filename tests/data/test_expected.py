"""Rows beside what a model was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlmagic.data import as_known, check_columns, truth, unseen
from mlmagic.errors import DataLoadingError

FRAME = pd.DataFrame({"age": [3, 4], "Size": ["s", "l"], "price": [1.0, 2.0]})


def test_columns_that_are_there_may_stand_in_any_order_among_others() -> None:
    check_columns(FRAME, {"price": "float64", "age": "int64"}, "report-1")


def test_missing_columns_are_told_with_what_was_meant() -> None:
    with pytest.raises(DataLoadingError) as caught:
        check_columns(FRAME, {"size": "str", "prices": "float64", "weight": None, "age": None}, "report-1")
    assert caught.value.message == (
        "The rows lack 3 columns that report-1 was trained on: 'size', 'prices', 'weight'. "
        "Did you mean 'Size' for 'size'? Did you mean 'price' for 'prices'?"
    )
    assert caught.value.solution == "df.rename(columns={'Size': 'size', 'price': 'prices'})"
    assert caught.value.metadata == {"columns": ["size", "prices", "weight"]}


def test_one_column_stands_for_one_missing_column_at_most() -> None:
    frame = pd.DataFrame({"WIDTH (CM)": [1.0]})
    with pytest.raises(DataLoadingError) as caught:
        check_columns(frame, {"length (cm)": None, "width (cm)": None}, "report-1")
    assert caught.value.solution == "df.rename(columns={'WIDTH (CM)': 'width (cm)'})"


def test_a_missing_column_that_nothing_is_like() -> None:
    with pytest.raises(DataLoadingError, match="lack the column that report-1 was trained on: 'zip'") as caught:
        check_columns(FRAME, {"zip": "str"}, "report-1")
    assert caught.value.solution == "Give a table with them; this one has 'age', 'Size', 'price'"


@pytest.mark.parametrize("dtype", ["int64", "float32", "Int64", "bool", "boolean", "double[pyarrow]"])
def test_words_where_numbers_were(dtype: str) -> None:
    with pytest.raises(
        DataLoadingError, match="Column 'Size' holds numbers, but 's' at index 0 is none; it was numbers"
    ):
        check_columns(FRAME, {"Size": dtype}, "report-1")


@pytest.mark.parametrize("dtype", ["bool", "boolean"])
def test_text_that_reads_as_true_or_false_where_booleans_were(dtype: str) -> None:
    frame = pd.DataFrame({"flag": ["True", "false ", None, " TRUE"]})
    check_columns(frame, {"flag": dtype}, "report-1")
    np.testing.assert_array_equal(as_known(frame, {"flag": dtype})["flag"], [1, 0, np.nan, 1])
    assert truth(frame["flag"].dropna(), np.array([False, True]), "report-1").tolist() == [True, False, True]
    with pytest.raises(DataLoadingError, match="Column 'flag' holds numbers, but 'True' at index 0 is none"):
        check_columns(frame, {"flag": "float64"}, "report-1")


def test_dates_where_numbers_were_and_lists_where_labels_were() -> None:
    frame = pd.DataFrame({"when": pd.date_range("2020", periods=2, tz="UTC"), "odd": [["s"], ["l"]]})
    with pytest.raises(DataLoadingError, match="Column 'when' holds dates; it was numbers when report-1 was trained"):
        check_columns(frame, {"when": "float64"}, "report-1")
    with pytest.raises(DataLoadingError, match=r"Column 'odd' holds objects \(list\); it was labels when report-1 was"):
        check_columns(frame, {"odd": "str"}, "report-1")


@pytest.mark.parametrize("column", [[3, 3], [0.5, np.nan], pd.date_range("2020", periods=2)])
def test_numbers_and_dates_where_words_were(column: Any) -> None:
    frame = pd.DataFrame({"Size": column})
    with pytest.raises(DataLoadingError, match=r"Column 'Size' holds (numbers|dates) \(.*\) and no words \('l', 's'\)"):
        check_columns(frame, {"Size": "str"}, "report-1", {"Size": ["l", "s"]})
    check_columns(frame, {"Size": "str"}, "report-1", {"Size": ["1", "s"]})  # where a number may be a label


def test_gaps_alone_and_dates_that_were_text_are_no_other_kind() -> None:
    frame = pd.DataFrame({"gaps": [np.nan, np.nan], "day": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    known = {"gaps": ["a"], "day": ["2020-01-01 00:00:00", "2020-01-05 00:00:00"]}
    check_columns(frame, dict.fromkeys(known, "str"), "report-1", known)


@pytest.mark.parametrize("dtype", ["str", "object", "category", "string", None, "a dtype of another library"])
def test_words_where_words_were_or_where_nobody_knows(dtype: str | None) -> None:
    check_columns(FRAME, {"Size": dtype}, "report-1")


def test_numbers_may_be_written_as_text_or_be_of_another_width() -> None:
    frame = pd.DataFrame({"a": ["1", " 2.5", ""], "b": pd.array([1, None, 3], dtype="Int64"), "c": [True, False, True]})
    check_columns(frame, {"a": "float64", "b": "float64", "c": "int64"}, "report-1")


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["a", "b", "x", "x", "y", None]),
        pd.Series(["a", "b", "x", "x", "y", None], dtype=object),
        pd.Series(["a", "b", "x", "x", "y", None], dtype="category"),
        pd.Series(["a", "b", "x", "x", "y", None], dtype="string"),
    ],
    ids=["str", "object", "category", "string"],
)
def test_unseen_labels_are_counted(column: pd.Series) -> None:
    assert unseen(column, ["a", "b"]) == {"x": 2, "y": 1, None: 1}
    assert unseen(column, ["a", "b", "x", "y", "missing"]) == {}
    assert unseen(column, ["a", "b", "x", "y"]) == {None: 1}


@pytest.mark.parametrize("values", [[1, 2, 3], [1.0, 2.0, 3.0], ["1", "2", "3"]])
def test_labels_that_are_numbers(values: list[Any]) -> None:
    assert unseen(pd.Series(values), ["1", "2"]) == {"3": 1}


@pytest.mark.parametrize(
    ("values", "classes", "expected"),
    [
        ([0.0, 1.0], np.array([0, 1, 2]), [0, 1]),
        (["0", "1"], np.array([0, 1]), [0, 1]),
        (pd.array([2, 1], dtype="Int64"), np.array([1, 2]), [2, 1]),
        (pd.Categorical(["a", "b"]), np.array(["a", "b"], dtype=object), ["a", "b"]),
        ([1, 0], np.array([False, True]), [True, False]),
        ([True, False], np.array([False, True]), [True, False]),
        ([0.5, 1.0], np.array(["0.5", "1"], dtype=object), ["0.5", "1"]),
        ([1, 2], np.array(["1", "2"], dtype=object), ["1", "2"]),
        ([1, 2], np.array([1.0, 2.0]), [1.0, 2.0]),
        (["a", "c"], np.array(["a", "b"], dtype=object), ["a", "c"]),
        ([1, "a"], np.array([1, "a"], dtype=object), [1, "a"]),
    ],
)
def test_the_truth_in_the_models_own_words(values: Any, classes: np.ndarray, expected: list[Any]) -> None:
    found = truth(pd.Series(values, index=[7, 8], name="y"), classes, "report-1")
    assert found.tolist() == expected
    assert found.index.tolist() == [7, 8]
    assert {type(label) for label in found.tolist()} == {type(label) for label in expected}


def test_numbers_of_a_regression() -> None:
    assert truth(pd.Series(["1.5", "2"]), None, "report-1").tolist() == [1.5, 2.0]
    with pytest.raises(DataLoadingError, match="holds numbers, but 'many' at index 1 is none"):
        truth(pd.Series(["1.5", "many"], name="y"), None, "report-1")


def test_a_truth_of_other_labels_alone() -> None:
    with pytest.raises(DataLoadingError) as caught:
        truth(pd.Series(["cat", "dog"], name="animal"), np.arange(7), "$net")
    assert caught.value.message == (
        "None of the labels in 'animal' ('cat', 'dog') is one that $net knows (0, 1, 2, 3, 4, ...)"
    )
