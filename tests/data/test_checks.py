import datetime

import numpy as np
import pandas as pd
import pytest

from mlmagic.errors import DataLoadingError

from .given import split_by

SENTENCES = [f"a review of some length, number {number}" for number in range(40)]


def check(column):
    frame = pd.DataFrame({"odd one": column, "fine": range(40), "y": [0, 1] * 20}, index=range(100, 140))
    if isinstance(column, pd.Series):
        frame["odd one"] = column.set_axis(frame.index)
    return split_by(frame)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (
            [1.5] * 38 + ["?", "none"],
            "mixes numbers and words: 2 of 40 values (5.0%) are words, first at index 138: '?'",
        ),
        (["1.5"] * 39 + ["?"], "1 of 40 values (2.5%) are words, first at index 139: '?'"),
        (["a"] * 39 + ["3"], "1 of 40 values (2.5%) are numbers, first at index 139: '3'"),
        (SENTENCES, "free text or an identifier (40 different texts in 40 rows): 'a review of some length, number 0'"),
        (pd.date_range("2020", periods=40), "holds dates: '2020-01-01"),
        ([datetime.date(2020, 1, 1)] * 40, "holds dates: '2020-01-01'"),
        (["2020-01-01", "2021-12-24 10:00"] * 20, "holds dates"),
        (["24.12.2020", "1/2/21"] * 20, "holds dates"),
        (pd.Series(pd.timedelta_range("1h", periods=40)), "holds durations: '0 days 01:00:00'"),
        (pd.Series([datetime.timedelta(hours=1)] * 40, dtype=object), "holds durations: '1:00:00'"),
        ([datetime.time(10, 30)] * 40, "holds times of day: '10:30:00'"),
        (pd.Series([pd.NaT] * 40), "holds dates, and all of them are gaps"),
        (pd.Series(pd.period_range("2020", periods=40, freq="D")), "holds dates"),
        (pd.Series(pd.date_range("2020", periods=40)).astype("timestamp[ns][pyarrow]"), "holds dates"),
        ([[1, 2]] * 40, "holds objects (list)"),
        ([{"a": 1}] * 40, "holds objects (dict)"),
        ([b"a", b"b"] * 20, "holds objects (bytes)"),
        ([1j] * 40, "holds objects (complex128)"),
        ([1.0, np.inf, -np.inf, 2.0] * 10, "has 20 infinite values of 40, first at index 101, 102, 105"),
        (["1", "inf"] * 20, "has 20 infinite values"),
    ],
)
def test_a_column_that_cannot_be_trained_on_is_named(column, said):
    with pytest.raises(DataLoadingError) as caught:
        check(column)
    assert caught.value.message.startswith("Column 'odd one' ")
    assert said in caught.value.message
    assert caught.value.metadata == {"columns": ["odd one"]}
    assert "featureColumns" in caught.value.solution
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "column",
    [
        pd.date_range("2020", periods=40),
        pd.date_range("2020", periods=40, tz="Europe/Berlin"),
        [datetime.date(2020, 1, 31)] * 40,
        ["2020-01-01", "2021-12-24"] * 20,
        pd.Series(pd.period_range("2020", periods=40, freq="D")),
        pd.Series(pd.date_range("2020", periods=40)).astype("timestamp[ns][pyarrow]"),
        pd.Series(pd.timedelta_range("1h", periods=40)),
        pd.Series([datetime.timedelta(hours=1)] * 40, dtype=object),
        [datetime.time(10, 30)] * 40,
        [datetime.time(10, 30), None] * 20,
        [datetime.timedelta(hours=1), None] * 20,
        [datetime.date(2020, 1, 31), None] * 20,
        ["2020-01-01", None, "2021-12-24 10:00", None] * 10,
        ["2020-01-01T10:00:00+01:00", "2020-07-01T10:00:00+02:00", None, None] * 10,
        pd.Series([pd.Timestamp("2020-01-01", tz=zone) for zone in ("Europe/Berlin", "UTC")] * 20, dtype=object),
        ["24.12.2020", None, "1/2/21", None] * 10,
    ],
)
def test_the_way_out_of_dates_gives_numbers_that_train(column):
    df = pd.DataFrame({"odd one": column, "fine": range(40), "y": [0, 1] * 20})
    with pytest.raises(DataLoadingError) as caught:
        split_by(df)
    advice, _, rest = caught.value.solution.removeprefix("Make numbers of dates in a cell first: ").partition(", or")
    assert "naming the others in featureColumns" in rest
    assert "prepare" not in rest
    exec(advice, {"df": df, "pd": pd})
    assert pd.api.types.is_numeric_dtype(df["odd one"].dtype)
    assert list(split_by(df).train.X.columns) == ["odd one", "fine"]


@pytest.mark.parametrize(
    "column",
    [
        ["1.5", " 2 ", "", None] * 10,
        ["yes", "no", None, ""] * 10,
        [True, False, None, True] * 10,
        pd.Series(["1", "a"] * 20, dtype="category"),
        pd.Series(SENTENCES, dtype="category"),
        pd.array([1, None] * 20, dtype="Int64"),
        pd.array([1.5, None] * 20, dtype="double[pyarrow]"),
        pd.array(["a", None] * 20, dtype="string[pyarrow]"),
        [f"label {number % 20}" for number in range(40)],
        pd.cut(pd.Series(range(40)), 4),
    ],
)
def test_a_column_that_can(column):
    assert list(check(column).train.X.columns) == ["odd one", "fine"]


def test_all_columns_are_named_at_once():
    frame = pd.DataFrame({"when": pd.date_range("2020", periods=40), "what": SENTENCES, "y": [0, 1] * 20})
    with pytest.raises(DataLoadingError, match=r"2 columns cannot be trained on\n  Column 'when'.*\n  Column 'what'"):
        split_by(frame)


def test_too_many_labels_to_encode():
    frame = pd.DataFrame({"zip": [f"z{number % 300}" for number in range(3000)], "y": [0, 1] * 1500})
    with pytest.raises(DataLoadingError, match="300 different texts in 3000 rows"):
        split_by(frame)


def test_a_text_that_reads_as_a_number_is_a_text_still():
    with pytest.raises(DataLoadingError, match="Column 'odd one' is free text or an identifier"):
        check([*SENTENCES[:38], "10", "7"])
