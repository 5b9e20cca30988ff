import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, StratifiedGroupKFold
from sklearn.utils.class_weight import compute_sample_weight

from mlmagic.data import folds
from mlmagic.errors import DataLoadingError, InvalidConfiguration
from tests.data.given import Named, penguins, split_by


def frame() -> pd.DataFrame:
    table = penguins().dropna()
    table["weight"] = np.linspace(0.5, 2.0, len(table))
    table["family"] = np.arange(len(table)) // 7
    return table


def test_balanced_class_weights_are_scikit_learns():
    data = split_by(frame(), target="species", class_weight="balanced")
    expected = compute_sample_weight("balanced", data.train.y)
    np.testing.assert_allclose(data.train.weight, expected)
    assert data.train.weight.index.equals(data.train.y.index)
    assert data.test.weight is None


def test_class_weights_by_label():
    data = split_by(frame(), target="species", class_weight={"Gentoo": 3, "Adelie": 0.5})
    expected = data.train.y.map({"Gentoo": 3.0, "Adelie": 0.5, "Chinstrap": 1.0})
    np.testing.assert_array_equal(data.train.weight, expected)


def test_a_label_of_numbers_is_found_by_number():
    data = split_by(frame(), target="year", task="classification", class_weight={2007: 2.0})
    assert set(data.train.weight[data.train.y.astype(str) == "2007"]) == {2.0}


def test_a_column_of_weights_is_no_feature():
    table = frame()
    data = split_by(table, target="species", sample_weight="weight", validation=0.2)
    for rows in (data.train, data.validation, data.test):
        assert "weight" not in rows.X
        pd.testing.assert_series_equal(rows.weight, table.loc[rows.X.index, "weight"])


def test_weights_of_rows_and_labels_multiply():
    table = frame()
    data = split_by(table, target="species", sample_weight="weight", class_weight="balanced")
    expected = compute_sample_weight("balanced", data.train.y) * table.loc[data.train.X.index, "weight"]
    np.testing.assert_allclose(data.train.weight, expected)


def test_weights_as_a_variable_follow_the_index():
    table = frame()
    shuffled = table["weight"].sample(frac=1, random_state=0)
    data = split_by(table.drop(columns="weight"), target="species", sample_weight=Named(shuffled, "$w"))
    np.testing.assert_array_equal(data.train.weight, table.loc[data.train.X.index, "weight"])
    told = "$w has the index of the data in another order; its values were put in the data's order"
    assert data.metadata["warnings"] == [told]


def test_weights_of_another_index_are_taken_by_position_and_that_is_told():
    table = frame()
    weight = table["weight"].set_axis(range(1000, 1000 + len(table)))
    data = split_by(table.drop(columns="weight"), target="species", sample_weight=Named(weight, "$w"))
    np.testing.assert_array_equal(data.train.weight, table.loc[data.train.X.index, "weight"])
    assert data.metadata["warnings"][0].startswith("$w has another index than the data")


def test_a_weight_that_is_a_feature_too_is_told():
    columns = ["bill_length_mm", "weight"]
    data = split_by(frame(), target="species", sample_weight="weight", feature_columns=columns)
    assert list(data.train.X.columns) == columns
    assert "Column 'weight' is the sampleWeight and a feature too" in data.metadata["warnings"][0]


def test_rows_without_a_target_take_their_weight_along():
    table = frame()
    table.loc[table.index[::5], "species"] = None
    data = split_by(table, target="species", sample_weight="weight", groups="family")
    np.testing.assert_array_equal(data.train.weight, table.loc[data.train.X.index, "weight"])
    np.testing.assert_array_equal(data.train.group, table.loc[data.train.X.index, "family"])


def test_every_fold_balances_its_own_rows():
    data = split_by(frame(), target="species", class_weight="balanced", sample_weight="weight", validation=0.2)
    for part in folds(data, 3, None, seed=0, validation=0.2):
        expected = compute_sample_weight("balanced", part.train.y) * frame().loc[part.train.X.index, "weight"]
        np.testing.assert_allclose(part.train.weight, expected)


