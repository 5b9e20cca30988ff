"""Classifiers that have probabilities and a decision function are measured as scikit-learn's own scorers do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, StratifiedKFold, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

import mlmagic
from mlmagic.data import Rows
from mlmagic.evaluation import METRICS, looks_at_decision
from mlmagic.executors._decided import predict_decided
from mlmagic.executors.sklearn._decision import RISING, orders_alike
from mlmagic.executors.sklearn._fitted import fitted
from mlmagic.executors.sklearn.executor import SklearnExecutor

pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.filterwarnings("ignore::FutureWarning")]

SCALED = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
ALIKE = [
    AdaBoostClassifier(n_estimators=5, random_state=0),
    GradientBoostingClassifier(n_estimators=20, random_state=0),
    HistGradientBoostingClassifier(max_iter=5, random_state=0),
    LinearDiscriminantAnalysis(),
    LogisticRegression(max_iter=3000),
    LogisticRegressionCV(Cs=2, cv=2, max_iter=3000),
]
ALIKE_INSIDE = [
    GradientBoostingClassifier(n_estimators=5, loss="exponential", random_state=0),
    SGDClassifier(loss="log_loss", alpha=1.0, random_state=0),
    SCALED,
    GridSearchCV(SCALED, {"logisticregression__C": [0.1, 1]}, cv=2),
    FixedThresholdClassifier(SCALED, threshold=0.3),
    StackingClassifier([("svm", LinearSVC(random_state=0))], SCALED, cv=2),
]
APART = [
    BaggingClassifier(LinearSVC(random_state=0), 3, random_state=0),
    OneVsRestClassifier(SCALED),
    QuadraticDiscriminantAnalysis(),
    SGDClassifier(loss="modified_huber", random_state=0),
    SVC(probability=True, random_state=0),
]
BOTH = ALIKE + ALIKE_INSIDE + APART
OF_THREE = [model for model in BOTH if getattr(model, "loss", "") != "exponential" and "Fixed" not in repr(model)]
ORDER = ["roc_auc", "average_precision"]
KEYS = {"roc_auc": "rocAuc"}


def name(model: Any) -> str:
    return type(model).__name__


def fit(model: Any, load: Any = load_breast_cancer) -> tuple[Any, pd.DataFrame, pd.Series]:
    """A model of few columns, fitted on every second row."""
    X, y = load(return_X_y=True, as_frame=True)
    return clone(model).fit(X.iloc[::2, :4], y[::2]), X.iloc[:, :4], y


def evaluate(model: Any, X: pd.DataFrame, y: pd.Series, names: dict[str, Any] | None = None, **keys: Any) -> Any:
    config = {"action": "evaluate", "model": "$m", "data": "$df", "target": "truth", **keys}
    return mlmagic.run(config, m=model, df=X.assign(truth=y), **(names or {}))


def train(frame: pd.DataFrame, names: dict[str, Any] | None = None, **keys: Any) -> Any:
    config = {"action": "train", "framework": "sklearn", "data": "$df", "target": "truth", **keys}
    return mlmagic.run(config, df=frame, **(names or {}))


def by_hand(items: list[str], model: Any, X: Any, y: Any) -> Any:
    return pytest.approx({item: metrics.get_scorer(item)(model, X, y) for item in items}, rel=1e-12)


def found(measured: dict[str, Any], items: list[str]) -> dict[str, Any]:
    return {item: measured[KEYS.get(item, item)] for item in items}


# -- whose probabilities order rows alike


@pytest.mark.parametrize("model", ALIKE + ALIKE_INSIDE, ids=name)
def test_probabilities_that_are_known_to_order_rows_as_decision_values_do(model: Any) -> None:
    model, X, _ = fit(model)
    assert orders_alike(model)
    ordered = model.predict_proba(X)[np.argsort(model.decision_function(X), kind="stable"), 1]
    assert (np.diff(ordered) >= 0).all()


@pytest.mark.parametrize("model", [*APART, RandomForestClassifier(5)], ids=name)
def test_others_are_not_known_to(model: Any) -> None:
    assert not orders_alike(fit(model)[0])


def test_every_classifier_that_is_known_to_is_compared() -> None:
    assert {name(model) for model in ALIKE} == RISING


# -- what is measured


@pytest.mark.parametrize("model", BOTH, ids=name)
def test_metrics_of_two_classes_are_scikit_learns_scorers(model: Any) -> None:
    model, X, y = fit(model)
    measured = evaluate(model, X, y, metrics=[*ORDER, "log_loss"], batchSize=200).metrics  # in blocks
    assert found(measured, ORDER) == by_hand(ORDER, model, X, y)
    assert measured["logLoss"] == pytest.approx(metrics.log_loss(y, model.predict_proba(X)))
    assert "undefined" not in measured


@pytest.mark.parametrize("model", BOTH, ids=name)
def test_the_usual_report_has_the_same_value_and_so_has_its_curve(model: Any) -> None:
    model, X, y = fit(model)
    report = evaluate(model, X, y)
    assert found(report.metrics, ["roc_auc"]) == by_hand(["roc_auc"], model, X, y)
    (line,) = [line for line in report.figures["roc_curve"].data if line.name]
    assert metrics.auc(line.x, line.y) == pytest.approx(report.metrics["rocAuc"], abs=1e-9)
    np.testing.assert_array_equal(report.predictions["1"], model.predict_proba(X)[:, 1])


@pytest.mark.parametrize("model", OF_THREE, ids=name)
def test_metrics_of_three_classes_are_scikit_learns_scorers(model: Any) -> None:
    model, X, y = fit(model, load_wine)
    asked = ["average_precision", "top_k_accuracy", "roc_auc_ovr_weighted", "neg_log_loss"]
    measured = evaluate(model, X, y, metrics=[*asked, "roc_auc"]).metrics
    assert found(measured, asked) == by_hand(asked, model, X, y)
    assert measured["rocAuc"] == pytest.approx(measured["roc_auc_ovr_weighted"])


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
@pytest.mark.parametrize("model", [APART[0], APART[3], SCALED], ids=name)
def test_a_run_and_its_folds(model: Any, load: Any) -> None:
    X, y = load(return_X_y=True, as_frame=True)
    X, asked = X.iloc[:, :4], ORDER if load is load_breast_cancer else ORDER[1:]
    frame, folds = X.assign(truth=y), {"folds": 3, "stratified": True}
    keys = {"model": "$m", "metrics": asked, "names": {"m": model}}
    report = train(frame, **keys)
    test = frame.loc[report.predictions.index]
    expected = by_hand(asked, report.model, test[X.columns], test["truth"])
    assert found(report.metrics["test"], asked) == expected
    final = {"roc_auc": "testRocAuc", "average_precision": "testAveragePrecision"}
    assert {item: report.metrics["finalModel"][final[item]] for item in asked} == expected
    usual = train(frame, model="$m", names={"m": model}).metrics["test"]
    assert usual["rocAuc"] == pytest.approx(report.metrics["test"]["rocAuc"], rel=1e-12)
    crossed = train(frame, crossValidation=folds, testSplit=0.0, **keys).metrics["crossValidation"]
    expected = cross_validate(model, X, y, cv=StratifiedKFold(3, shuffle=True, random_state=0), scoring=asked)
    for item in asked:
        np.testing.assert_allclose(crossed[KEYS.get(item, item)], expected[f"test_{item}"], rtol=1e-12)


# -- scorers of the user's own


def by_decision(model: Any, X: Any, y: Any) -> float:
    return float(metrics.roc_auc_score(y, model.decision_function(X)))


ASKING = metrics.make_scorer(metrics.roc_auc_score, response_method="decision_function")


@pytest.mark.parametrize("scorer", [ASKING, by_decision], ids=["scorer", "function"])
def test_a_scorer_may_ask_for_decision_values_of_a_model_with_probabilities(scorer: Any) -> None:
    model, X, y = fit(APART[0])
    keys = {"metrics": ["$s"], "names": {"s": scorer}}
    assert evaluate(model, X, y, **keys).metrics["s"] == pytest.approx(scorer(model, X, y))
    report = train(X.assign(truth=y), algorithm="LogisticRegression", **keys)
    rows = report.predictions.index
    assert report.metrics["test"]["s"] == pytest.approx(scorer(report.model, X.loc[rows], y[rows]))


def test_a_scorer_that_asks_for_what_a_model_does_not_have() -> None:
    model, X, y = fit(RandomForestClassifier(5, random_state=0))
    report = evaluate(model, X, y, metrics=["$s"], names={"s": ASKING})
    assert report.metrics["undefined"] == {"s": "it asks for decision_function, which the model does not have"}


# -- what it costs


def passes(model: Any, X: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, asked: list[Any]) -> int:
    """How often a model was asked for its decision values."""
    counted, ask = [], model.decision_function
    # The probabilities of most are made of decision values: what is counted is what asks for them directly.
    answers = model.predict_proba(X)
    monkeypatch.setattr(model, "predict_proba", lambda rows: answers)
    monkeypatch.setattr(model, "decision_function", lambda rows: counted.append(len(rows)) or ask(rows))
    outcome = fitted(model)
    looks = looks_at_decision(asked, outcome.classes)
    given = predict_decided(SklearnExecutor(), outcome, Rows(X), asked=looks)
    assert (given.decision is not None) is bool(counted)
    return len(counted)


@pytest.mark.parametrize(
    ("model", "load", "asked", "expected"),
    [
        *((model, load_breast_cancer, [], 0) for model in ALIKE),
        (ALIKE[4], load_breast_cancer, ["f1", "log_loss", "roc_auc_ovr", ("mine", metrics.f1_score)], 0),
        (ALIKE[4], load_breast_cancer, ["f1", "roc_auc"], 1),
        (ALIKE[4], load_breast_cancer, [("mine", ASKING)], 1),
        (APART[0], load_breast_cancer, [], 1),
        (APART[0], load_wine, ["accuracy", "roc_auc"], 0),
        (APART[0], load_wine, ["average_precision"], 1),
    ],
)
def test_a_second_pass_only_for_what_needs_it(
    model: Any, load: Any, asked: list[Any], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, X, _ = fit(model, load)
    assert passes(model, X, monkeypatch, asked) == expected


@pytest.mark.parametrize("item", sorted(METRICS))
def test_names_that_look_at_decision_values_are_scikit_learns(item: str) -> None:
    known = item in metrics.get_scorer_names()
    expected = known and "decision_function" in metrics.get_scorer(item)._response_method
    assert looks_at_decision([item], np.arange(2)) == expected
    assert looks_at_decision([item], np.arange(3)) == (expected and item != "roc_auc")
