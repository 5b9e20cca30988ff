"""Labels that no training row has: one rule for all frameworks, compared with scikit-learn called by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.model_selection import KFold, train_test_split

import mlmagic
from mlmagic.errors import DataLoadingError, InvalidConfiguration
from tests.executors.contract.cases import FRAMEWORKS, SMALL

pytestmark = pytest.mark.usefixtures("here")
ALL = pytest.mark.parametrize("framework", FRAMEWORKS)


def table() -> pd.DataFrame:
    """Two labels of thirty rows each, and a third that a single row has."""
    random = np.random.default_rng(0)
    X = random.normal(size=(61, 3))
    X[:30, 0] += 2
    X[60] = [0, 9, 9]
    return pd.DataFrame(X, columns=list("xyz")).assign(target=["a"] * 30 + ["b"] * 30 + ["c"])


def parts(seed: int) -> dict[str, pd.DataFrame]:
    """Training, validation and test rows as a person cuts them."""
    rest, test = train_test_split(table(), test_size=13, random_state=seed)
    train, validation = train_test_split(rest, test_size=13, random_state=seed)
    return {"train": train, "validation": validation, "test": test}


def seed_of(place: str) -> int:
    """The first seed that puts the single row there."""
    return next(seed for seed in range(100) if 60 in parts(seed)[place].index)


def config(framework: str, **keys: Any) -> dict[str, Any]:
    head = {"action": "train", "framework": framework, "data": "$df", "target": "target", "validationSplit": 0.2}
    return {**head, **SMALL[framework, "classification"], **keys}


@ALL
def test_a_label_of_validation_rows_is_left_out(framework: str) -> None:
    seed = seed_of("validation")
    report = mlmagic.run(config(framework, seed=seed), df=table())
    facts = report.metadata
    assert (facts["trainSamples"], facts["validationSamples"], facts["testSamples"]) == (35, 12, 13)
    assert facts["unlearnedLabels"] == {"c": {"validation": 1, "test": 0}}
    assert facts["classes"] == 2
    assert "No training row has the label 'c': it cannot be learned; 1 validation row of it is left out" in report.log
    assert report.metrics["test"]["labels"] == ["a", "b"]
    assert not {"c"} & set(report.predictions)


@ALL
def test_a_label_of_test_rows_counts_as_wrong(framework: str) -> None:
    seed = seed_of("test")
    report = mlmagic.run(config(framework, seed=seed), df=table())
    assert report.metadata["unlearnedLabels"] == {"c": {"validation": 0, "test": 1}}
    assert "it cannot be learned; 1 test row of it is counted as wrong" in report.log
    found, test = report.predictions, parts(seed)["test"]
    pd.testing.assert_series_equal(found["actual"], test["target"], check_names=False, check_dtype=False)
    assert found.loc[60, "predicted"] in ("a", "b")
    matches(report.metrics["test"], test["target"], found["predicted"])
    own = mlmagic.run({"action": "evaluate", "model": "$report", "data": "$test"}, report=report, test=test)
    matches(own.metrics, test["target"], found["predicted"])


def matches(measured: dict[str, Any], actual: pd.Series, predicted: pd.Series) -> None:
    """What a report says is what scikit-learn says of all rows, the label that nobody learned after the others."""
    by_hand = metrics.confusion_matrix(actual, predicted, labels=["a", "b", "c"])
    assert measured["labels"] == ["a", "b", "c"]
    assert measured["confusionMatrix"] == by_hand.tolist()
    assert measured["accuracy"] == pytest.approx(metrics.accuracy_score(actual, predicted))
    assert measured["accuracy"] <= 12 / 13


@ALL
def test_a_label_of_own_validation_rows_is_left_out(framework: str) -> None:
    if framework == "sklearn":
        pytest.skip("its estimators choose by no validation rows")
    frame, held = table().iloc[:60:2], table().iloc[1::2]
    held = pd.concat([held, table().iloc[60:]])
    wanted = config(framework, validationData="$held")
    del wanted["validationSplit"]
    report = mlmagic.run(wanted, df=frame, held=held)
    without = mlmagic.run(wanted, df=frame, held=held.iloc[:-1])
    assert report.metadata["unlearnedLabels"] == {"c": {"validation": 1, "test": 0}}
    assert report.metadata["validationSamples"] == 30
    pd.testing.assert_frame_equal(report.history, without.history)


@ALL
def test_a_label_of_one_fold(framework: str) -> None:
    cut = KFold(3, shuffle=True, random_state=5)
    keys = {"crossValidation": {"folds": 3, "stratified": False}, "testSplit": 0, "validationSplit": 0, "seed": 5}
    frame = table()
    number = next(place for place, (_, held) in enumerate(cut.split(frame), start=1) if 60 in held)
    report = mlmagic.run(config(framework, **keys), df=frame)
    accuracies = report.history["accuracy"].dropna() if "accuracy" in report.history else []
    assert len(accuracies) >= 3
    told = "No training row has the label 'c': it cannot be learned; 1 test row of it is counted as wrong"
    assert f"Fold {number}: {told}" in report.log
    assert list(report.history["accuracy"])[number - 1] < 1


@ALL
def test_a_fold_of_one_label_is_told_before_any_trains(framework: str) -> None:
    frame = pd.concat([table().iloc[:20], table().iloc[30:31]])
    keys = {"crossValidation": {"folds": 3, "stratified": False}, "testSplit": 0, "validationSplit": 0, "seed": 5}
    fitting = [frame.iloc[kept] for kept, _ in KFold(3, shuffle=True, random_state=5).split(frame)]
    number = next(place for place, rows in enumerate(fitting, start=1) if rows["target"].nunique() == 1)
    with pytest.raises(DataLoadingError) as caught:
        mlmagic.run(config(framework, **keys), df=frame)
    assert caught.value.message == (
        f"All 14 training rows of fold {number} of the cross-validation are 'a': "
        "the split put the others (1 'b') elsewhere"
    )
    assert caught.value.solution.startswith("Leave crossValidation.stratified out")


def linear() -> Any:
    import torch

    return torch.nn.Linear(3, 3)


def dense() -> Any:
    import keras

    return keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(3)])


@pytest.mark.parametrize(("framework", "make"), [("pytorch", linear), ("keras", dense)])
def test_a_network_with_an_output_for_a_label_that_no_training_row_has(framework: str, make: Callable[[], Any]) -> None:
    wanted = config(framework, seed=seed_of("test"), model="$net")
    del wanted["architecture"]
    with pytest.raises(InvalidConfiguration, match=r"2 classes \(no training row has 'c'\) need \(rows, 2\)"):
        mlmagic.run(wanted, df=table(), net=make())
    assert mlmagic.run({**wanted, "seed": seed_of("train")}, df=table(), net=make()).status == "success"
