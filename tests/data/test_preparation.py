import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

from mlmagic.data import (
    TRUSTED_FUNCTIONS,
    Rows,
    coded_columns,
    describe_preparation,
    fit_preparation,
    folds,
    source_columns,
)
from mlmagic.data._parse import labels
from mlmagic.errors import DataLoadingError

from .given import penguins, split_by

NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


def fit(X, scaling="none", mode="auto", gaps=()):
    return fit_preparation(Rows(pd.DataFrame(X), gaps=gaps), scaling, mode)


def output(preparation, X):
    values = preparation.transform(pd.DataFrame(X))
    assert type(values) is np.ndarray
    assert values.dtype == np.float64
    assert len(preparation.get_feature_names_out()) == values.shape[1]
    assert len(source_columns(preparation, list(X))) == values.shape[1]
    return dict(zip(preparation.get_feature_names_out(), values.T.tolist(), strict=True))


@pytest.mark.parametrize(
    ("scaling", "scaler"), [("standard", StandardScaler), ("minmax", MinMaxScaler), ("robust", RobustScaler)]
)
def test_equal_to_scikit_learn_by_hand(scaling, scaler):
    data = split_by(penguins(), target="species")
    preparation = fit_preparation(data.train, scaling, "auto")
    words = ["island", "sex"]
    by_hand = ColumnTransformer(
        [
            ("filled", make_pipeline(SimpleImputer(strategy="median"), scaler()), NUMBERS),
            ("numeric", scaler(), ["year"]),
            ("encoded", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        ]
    )
    told = [
        frame.assign(**{name: frame[name].astype(object).fillna("missing") for name in words})
        for frame in (data.train.X, data.test.X)
    ]
    by_hand.fit(told[0])
    np.testing.assert_allclose(preparation.transform(data.test.X), by_hand.transform(told[1]), rtol=1e-12)


def test_what_it_does_is_told():
    data = split_by(penguins(), target="species")
    preparation = fit_preparation(data.train, "standard", "auto")
    assert describe_preparation(preparation) == {
        "encoded": {"island": ["Biscoe", "Dream", "Torgersen"], "sex": ["female", "male", "missing"]},
        "filled": {**data.train.X[NUMBERS].median().to_dict(), "sex": "missing"},
        "scaled": {"method": "standard", "columns": [*NUMBERS, "year"]},
    }
    assert list(preparation.get_feature_names_out()[5:]) == [
        "island_Biscoe", "island_Dream", "island_Torgersen", "sex_female", "sex_male", "sex_missing",
    ]  # fmt: skip
    assert source_columns(preparation, list(data.train.X)) == [*NUMBERS, "year", *["island"] * 3, *["sex"] * 3]


def test_nothing_to_do_is_none():
    X = load_diabetes(as_frame=True).data
    assert fit(X) is None
    assert fit(X, None) is None
    assert fit(penguins(), "none", "none") is None
    assert describe_preparation(None) == {}
    assert source_columns(None, list(X)) == list(X)


def test_a_gap_outside_the_training_rows_is_filled_too():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0] * 10, "y": [0, 1] * 15})
    data = split_by(frame)
    frame.loc[data.test.X.index[0], "a"] = np.nan
    data = split_by(frame)
    assert not data.train.X["a"].isna().any()
    preparation = fit_preparation(data.train, "none", "auto")
    assert np.isfinite(preparation.transform(data.test.X)).all()
    assert describe_preparation(preparation)["filled"] == {"a": data.train.X["a"].median()}


