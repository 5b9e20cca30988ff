"""Classifiers without probabilities are measured by their decision function, as scikit-learn's own scorers do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.linear_model import (
    PassiveAggressiveClassifier,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    StratifiedKFold,
    cross_validate,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC

import mlmagic
from mlmagic.data import Rows
from mlmagic.executors._decided import predict_decided
from mlmagic.executors.sklearn._decision import LIBSVM, LINEAR
from mlmagic.executors.sklearn._fitted import fitted
from mlmagic.executors.sklearn.executor import SklearnExecutor

pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.filterwarnings("ignore::FutureWarning")]

ALONE = [
    LinearSVC(),
    NuSVC(nu=0.1),
    PassiveAggressiveClassifier(random_state=0),
    Perceptron(random_state=0),
    RidgeClassifier(),
    RidgeClassifierCV(),
    SGDClassifier(random_state=0),
    SVC(),
]
NESTED = [
    make_pipeline(StandardScaler(), LinearSVC()),
    make_pipeline(StandardScaler(), SVC(C=0.1)),
    GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1]}, cv=3),
    OneVsRestClassifier(LinearSVC()),
    OneVsOneClassifier(LinearSVC()),
]
ORDER = ["roc_auc", "average_precision", "top_k_accuracy"]
SHARES = ["log_loss", "neg_log_loss", "neg_brier_score", "roc_auc_ovr"]
NO_SHARES = "the model gives decision values, which are not probabilities"


def name(model: Any) -> str:
    return type(model).__name__


def half(load: Any) -> tuple[Any, Any, Any]:
    """Rows of two or three classes that few columns tell apart, and labels; the model is fitted on every second."""
    X, y = load(return_X_y=True, as_frame=True)
    return X.iloc[:, :4], y, slice(None, None, 2)


def fit(model: Any, load: Any = load_breast_cancer) -> tuple[Any, pd.DataFrame, pd.Series]:
    from sklearn.base import clone

    X, y, some = half(load)
    return clone(model).fit(X[some], y[some]), X, y


def evaluate(model: Any, X: pd.DataFrame, y: pd.Series, **keys: Any) -> Any:
    config = {"action": "evaluate", "model": "$m", "data": "$df", "target": "truth", **keys}
    return mlmagic.run(config, m=model, df=X.assign(truth=y))


def train(frame: pd.DataFrame, names: dict[str, Any] | None = None, **keys: Any) -> Any:
    config = {"action": "train", "framework": "sklearn", "data": "$df", "target": "truth", **keys}
    return mlmagic.run(config, df=frame, **(names or {}))


# -- what the executor answers


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
@pytest.mark.parametrize("model", ALONE + NESTED, ids=name)
def test_labels_and_decision_values_are_scikit_learns(model: Any, load: Any) -> None:
    model, X, _ = fit(model, load)
    given = predict_decided(SklearnExecutor(), fitted(model), Rows(X), asked=True)
    assert given.probabilities is None
    np.testing.assert_array_equal(given.values, model.predict(X))
    np.testing.assert_array_equal(given.decision, model.decision_function(X))


def test_every_classifier_whose_labels_follow_is_known_to() -> None:
    assert {name(model) for model in ALONE} == LINEAR | LIBSVM


@pytest.mark.parametrize("model", [SVC(kernel="linear"), NuSVC(kernel="linear"), RidgeClassifier(), Perceptron()])
def test_a_row_on_the_border_has_the_label_that_scikit_learn_gives_it(model: Any) -> None:
    model.fit(np.array([[-1.0], [1.0]]), ["a", "b"])
    border = np.array([[0.0], [np.ravel(-model.intercept_ / np.ravel(model.coef_))[0]]])
    assert (model.decision_function(border) == 0).any()
    given = SklearnExecutor().predict(fitted(model), Rows(pd.DataFrame(border)))
    np.testing.assert_array_equal(given.values, model.predict(border))


@pytest.mark.parametrize("model", ALONE, ids=name)
def test_one_pass_gives_labels_and_decision_values(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, X, _ = fit(model)
    expected = model.predict(X)

    def ask(rows: Any) -> Any:
        raise AssertionError("it was asked twice")

    monkeypatch.setattr(model, "predict", ask)
    np.testing.assert_array_equal(SklearnExecutor().predict(fitted(model), Rows(X)).values, expected)


def test_who_only_predicts_is_never_asked_for_what_takes_a_second_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    model, X, _ = fit(SVC(), load_wine)  # of three classes libsvm counts votes
    assert SklearnExecutor().predict(fitted(model), Rows(X)).decision is None

    def ask(rows: Any) -> Any:
        raise AssertionError("it was asked for decision values")

    monkeypatch.setattr(model, "decision_function", ask)
    table = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=X).predictions
    np.testing.assert_array_equal(table["predicted"], model.predict(X))


def test_a_second_pass_is_taken_only_for_what_is_measured_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model, X, y = fit(SVC(), load_wine)
    passes: list[int] = []
    ask = model.decision_function
    monkeypatch.setattr(model, "decision_function", lambda rows: passes.append(len(rows)) or ask(rows))
    executor, outcome = SklearnExecutor(), fitted(model)
    assert predict_decided(executor, outcome, Rows(X), asked=False).decision is None
    assert passes == []
    assert predict_decided(executor, outcome, Rows(X), asked=True).decision is not None
    assert passes == [len(X)]
    assert evaluate(model, X, y).metrics["rocAuc"] is None


def test_a_model_with_a_threshold_of_its_own_keeps_its_labels() -> None:
    model, X, y = fit(FixedThresholdClassifier(LinearSVC(), threshold=0.5, response_method="decision_function"))
    report = evaluate(model, X, y)
    np.testing.assert_array_equal(report.predictions["predicted"], model.predict(X))
    assert report.metrics["rocAuc"] == pytest.approx(metrics.roc_auc_score(y, model.decision_function(X)))


def test_values_of_pairs_of_classes_are_none_of_a_class() -> None:
    model, X, y = fit(SVC(decision_function_shape="ovo"), load_wine)  # three pairs of three classes
    report = evaluate(model, X, y, metrics=["top_k_accuracy"])
    assert report.metrics["undefined"] == {"top_k_accuracy": "the model gives no probabilities"}
    model, X, y = fit(SVC(decision_function_shape="ovo"))  # of two classes there is one pair
    assert evaluate(model, X, y).metrics["rocAuc"] == pytest.approx(metrics.get_scorer("roc_auc")(model, X, y))


# -- what is measured of it


@pytest.mark.parametrize("model", ALONE + NESTED, ids=name)
def test_metrics_of_two_classes_are_scikit_learns_scorers(model: Any) -> None:
    model, X, y = fit(model)
    report = evaluate(model, X, y, metrics=ORDER + SHARES)
    found = dict(report.metrics)
    assert found["rocAuc"] < 1
    found["roc_auc"] = found.pop("rocAuc")
    expected = {item: metrics.get_scorer(item)(model, X, y) for item in ORDER}
    assert {item: found[item] for item in ORDER} == pytest.approx(expected, rel=1e-12)
    assert found["undefined"] == dict.fromkeys(["logLoss", *SHARES[1:]], NO_SHARES)
    assert f"logLoss has no value: {NO_SHARES}" in report.log


@pytest.mark.parametrize("model", [*ALONE, NESTED[0]], ids=name)
def test_metrics_of_three_classes_are_scikit_learns_scorers_or_say_why_not(model: Any) -> None:
    model, X, y = fit(model, load_wine)
    found = evaluate(model, X, y, metrics=ORDER + SHARES).metrics
    expected = {item: metrics.get_scorer(item)(model, X, y) for item in ORDER[1:]}
    assert {item: found[item] for item in ORDER[1:]} == pytest.approx(expected, rel=1e-12)
    assert found["undefined"] == dict.fromkeys(["rocAuc", "logLoss", *SHARES[1:]], NO_SHARES)


def test_the_report_and_the_curve_of_labels_that_are_words() -> None:
    X, y, some = half(load_breast_cancer)
    y = y.map({0: "benign", 1: "malignant"})
    model = LinearSVC().fit(X[some], y[some])
    report = evaluate(model, X, y, batchSize=100)  # in blocks
    decision = model.decision_function(X)
    assert report.metrics["rocAuc"] == pytest.approx(metrics.roc_auc_score(y == "malignant", decision))
    assert report.metrics["undefined"] == {"logLoss": NO_SHARES}
    fpr, tpr, _ = metrics.roc_curve(y == "malignant", decision)
    (line,) = [line for line in report.figures["roc_curve"].data if line.name]
    np.testing.assert_allclose(line.x, fpr)
    np.testing.assert_allclose(line.y, tpr)
    assert "rocCurve" in report.artifacts
    assert mlmagic.attach(report.output_dir).metrics == report.metrics


@pytest.mark.parametrize("algorithm", ["LinearSVC", "SVC", "RidgeClassifier"])
def test_a_run_its_folds_and_its_directory(algorithm: str) -> None:
    X, y, _ = half(load_breast_cancer)
    frame, asked = X.assign(truth=y), ["roc_auc", "average_precision"]
    report = train(frame, algorithm=algorithm, metrics=asked)
    found, model, test = report.metrics, report.model, frame.loc[report.predictions.index]
    expected = metrics.roc_auc_score(test["truth"], model.decision_function(test[X.columns]))
    precision = metrics.get_scorer("average_precision")
    assert found["test"]["rocAuc"] == found["finalModel"]["testRocAuc"] == pytest.approx(expected)
    by_hand = precision(model, test[X.columns], test["truth"])
    assert found["test"]["average_precision"] == pytest.approx(by_hand)
    assert found["test"]["undefined"] == {"logLoss": NO_SHARES}
    again = mlmagic.run({"action": "evaluate", "modelPath": str(report.output_dir), "data": "$df"}, df=test)
    assert again.metrics["rocAuc"] == pytest.approx(expected)


@pytest.mark.parametrize("model", [LinearSVC(random_state=0), SVC(), RidgeClassifier()], ids=name)
def test_folds_are_scikit_learns(model: Any) -> None:
    X, y, _ = half(load_breast_cancer)
    keys = {"metrics": ["roc_auc", "average_precision"], "testSplit": 0.0, "prepare": "none"}
    report = train(X.assign(truth=y), algorithm=name(model), crossValidation={"folds": 3, "stratified": True}, **keys)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    expected = cross_validate(model, X, y, cv=folds, scoring=keys["metrics"])
    found = report.metrics["crossValidation"]
    np.testing.assert_allclose(found["rocAuc"], expected["test_roc_auc"], rtol=1e-12)
    np.testing.assert_allclose(found["average_precision"], expected["test_average_precision"], rtol=1e-12)


def test_a_scorer_of_the_users_own_may_ask_for_decision_values() -> None:
    X, y, _ = half(load_breast_cancer)
    hinge = metrics.make_scorer(metrics.hinge_loss, greater_is_better=False, response_method="decision_function")
    report = train(X.assign(truth=y), algorithm="LinearSVC", metrics=["$hinge"], names={"hinge": hinge})
    rows = report.predictions.index
    assert report.metrics["test"]["hinge"] == pytest.approx(hinge(report.model, X.loc[rows], y[rows]))