def test_no_split_parts_a_group():
    table = frame()
    data = split_by(table, target="species", groups="family", validation=0.2, seed=3)
    parts = [set(rows.group) for rows in (data.train, data.validation, data.test)]
    assert len(set.union(*parts)) == sum(map(len, parts))
    assert "family" not in data.train.X
    count = int(np.ceil(0.2 * table["family"].nunique()))
    splitter = GroupShuffleSplit(n_splits=1, test_size=count, random_state=3)
    _, test = next(splitter.split(table, groups=pd.factorize(table["family"])[0]))
    assert list(data.test.X.index) == list(table.index[test])


@pytest.mark.parametrize(("stratified", "kind"), [(True, StratifiedGroupKFold), (False, GroupKFold)])
def test_folds_of_groups_are_scikit_learns(stratified, kind):
    data = split_by(frame(), target="species", groups="family")
    rows = data.train
    by_hand = kind(3, shuffle=True, random_state=0).split(rows.X, rows.y, pd.factorize(rows.group)[0])
    for part, (_, held_out) in zip(folds(data, 3, stratified, seed=0, validation=0.0), by_hand, strict=True):
        assert list(part.test.X.index) == list(rows.X.index[held_out])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, -1.0], "has -1.0 at index"),
        ([1.0, np.nan], "has nan at index"),
        ([1.0, np.inf], "has inf at index"),
        ([0.0, 0.0], "is 0 in every row"),
        (["a", "b"], "holds 'a'"),
    ],
)
def test_what_is_no_weight(values, said):
    table = frame()
    table["weight"] = np.resize(np.array(values, dtype=object if isinstance(values[0], str) else float), len(table))
    with pytest.raises(DataLoadingError, match=said):
        split_by(table, target="species", sample_weight="weight")


def test_what_is_no_group():
    table = frame().astype({"family": object})
    table.iloc[3, table.columns.get_loc("family")] = None
    with pytest.raises(DataLoadingError, match="groups: 'family' has 1 gaps"):
        split_by(table, target="species", groups="family")


def test_every_name_that_is_no_column_is_told():
    with pytest.raises(InvalidConfiguration) as caught:
        split_by(frame(), target="species", sample_weight="wieght", groups="famly")
    assert [(fault.path, fault.suggestion) for fault in caught.value.faults] == [
        ("sampleWeight", "weight"),
        ("groups", "family"),
    ]


def test_names_of_target_features_weights_and_groups_are_told_together():
    wrong = {"target": "specie", "sample_weight": "wieght", "groups": "familly", "feature_columns": ["yeer"]}
    with pytest.raises(InvalidConfiguration) as caught:
        split_by(frame(), **wrong)
    found = {fault.path: fault.suggestion for fault in caught.value.faults}
    assert found == {"target": "species", "sampleWeight": "weight", "groups": "family", "featureColumns[0]": "year"}


@pytest.mark.parametrize("key", ["sample_weight", "groups"])
def test_the_target_is_no_weight_and_no_group(key):
    with pytest.raises(InvalidConfiguration, match="names the target 'year', which is learned"):
        split_by(frame(), target="year", **{key: "year"})


def test_a_weight_for_no_label():
    with pytest.raises(InvalidConfiguration) as caught:
        split_by(frame(), target="species", class_weight={"Gentu": 2.0})
    (fault,) = caught.value.faults
    assert (fault.path, fault.suggestion) == ("classWeight.Gentu", "Gentoo")


def test_class_weights_need_classes():
    with pytest.raises(InvalidConfiguration, match="target is numbers"):
        split_by(frame(), target="body_mass_g", class_weight="balanced")


def test_one_group_cannot_be_split():
    with pytest.raises(DataLoadingError, match="1 group is too few for 1 to test, 0 to validate and 1 to train"):
        split_by(frame().assign(family=1), target="species", groups="family")


def test_data_is_not_changed():
    table = frame()
    before = table.copy(deep=True)
    split_by(table, target="species", sample_weight="weight", groups="family", class_weight="balanced")
    pd.testing.assert_frame_equal(table, before)