def test_the_preparation_never_sees_test_or_held_out_rows():
    data = split_by(penguins(), target="species", validation=0.2)
    spoiled = penguins()
    rest = [*data.test.X.index, *data.validation.X.index]
    spoiled.loc[rest, NUMBERS] *= 1000
    spoiled.loc[rest, "island"] = "Atlantis"
    again = split_by(spoiled, target="species", validation=0.2)
    for scaling in ("none", "standard"):
        fitted, same = (fit_preparation(part.train, scaling, "auto") for part in (data, again))
        assert describe_preparation(fitted) == describe_preparation(same)
        np.testing.assert_array_equal(fitted.transform(data.train.X), same.transform(again.train.X))
    for fold in folds(data, 3, None, 0, 0.0):
        told = describe_preparation(fit_preparation(fold.train, "none", "auto"))
        assert told["filled"]["body_mass_g"] == fold.train.X["body_mass_g"].median()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["1.5", " 2 ", "", None], {"a": [1.5, 2.0, 1.75, 1.75]}),
        ([1, None, "3", pd.NA], {"a": [1.0, 2.0, 3.0, 2.0]}),
        ([True, False, True, True], {"a": [1.0, 0.0, 1.0, 1.0]}),
        ([True, False, None, True], {"a_False": [0, 1, 0, 0], "a_True": [1, 0, 0, 1], "a_missing": [0, 0, 1, 0]}),
        (pd.array([True, False, None, True], dtype="boolean"),
         {"a_False": [0, 1, 0, 0], "a_True": [1, 0, 0, 1], "a_missing": [0, 0, 1, 0]}),
        (pd.array([1, 2, None, 4], dtype="Int64"), {"a": [1.0, 2.0, 2.0, 4.0]}),
        (pd.array([1.5, 2, None, 4], dtype="double[pyarrow]"), {"a": [1.5, 2.0, 2.0, 4.0]}),
        (pd.array([1, 2, 3, 4], dtype="int8[pyarrow]"), {"a": [1.0, 2.0, 3.0, 4.0]}),
        (pd.array(["x", "y", None, "x"], dtype="string"),
         {"a_missing": [0, 0, 1, 0], "a_x": [1, 0, 0, 1], "a_y": [0, 1, 0, 0]}),
        (pd.array(["x", "y", None, "x"], dtype="string[pyarrow]"),
         {"a_missing": [0, 0, 1, 0], "a_x": [1, 0, 0, 1], "a_y": [0, 1, 0, 0]}),
        (pd.Categorical(["x", "y", None, "x"], categories=["x", "y", "never"]),
         {"a_missing": [0, 0, 1, 0], "a_x": [1, 0, 0, 1], "a_y": [0, 1, 0, 0]}),
        (pd.Categorical([1, 2, None, 1]), {"a_1": [1, 0, 0, 1], "a_2": [0, 1, 0, 0], "a_missing": [0, 0, 1, 0]}),
        (["", "x", "x", ""], {"a_": [1, 0, 0, 1], "a_x": [0, 1, 1, 0]}),
        ([np.nan] * 4, {"a": [0.0] * 4}),
    ],
)  # fmt: skip
def test_every_kind_of_column(column, expected):
    X = pd.DataFrame({"a": pd.Series(column, dtype=object if isinstance(column, list) else None)})
    assert output(fit(X), X) == expected


def test_a_table_in_another_dtype_gives_the_same():
    X = penguins().drop(columns="species")
    preparation = fit(X)
    expected = preparation.transform(X)
    texts = X.astype(object).where(X.notna(), None)
    for other in (X.convert_dtypes(), X.convert_dtypes(dtype_backend="pyarrow"), texts,
                  X.assign(sex=X["sex"].astype("category"), year=X["year"].astype(str))):  # fmt: skip
        np.testing.assert_array_equal(preparation.transform(other), expected)
    np.testing.assert_array_equal(preparation.transform(X[X.columns[::-1]].assign(extra=1)), expected)


def test_labels_never_seen_give_zeros():
    preparation = fit({"a": ["x", "y"]})
    assert output(preparation, {"a": ["z", None]}) == {"a_x": [0, 0], "a_y": [0, 0]}


def test_a_word_among_numbers_is_named_when_predicting():
    preparation = fit({"a": ["1", "2", None]})
    with pytest.raises(DataLoadingError, match="Column 'a' holds numbers, but 'three' at index 1 is none"):
        preparation.transform(pd.DataFrame({"a": ["1", "three"]}))


def test_prepare_none_only_scales_numbers():
    X = pd.DataFrame({"w": ["x", None, "y"], "a": [1.0, 2.0, np.nan], "b": [True, False, True]})
    preparation = fit(X, "minmax", "none")
    assert list(preparation.get_feature_names_out()) == ["a", "w", "b"]
    assert preparation.transform(X)[:2, 0].tolist() == [0.0, 1.0]
    assert source_columns(preparation, list(X)) == ["a", "w", "b"]
    assert describe_preparation(preparation) == {"scaled": {"method": "minmax", "columns": ["a"]}}


def test_names_that_would_collide_stay_apart():
    X = {"a": ["b_c", "d"], "a_b": ["c", "e"], "a_d": [1.0, 2.0]}
    preparation = fit(X)
    assert list(preparation.get_feature_names_out()) == [
        "numeric__a_d", "encoded__a_b_c", "encoded__a_d", "encoded__a_b_c", "encoded__a_b_e",
    ]  # fmt: skip
    assert source_columns(preparation, list(X)) == ["a_d", "a", "a", "a_b", "a_b"]


def test_it_survives_pickle_and_skops():
    X = penguins().drop(columns="species")
    preparation = fit(X, "standard")
    stored = skops.io.dumps(preparation)
    assert set(skops.io.get_untrusted_types(data=stored)) <= set(TRUSTED_FUNCTIONS)
    for loaded in (pickle.loads(pickle.dumps(preparation)), skops.io.loads(stored, trusted=list(TRUSTED_FUNCTIONS))):
        np.testing.assert_array_equal(loaded.transform(X), preparation.transform(X))
        assert describe_preparation(loaded) == describe_preparation(preparation)


def test_a_process_that_asks_for_pandas_output_still_gets_arrays():
    X = penguins().drop(columns="species")
    with sklearn.config_context(transform_output="pandas"):
        assert type(fit(X, "standard").transform(X)) is np.ndarray


