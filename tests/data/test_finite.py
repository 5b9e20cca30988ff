"""Gaps and infinite values are found and told column by column."""

import numpy as np
import pandas as pd

from mlmagic.data import as_known, filled, not_finite


def test_rows_are_counted_and_the_first_is_named():
    frame = pd.DataFrame(
        {
            "a": [1.0, np.nan, np.inf, np.nan],
            "b": ["1", " ", "-inf", "2"],
            "c": ["x", None, "y", "z"],
            "whole": [1, 2, 3, 4],
        },
        index=[10, 20, 30, 40],
    )
    found = not_finite(frame, frame.columns)
    assert found.gaps == {
        "a": "'a' has gaps in 2 of 4 rows, first at index 20",
        "b": "'b' has gaps in 1 of 4 rows, first at index 20",
    }
    assert found.infinite == {
        "a": "'a' has infinite values in 1 of 4 rows, first at index 30",
        "b": "'b' has infinite values in 1 of 4 rows, first at index 30",
    }
    assert found.columns == ["a", "b"]
    whole = filled(frame, found.columns)
    np.testing.assert_array_equal(whole[["a", "b"]], [[1, 1], [0, 0], [0, 0], [0, 2]])
    assert not not_finite(whole, whole.columns).columns
    assert frame["b"].tolist() == ["1", " ", "-inf", "2"]


def test_text_is_a_number_where_the_model_knows_one():
    frame = pd.DataFrame({"a": ["1.5", " 2 "], "b": ["1", "2"], "c": [1, 2]})
    found = as_known(frame, {"a": "float64", "b": "object", "c": "int64"})
    np.testing.assert_array_equal(found["a"], [1.5, 2.0])
    assert found["b"].tolist() == ["1", "2"]
    assert found["c"].dtype == np.int64
    assert frame["a"].tolist() == ["1.5", " 2 "]
    assert as_known(frame, {}) is frame
