from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold, train_test_split

from mlmagic.data import TrainingData, folds
from mlmagic.errors import DataLoadingError, InvalidConfiguration

from .given import penguins, split_by


@pytest.mark.parametrize("stratified", [None, True, False])
@pytest.mark.parametrize("count", [2, 5])
def test_equal_to_scikit_learn_by_hand(stratified, count):
    data = split_by(load_iris(as_frame=True).frame)
    splitter = KFold if stratified is False else StratifiedKFold
    by_hand = splitter(count, shuffle=True, random_state=3).split(data.train.X, data.train.y)
    for fold, (fitting, held_out) in zip(folds(data, count, stratified, 3, 0.0), by_hand, strict=True):
        pd.testing.assert_frame_equal(fold.train.X, data.train.X.iloc[fitting])
        pd.testing.assert_frame_equal(fold.test.X, data.train.X.iloc[held_out])
        pd.testing.assert_series_equal(fold.test.y, data.train.y.iloc[held_out])
        assert fold.validation is None


def test_a_regression_is_cut_plainly():
    data = split_by(load_diabetes(as_frame=True).frame)
    assert data.task == "regression"
    held_out = KFold(4, shuffle=True, random_state=0).split(data.train.X)
    for fold, (_, by_hand) in zip(folds(data, 4, None, 0, 0.0), held_out, strict=True):
        pd.testing.assert_frame_equal(fold.test.X, data.train.X.iloc[by_hand])


def test_validation_rows_of_a_fold_are_those_of_train_test_split():
    data = split_by(penguins(), target="species")
    for fold in folds(data, 4, None, 5, 0.2):
        fitting = data.train.y.drop(index=fold.test.y.index)
        train, validation = train_test_split(fitting, test_size=0.2, random_state=5, stratify=fitting)
        pd.testing.assert_series_equal(fold.train.y, train)
        pd.testing.assert_series_equal(fold.validation.y, validation)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 8), seed=st.integers(0, 2**31 - 1), validation=st.sampled_from([0.0, 0.1, 0.25]))
def test_every_row_outside_the_test_is_held_out_once(count, seed, validation):
    data = split_by(penguins(), target="species", validation=0.2)
    cut = list(folds(data, count, None, seed, validation))
    together = sorted([*data.train.X.index, *data.validation.X.index])
    assert sorted(np.concatenate([fold.test.X.index for fold in cut])) == together
    for fold in cut:
        parts = [part for part in (fold.train, fold.validation, fold.test) if part is not None]
        assert sorted(np.concatenate([part.X.index for part in parts])) == together
        assert (fold.validation is None) == (validation == 0)
        assert fold.train.gaps == data.train.gaps
        assert [fold.metadata["trainSamples"], fold.metadata["testSamples"]] == [len(fold.train), len(fold.test)]


def test_the_test_rows_are_never_looked_at():
    data = split_by(penguins(), target="species")
    blind = replace(data, test=None)
    for fold, same in zip(folds(data, 3, None, 0, 0.1), folds(blind, 3, None, 0, 0.1), strict=True):
        pd.testing.assert_frame_equal(fold.train.X, same.train.X)


def test_faults_come_before_the_first_fold():
    data = split_by(penguins(), target="species")
    with pytest.raises(InvalidConfiguration, match="at least 2, but got 1"):
        folds(data, 1, None, 0, 0.0)
    with pytest.raises(DataLoadingError, match="the rarest class, 'Chinstrap', has only 54 rows"):
        folds(data, 55, None, 0, 0.0)
    with pytest.raises(DataLoadingError, match="there are only 275 rows"):
        folds(data, 276, False, 0, 0.0)
    with pytest.raises(InvalidConfiguration, match="is numbers"):
        folds(split_by(load_diabetes(as_frame=True).frame), 5, True, 0, 0.0)


def grouped(groups: np.ndarray) -> TrainingData:
    return split_by(penguins().assign(group=groups), target="species", groups="group")


@pytest.mark.parametrize("stratified", [True, False])
def test_fewer_groups_than_folds(stratified):
    data = grouped(np.arange(344) % 4)
    with pytest.raises(DataLoadingError, match="folds is 5, but there are only 3 groups to cut") as caught:
        folds(data, 5, stratified, 0, 0.0)
    assert "more groups" in caught.value.solution
    assert len(list(folds(data, 3, stratified, 0, 0.0))) == 3


def test_groups_that_leave_a_fold_nothing_to_train_on():
    data = grouped(np.arange(344) % 3)
    with pytest.raises(DataLoadingError, match="fold 1 of the cross-validation has 1 of its 1 groups to validate"):
        folds(data, 2, False, 0, 0.2)
    assert len(list(folds(data, 2, False, 0, 0.0))) == 2


def test_rows_that_leave_a_fold_nothing_to_train_on():
    data = split_by(load_diabetes(as_frame=True).frame[:3])
    with pytest.raises(DataLoadingError, match="fold 1 of the cross-validation has 1 of its 1 to validate"):
        list(folds(data, 2, None, 0, 0.2))


def test_the_rows_are_dealt_once(monkeypatch):
    data, cuts, own = grouped(np.arange(344) % 40), [], StratifiedGroupKFold.split
    # Wrapped, not replaced: how often it cuts is what this is about.
    monkeypatch.setattr(StratifiedGroupKFold, "split", lambda *given: cuts.append(1) or own(*given))
    assert len(list(folds(data, 4, None, 0, 0.2))) == 4
    assert cuts == [1]