def test_nothing_is_warned_and_the_rows_stay_as_they_are():
    X = penguins().drop(columns="species")
    before = X.copy(deep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(X, "robust").transform(X)
    pd.testing.assert_frame_equal(X, before)


CELLS = st.one_of(st.none(), st.text(max_size=5), st.sampled_from(["a", "b", "<i>", "nan", "None"]))


@settings(max_examples=30, deadline=None)
@given(words=st.lists(CELLS, min_size=1, max_size=15), numbers=st.lists(st.none() | st.integers(-9, 9), min_size=15))
def test_each_row_has_one_label_and_no_gap(words, numbers):
    X = pd.DataFrame({"w": pd.Categorical([f"_{word}" if word is not None else None for word in words])})
    X["n"] = pd.Series(numbers[: len(X)], dtype=float)
    values = fit(X, gaps=("n",)).transform(X)
    assert np.isfinite(values).all()
    assert (values[:, 1:].sum(axis=1) == 1).all()


def native(X, **keys):
    return fit_preparation(Rows(pd.DataFrame(X)), None, "native", **keys)


def test_native_leaves_gaps_and_order_and_codes_labels_as_pandas_does():
    data = split_by(penguins(), target="species")
    preparation = fit_preparation(data.train, "none", "native")
    given = preparation.transform(data.test.X)
    known = {name: sorted(data.train.X[name].dropna().unique()) for name in ("island", "sex")}
    expected = data.test.X.assign(
        **{
            name: pd.Categorical(data.test.X[name], categories=labels).codes.astype(float)
            for name, labels in known.items()
        }
    ).replace({"island": {-1.0: np.nan}, "sex": {-1.0: np.nan}})
    np.testing.assert_array_equal(given, expected.to_numpy(dtype=float))
    assert np.isnan(given).any()
    assert source_columns(preparation, list(data.train.X)) == list(data.train.X)
    assert [name for name, coded in zip(data.train.X, coded_columns(preparation), strict=True) if coded] == list(known)
    assert describe_preparation(preparation) == {"encoded": known, "coded": list(known)}


def test_native_does_nothing_where_there_is_nothing_to_do():
    numbers = {"a": [1.0, np.nan, 3.0], "b": [1, 2, 3], "c": [True, False, True]}
    assert native(numbers) is None
    always = native(numbers, always=True)
    np.testing.assert_array_equal(always.transform(pd.DataFrame(numbers)), [[1, 1, 1], [np.nan, 2, 0], [3, 3, 1]])
    assert fit_preparation(Rows(pd.DataFrame(numbers)), "standard", "native") is not None


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        (["b", "a", None, "b"], [1, 0, np.nan, 1]),
        (pd.Categorical([3, 10, None, 3]), [1, 0, np.nan, 1]),  # by their text, as everywhere: "10" is before "3"
        (pd.Series(["x", 1, None, "1"], dtype=object), [1, 0, np.nan, 0]),
        ([True, None, False, True], [1, np.nan, 0, 1]),
        ([None, None, None, "late"], [np.nan, np.nan, np.nan, 0]),
    ],
    ids=["text", "categories of numbers", "mixed", "truth with gaps", "one label"],
)
def test_native_codes(column, codes):
    X = pd.DataFrame({"n": [1, 2, 3, 4], "c": column})
    preparation = native(X, always=True)
    np.testing.assert_array_equal(preparation.transform(X)[:, 1], codes)


def test_native_takes_a_label_never_seen_for_a_gap():
    preparation = native({"c": ["a", "b", "a"]})
    given = preparation.transform(pd.DataFrame({"c": ["b", "z", None]}))
    np.testing.assert_array_equal(given, [[1], [np.nan], [np.nan]])


def test_native_survives_skops(tmp_path):
    X = penguins().drop(columns="species")
    preparation = native(X)
    skops.io.dump(preparation, tmp_path / "preparation.skops")
    strange = set(skops.io.get_untrusted_types(file=tmp_path / "preparation.skops"))
    assert strange <= set(TRUSTED_FUNCTIONS)
    again = skops.io.load(tmp_path / "preparation.skops", trusted=list(TRUSTED_FUNCTIONS))
    np.testing.assert_array_equal(again.transform(X), preparation.transform(X))


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["b", None, "a", "b"], name="x"),
        pd.Series(["b", None, "a"], dtype=object, index=[7, 3, 5]),
        pd.Series([1, 1.0, True, "1", None], dtype=object),
        pd.Series(["b", None, "a"], dtype="category"),
        pd.Series([3, 1, None], dtype="Int64"),
        pd.Series([1.0, None, 2.0]),
        pd.Series([True, False]),
        pd.Series([True, None], dtype="boolean"),
        pd.to_datetime(pd.Series(["2024-01-02", None])),
    ],
    ids=lambda column: f"{column.dtype} {len(column)}",
)
def test_a_label_is_the_text_of_its_value(column):
    whole = column.convert_dtypes() if column.dtype == float else column
    expected = ["missing" if pd.isna(value) else str(value) for value in whole.astype(object)]
    found = labels(column)
    assert found.tolist() == expected
    assert found.dtype == object
    assert found.index.equals(column.index)
