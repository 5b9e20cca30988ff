import numpy as np
import pandas as pd
import pytest
from palmerpenguins import load_penguins_raw

from mlmagic.data import read
from mlmagic.errors import DataLoadingError, InvalidConfiguration

from .given import Named, config, penguins, split_by


def decided(y, **given):
    return split_by(pd.DataFrame({"x": np.arange(len(y), dtype=float), "y": y}), **given)


@pytest.mark.parametrize(
    ("columns", "target", "why"),
    [
        (["a", "y", "label", "z"], "label", "no target named: the column is called label"),
        (["a", "y", "target", "z"], "target", "no target named: the column is called target"),
        (["y", "a"], "y", "no target named: the column is called y"),
        (["a", "Label"], "Label", "no target named: the last column"),
    ],
)
def test_the_target_that_is_not_named(columns, target, why):
    data = split_by(pd.DataFrame({name: range(40) for name in columns}))
    assert (data.target, data.metadata["targetColumn"], data.metadata["targetChosen"]) == (target, target, why)


def test_missing_columns_are_all_named_at_once_with_what_was_meant():
    with pytest.raises(InvalidConfiguration) as caught:
        split_by(penguins(), target="Specis", feature_columns=["island", "bil_length_mm", "island", "qqq"])
    faults = caught.value.faults
    assert [fault.path for fault in faults] == ["target", "featureColumns[1]", "featureColumns[2]", "featureColumns[3]"]
    assert [fault.suggestion for fault in faults] == ["species", "bill_length_mm", None, None]
    assert "'year'" in faults[0].message


def test_the_target_is_no_feature():
    with pytest.raises(InvalidConfiguration, match="only copy it"):
        split_by(penguins(), target="species", feature_columns=["species", "year"])
    with pytest.raises(InvalidConfiguration, match="no column beside"):
        split_by(penguins()[["species"]])


def test_chosen_features_keep_their_order():
    data = split_by(penguins(), target="species", feature_columns=["year", "island"])
    assert list(data.train.X.columns) == ["year", "island"]


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (["a", "b"] * 20, "classification"),
        ([True, False] * 20, "classification"),
        (pd.Categorical([1.5, 2.5] * 20), "classification"),
        (list(range(20)) * 2, "classification"),
        (list(range(21)) * 2, "regression"),
        ([0.0, 1.0] * 20, "regression"),
        ([0.0, 1.0, np.nan, 1.0] * 10, "classification"),
        ([0.5, 1.0, np.nan, 1.0] * 10, "regression"),
        (pd.array([0, 1, None, 1] * 10, dtype="Int64"), "classification"),
        (pd.array([True, False, None, True] * 10, dtype="boolean"), "classification"),
        (pd.array(["a", "b", None, "b"] * 10, dtype="string"), "classification"),
        (pd.array([0.5, 1.5] * 20, dtype="double[pyarrow]"), "regression"),
        (pd.array([0, 1] * 20, dtype="int64[pyarrow]"), "classification"),
        (["1", "2"] * 20, "classification"),
        ([f"{number}.5" for number in range(40)], "regression"),
        (["1", "2", "3+"] * 10, "classification"),
    ],
)
def test_the_task_follows_from_the_values(y, task):
    data = decided(y)
    assert data.task == task
    assert isinstance(data.train.y.dtype, np.dtype)
    assert (data.classes is None) == (task == "regression")


def test_floats_that_are_whole_are_called_so():
    assert "whole floats" in decided([0.0, 1.0] * 20).metadata["taskChosen"]
    assert "fractional" in decided([0.5, 1.0] * 20).metadata["taskChosen"]


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        ([0.0, 1.0, np.nan, 1.0] * 10, "int64"),
        (pd.array([0, 1, None, 1] * 10, dtype="Int64"), "int64"),
        (pd.Categorical([1, 2] * 20), "int64"),
        (pd.array([True, None, False, True] * 10, dtype="boolean"), "bool"),
        (pd.Categorical(["a", "b"] * 20), "object"),
    ],
)
def test_labels_come_in_a_plain_dtype(y, dtype):
    assert str(decided(y).train.y.dtype) == dtype


def test_task_and_estimator_override():
    y = list(range(10)) * 4
    assert decided(y).task == "classification"
    assert decided(y, estimator="regression").task == "regression"
    assert decided(y, estimator="regression", task="classification").task == "classification"
    assert decided(list(range(30)) * 4, estimator="classification").task == "classification"
    assert decided([True, False] * 20, task="regression").train.y.dtype == float
    assert decided(["1", "2"] * 20, task="regression").train.y.dtype == float


