"""How much a row counts, and which rows belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils.class_weight import compute_class_weight

import mlmagic
from mlmagic.events import Log
from mlmagic.executors import load
from tests.executors.contract.cases import FRAMEWORKS, SMALL, UNITS, frame, split, tumours
from tests.executors.contract.runs import Run, bound, rows

if TYPE_CHECKING:
    from pathlib import Path

ALL = pytest.mark.parametrize("framework", FRAMEWORKS)
TASK = "classification"
TABLE = frame(TASK).drop(index=range(30))  # fewer of the first kind
TRAIN, VAL, TEST = split(TABLE, "target", classify=True)
# Nothing of the library's own weighs against a row: neither a penalty beside the loss nor a least number of rows.
FREE: dict[str, dict[str, Any]] = {
    **{framework: SMALL[framework, TASK] for framework in FRAMEWORKS},
    "xgboost": {"hyperparameters": {"n_estimators": 5, "reg_lambda": 0, "min_child_weight": 0}},
    "lightgbm": {"hyperparameters": {"n_estimators": 5, "min_child_samples": 1}},
    "catboost": {"hyperparameters": {"n_estimators": 5, "l2_leaf_reg": 0, "random_strength": 0}},
}
# Keras divides a loss by how many rows there are, and Adam's first steps feel its scale.
LOOSE = {"keras": 5e-3}
# Which of two splits that are as good CatBoost takes is a matter of the last digit.
FACTOR = {"catboost": 1}


def shares(framework: str, directory: Path, table: pd.DataFrame = TABLE, w: Any = None, **keys: Any) -> np.ndarray:
    """Probabilities of the test rows, of a model that no validation row has chosen."""
    given = {**FREE[framework], "validationSplit": 0, **({} if w is None else {"sampleWeight": "$w"}), **keys}
    run = Run().through("thread", bound(framework, TASK, directory, given, df=table, w=w))
    found = load(framework).predict(run.outcome, rows(TASK, TEST.index)).probabilities
    assert found is not None
    return found


@ALL
def test_rows_of_weight_0_do_not_count_and_of_the_others_only_the_share(tmp_path: Path, framework: str) -> None:
    chosen = np.random.default_rng(0).permutation(TRAIN.index)
    nothing, little = chosen[:25], chosen[25:45]
    w = pd.Series(1.0, index=TABLE.index)
    w[nothing], w[little] = 0, 0.25
    changed = TABLE.copy()
    columns = TABLE.columns[2:4]
    changed.loc[nothing, columns] = TABLE.loc[nothing[::-1], columns].to_numpy()
    found = shares(framework, tmp_path, w=w)
    again = shares(framework, tmp_path, changed, w * FACTOR.get(framework, 2))
    near = LOOSE.get(framework, 1e-5)
    np.testing.assert_allclose(again, found, atol=near)
    assert abs(found - shares(framework, tmp_path)).max() > 2 * near


@ALL
def test_balanced_labels_are_the_weights_that_scikit_learn_computes(tmp_path: Path, framework: str) -> None:
    y = pd.concat([TRAIN, VAL])["target"]
    values = dict(enumerate(map(float, compute_class_weight("balanced", classes=np.array([0, 1, 2]), y=y))))
    by_row = shares(framework, tmp_path, w=TABLE["target"].map(values))
    for asked in ("balanced", {str(label): value for label, value in values.items()}):
        np.testing.assert_allclose(shares(framework, tmp_path, classWeight=asked), by_row, atol=1e-6)


@ALL
def test_the_validation_loss_counts_rows_as_they_are_weighed(tmp_path: Path, framework: str) -> None:
    if framework not in UNITS:
        return
    w = TABLE["target"].map({0: 0.2, 1: 1.0, 2: 3.0})
    keys = {**SMALL[framework, TASK], "validationSplit": 0.2, "sampleWeight": "$w"}
    run = Run().through("thread", bound(framework, TASK, tmp_path, keys, df=TABLE, w=w))
    given = load(framework).predict(run.outcome, rows(TASK, VAL.index)).probabilities
    assert given is not None
    whole = given / given.sum(axis=1, keepdims=True)
    kept = run.history.loc[run.state.metadata[f"best{UNITS[framework]}"]]
    expected = log_loss(VAL["target"], whole, sample_weight=w[VAL.index], labels=[0, 1, 2])
    assert kept["val_loss"] == pytest.approx(expected, rel=1e-4)
    assert abs(expected - log_loss(VAL["target"], whole)) > 1e-3, "the weights matter here"


@pytest.mark.parametrize("framework", ["keras", "pytorch"])
def test_both_losses_of_a_network_are_the_mean_of_what_rows_count_for(tmp_path: Path, framework: str) -> None:
    w = pd.Series(np.random.default_rng(1).uniform(0, 4, len(TABLE)), index=TABLE.index)
    keys = {**SMALL[framework, TASK], "validationSplit": 0.2, "sampleWeight": "$w", "batchSize": 16}
    keys |= {"epochs": 1, "optimizer": "sgd", "learningRate": 1e-12}  # the network stays what it is
    run = Run().through("thread", bound(framework, TASK, tmp_path, keys, df=TABLE, w=w))
    for part, some in (("train", TRAIN), ("val", VAL)):
        given = load(framework).predict(run.outcome, rows(TASK, some.index)).probabilities
        assert given is not None
        whole = given / given.sum(axis=1, keepdims=True)
        expected = log_loss(some["target"], whole, sample_weight=w[some.index], labels=[0, 1, 2])
        assert run.history[f"{part}_loss"].iloc[0] == pytest.approx(expected, rel=1e-4)
        assert abs(expected - log_loss(some["target"], whole)) > 1e-3, "the weights matter here"


@ALL
def test_that_labels_count_in_one_of_two_losses_is_said(tmp_path: Path, framework: str) -> None:
    if framework not in UNITS:
        return
    keys = {**SMALL[framework, TASK], "validationSplit": 0.2, "classWeight": {"0": 5, "2": 0.3}}
    run = Run().through("thread", bound(framework, TASK, tmp_path, keys, df=TABLE))
    given = load(framework).predict(run.outcome, rows(TASK, VAL.index)).probabilities
    assert given is not None
    kept = run.history.loc[run.state.metadata[f"best{UNITS[framework]}"]]
    whole = given / given.sum(axis=1, keepdims=True)
    assert kept["val_loss"] == pytest.approx(log_loss(VAL["target"], whole, labels=[0, 1, 2]), rel=1e-4)
    told = "classWeight counts in train_loss and not in val_loss, where each row counts once"
    assert sum(told in event.text for event in run.of(Log)) == 1
    unseen = Run().through("thread", bound(framework, TASK, tmp_path, {**keys, "validationSplit": 0}, df=TABLE))
    assert not any("counts in train_loss" in event.text for event in unseen.of(Log))


def one_sided() -> tuple[np.ndarray, int]:
    """Groups of tumours, and a seed whose test rows are a group with one label only."""
    benign = (tumours()["kind"] == "benign").to_numpy()
    group = (benign & (np.arange(len(benign)) % 3 == 0)).astype(int)
    for seed in range(100):
        _, test = next(GroupShuffleSplit(1, test_size=1, random_state=seed).split(group, groups=group))
        if set(group[test]) == {1}:
            return group, seed
    raise AssertionError


@ALL
def test_no_group_is_parted_and_metrics_without_a_value_say_why(framework: str) -> None:
    group, seed = one_sided()
    keys = {"groups": "$group", "testSplit": 0.5, "validationSplit": 0, "seed": seed, "target": "kind"}
    asked = ["roc_auc", "average_precision", "f1"]
    config = {"action": "train", "framework": framework, "data": "$df", "metrics": asked, **SMALL[framework, TASK]}
    report = mlmagic.run({**config, **keys}, df=tumours(), group=group)
    assert sorted(report.predictions.index) == np.flatnonzero(group).tolist()
    assert set(report.predictions["actual"]) == {"benign"}
    found = report.metrics["test"]
    assert found["rocAuc"] is found["average_precision"] is None
    assert found["f1Score"] == 0
    assert found["undefined"]["average_precision"] == "no row has the label 'malignant'"
    assert "rocAuc has no value: no row has the label 'malignant'" in report.log
    assert report.metrics["finalModel"]["testAccuracy"] == found["accuracy"]
