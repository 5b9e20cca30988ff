"""Rows of the user's own that validate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from palmerpenguins import load_penguins

import mlmagic
from mlmagic.config import resolve
from mlmagic.data import TrainingData, folds, training_data
from mlmagic.errors import DataLoadingError, InvalidConfiguration

PENGUINS = load_penguins()
HELD = PENGUINS.sample(60, random_state=0)
REST = PENGUINS.drop(index=HELD.index)


def prepared(frame: pd.DataFrame, held: Any, **keys: Any) -> TrainingData:
    flat = {"action": "train", "framework": "pytorch", "architecture": "mlp", "data": "$df", **keys}
    given = {"df": frame, "held": held}
    config = resolve({"validationData": "$held", **flat}).bind(lambda reference: given[reference.name]).train
    return training_data(frame, config, 0, config.default_validation_split)


def failure(frame: pd.DataFrame, held: Any, **keys: Any) -> DataLoadingError:
    with pytest.raises(DataLoadingError) as caught:
        prepared(frame, held, **keys)
    return caught.value


def test_they_validate_and_all_others_train_or_test(tmp_path):
    path = tmp_path / "held.csv"
    HELD.to_csv(path, index=False)
    for data in (
        prepared(REST, HELD, target="species"),
        prepared(REST, None, target="species", validationData=str(path)),
    ):
        assert (len(data.train), len(data.validation), len(data.test)) == (227, 60, 57)
        assert data.validation.y.tolist() == HELD["species"].tolist()
        assert list(data.validation.X.columns) == list(data.train.X.columns)
        assert data.metadata["validationSamples"] == 60


def test_rows_that_are_those_of_the_data_are_told(tmp_path):
    path = str(tmp_path / "rest.csv")
    REST.to_csv(path, index=False)
    told = "has the rows of the data: what is measured on them says nothing about new rows"
    for same in (REST, REST.copy()):
        assert prepared(REST, same, target="species").metadata["warnings"][0] == f"validationData: $held {told}"
    keys = {"target": "species", "validationData": path}
    data = prepared(pd.read_csv(path), None, **keys)
    assert data.metadata["warnings"][0] == f"validationData: {path} {told}"
    others = REST.assign(body_mass_g=REST["body_mass_g"] + 1)
    for other in (HELD, others):
        assert not any(told in text for text in prepared(REST, other, target="species").metadata["warnings"])


def test_words_in_them_where_training_has_numbers_are_told_of_their_key():
    error = failure(REST, HELD.astype({"body_mass_g": object}).assign(body_mass_g="heavy"), target="species")
    said = "validationData: $held has no numbers where the training rows have them: Column 'body_mass_g' holds numbers"
    assert error.message.startswith(said)


def test_what_cannot_be_read_is_told_of_their_key(here):
    (here / "none.csv").write_text("a,b\n")
    body = "framework: xgboost\ndata: $df\ntarget: species\nvalidationData: {}\n"
    twice = pd.concat([HELD, HELD], axis=1)
    for given in ("$held", "none.csv", "$twice"):
        with pytest.raises(DataLoadingError, match="line 5, column 1: "):
            mlmagic.run("action: train\n" + body.format(given), df=REST, held=HELD[:0], twice=twice)


def test_a_gap_in_them_alone_is_filled_too():
    whole = REST.dropna()
    data = prepared(whole, HELD, target="species")
    assert set(data.train.gaps) == set(data.validation.gaps) == set(HELD.columns[HELD.isna().any()])


def test_rows_without_a_target_are_left_out_and_told():
    held = HELD.assign(body_mass_g=np.where(np.arange(60) < 5, np.nan, 4000.0))
    data = prepared(REST.dropna(), held, target="body_mass_g")
    assert len(data.validation) == 55
    assert "5 rows of $held without a value of 'body_mass_g' are left out" in data.metadata["warnings"]
    assert data.validation.y.dtype.kind == "f"


@pytest.mark.parametrize("kind", [np.int64, np.float64, str, "category"])
def test_labels_are_the_same_however_they_are_kept(kind):
    frame = pd.DataFrame({"x": np.arange(60.0), "y": np.arange(60) % 3 * 1_000_001})
    held = frame.iloc[:9].assign(y=frame["y"].iloc[:9].astype(kind))
    data = prepared(frame, held, target="y")
    assert data.validation.y.tolist() == frame["y"].iloc[:9].tolist()
    assert data.validation.y.dtype == data.train.y.dtype


@pytest.mark.parametrize("kind", [np.int64, np.float64, str])
def test_labels_that_no_training_row_has_are_left_out_and_told(kind):
    frame = pd.DataFrame({"x": np.arange(60.0), "y": np.arange(60) % 3})
    held = frame.iloc[:9].assign(y=np.array([0, 1, 7, 0, 7, 2, 0, 8, 1]).astype(kind))
    data = prepared(frame, held, target="y")
    assert data.validation.y.tolist() == [0, 1, 0, 2, 0, 1]
    assert data.validation.y.dtype == data.train.y.dtype
    assert data.metadata["validationSamples"] == 6
    assert [sum(counts.values()) for counts in data.metadata["unlearnedLabels"].values()] == [2, 1]
    assert "3 validation rows of them are left out" in data.metadata["warnings"][-1]


def test_what_does_not_fit_is_named():
    error = failure(REST, HELD.drop(columns=["sex", "year"]), target="species")
    assert error.message == "validationData: $held lacks 'sex', 'year', which the training rows have"
    odd = HELD.assign(species="Emperor")
    assert failure(REST, odd, target="species").message == (
        "validationData: $held has none of the labels that training rows have: its own are 'Emperor'"
    )
    assert "no row with a value" in failure(REST, HELD.assign(species=None), target="species").message
    assert failure(REST, None, target="species", validationData="nowhere.csv").stderr.startswith("FileNotFoundError")
    words = HELD.assign(bill_length_mm=["1", "x"] * 30)
    assert failure(REST, words, target="species").message.startswith("validationData: $held has no numbers where")


def test_numbers_that_are_text_or_gaps_alone_are_numbers_as_in_training():
    text = HELD.assign(body_mass_g=HELD["body_mass_g"].astype(object).map(str, na_action="ignore"), year=None)
    data = prepared(REST, text, target="species")
    expected = HELD.assign(year=np.nan)[list(data.validation.X.columns)]
    pd.testing.assert_frame_equal(data.validation.X, expected)
    gone = prepared(REST, HELD.assign(year=pd.NaT), target="species")
    pd.testing.assert_frame_equal(gone.validation.X, expected)


def test_dates_in_them_where_training_has_numbers_are_told_of_their_key():
    error = failure(REST, HELD.assign(year=pd.Timestamp("2020-01-01")), target="species")
    said = "has no numbers where the training rows have them: Column 'year' holds dates"
    assert error.message == f"validationData: $held {said}"


def with_sides(frame: pd.DataFrame) -> pd.DataFrame:
    """Each row with a weight, and in a group of seven."""
    return frame.assign(weight=np.linspace(0.5, 2.0, len(frame)), family=np.arange(len(frame)) // 7)


def test_their_weights_and_groups_are_columns_of_theirs():
    held = with_sides(HELD)
    data = prepared(with_sides(REST), held, target="species", sampleWeight="weight", groups="family")
    pd.testing.assert_series_equal(data.validation.weight, held["weight"])
    pd.testing.assert_series_equal(data.validation.group, held["family"])
    for part in folds(data, 3, None, 0, 0.0):
        assert not set(part.train.group) & set(part.test.group)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (-1.0, "has -1.0 at index"),
        (np.inf, "has inf at index"),
        (np.nan, "has nan at index"),
        ("x", "holds 'x'"),
        (0, "is 0 in every row"),
    ],
)
def test_a_weight_that_is_none_is_told_of_their_table(values, says):
    held = with_sides(HELD).assign(weight=values)
    error = failure(with_sides(REST), held, target="species", sampleWeight="weight")
    assert error.message.startswith(f"sampleWeight: 'weight' of $held {says}")


def test_a_gap_in_their_groups_is_told_of_their_table():
    held = with_sides(HELD).assign(family=[None, *range(59)])
    error = failure(with_sides(REST), held, target="species", groups="family")
    assert error.message == f"groups: 'family' of $held has 1 gaps, first at index {HELD.index[0]}"


@pytest.mark.parametrize(("key", "column"), [("sampleWeight", "weight"), ("groups", "family")])
def test_weights_and_groups_that_they_lack_are_named(key, column):
    error = failure(with_sides(REST), with_sides(HELD).drop(columns=column), target="species", **{key: column})
    assert error.message == f"validationData: $held lacks '{column}', which the training rows have"


def test_weights_of_the_training_rows_alone_are_told():
    frame = with_sides(REST)
    given = {"df": frame.drop(columns="weight"), "held": HELD.assign(family=0), "w": frame["weight"]}
    flat = {"action": "train", "framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "species"}
    weighted = resolve({**flat, "validationData": "$held", "sampleWeight": "$w"}).bind(lambda name: given[name.name])
    data = training_data(given["df"], weighted.train, 0, 0.2)
    assert (data.validation.weight == 1).all()
    assert data.metadata["warnings"] == ["sampleWeight: $w has no weights of the rows of $held: each counts 1"]
    grouped = resolve({**flat, "validationData": "$held", "groups": "$w"}).bind(lambda name: given[name.name])
    with pytest.raises(InvalidConfiguration, match="none for the rows of \\$held") as caught:
        training_data(given["df"], grouped.train, 0, 0.2)
    assert "a column of both tables" in caught.value.solution