def test_a_regression_of_text_is_refused():
    with pytest.raises(
        InvalidConfiguration, match="task: regression needs numbers, but the target 'y' holds text: 'a'"
    ):
        decided(["a", "b"] * 20, task="regression")
    with pytest.raises(InvalidConfiguration, match="A regressor or a ranker, or the loss of one, needs numbers"):
        decided(["a", "b"] * 20, estimator="regression")


def test_classes_of_fractional_numbers():
    data = decided([0.5, 1.0, 1.5, 2.0] * 10, task="classification")
    assert list(data.classes) == ["0.5", "1", "1.5", "2"]
    assert "taken as 4 labels" in data.metadata["warnings"][0]
    with pytest.raises(InvalidConfiguration, match="40 different fractional numbers"):
        decided(np.arange(40) + 0.5, task="classification")


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["a"] * 40, "one class only: all 40 rows are 'a'"),
        ([np.nan] * 40, "has no values"),
        (pd.date_range("2020", periods=40), "holds dates"),
        (pd.timedelta_range("1h", periods=40), "holds durations"),
        ([[1]] * 40, "objects \\(list\\)"),
        ([0.5, np.inf] * 20, "infinite values \\(20 of 40 rows\\)"),
        ([f"name {number}" for number in range(40)], "identifier or free text"),
        ([str(number) for number in range(39)] + ["?"], "mixes numbers and words: 1 of 40 values \\(2.5%\\).*'\\?'"),
    ],
)
def test_a_column_that_is_no_target(y, said):
    with pytest.raises(DataLoadingError, match=said):
        decided(y)


def test_values_as_target_are_taken_by_position():
    frame = penguins().drop(columns="species")
    y = penguins()["species"].set_axis(range(1000, 1344))
    for value in (y, y.to_numpy(), list(y), y.to_frame(), y.to_numpy()[:, None]):
        data = split_by(frame, target=Named(value, "$labels"))
        assert data.target in ("species", "labels")
        assert data.metadata["targetChosen"] == "given as $labels"
        assert (data.train.y == penguins()["species"].loc[data.train.X.index]).all()
    assert split_by(frame, target=Named(y.to_numpy(), "$run.labels")).target == "labels"


def test_values_as_target_that_do_not_fit():
    with pytest.raises(DataLoadingError, match="has 3 values, but the data has 344 rows"):
        split_by(penguins(), target=Named([1, 2, 3], "$y"))
    with pytest.raises(DataLoadingError, match="shape \\(344, 2\\)"):
        split_by(penguins(), target=Named(np.zeros((344, 2)), "$y"))


def test_a_target_given_as_values_is_no_feature_too():
    data = split_by(penguins(), target=Named(penguins()["species"], "$y"))
    assert "species" not in data.train.X.columns
    assert "left out of the features" in data.metadata["warnings"][0]


def test_an_index_in_another_order_is_mentioned():
    y = penguins()["species"].sample(frac=1, random_state=0)
    data = split_by(penguins().drop(columns="species"), target=Named(y, "$y"))
    assert "another order" in data.metadata["warnings"][0]


def test_labels_of_values_beside_an_array_tell_no_order():
    shuffled = penguins()[["year", "species"]].sample(frac=1, random_state=0)
    frame = read(config(data=Named(shuffled[["year"]].to_numpy(), "$X")))
    data = split_by(frame, target=Named(shuffled["species"], "$y"))
    assert data.train.y.tolist() == shuffled["species"].iloc[data.train.X.index].tolist()
    assert data.metadata["warnings"] == []


def test_values_of_another_index_are_taken_by_position_and_that_is_told():
    frame, y = penguins().drop(columns="species"), penguins()["species"]
    told = "$y has another index than the data: its values were taken one after the other, row by row"
    assert split_by(frame, target=Named(y.set_axis(range(7, 351)), "$y")).metadata["warnings"] == [told]
    for plain in (y.to_numpy(), y):
        assert split_by(frame.set_axis(range(7, 351)), target=Named(plain, "$y")).metadata["warnings"] == []


def test_real_raw_data_names_every_column_it_cannot_take():
    with pytest.raises(DataLoadingError) as caught:
        split_by(load_penguins_raw(), target="Species")
    assert caught.value.metadata["columns"] == ["Individual ID", "Date Egg"]
