"""Histogram gradient boosting is one fit, watched: the very model, a curve, a Stop that keeps its rounds."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, r2_score

import mlmagic
from mlmagic.events import Log, Plan, Row
from mlmagic.executors.sklearn import _boosted
from tests.executors.test_sklearn import Inputs, parts, table, train

pytestmark = pytest.mark.usefixtures("here")
EARLY = {"early_stopping": True, "n_iter_no_change": 2, "max_iter": 200, "learning_rate": 0.5}
MODELS = [
    HistGradientBoostingClassifier(max_iter=20, random_state=3),
    HistGradientBoostingClassifier(max_iter=12, random_state=3, max_features=0.5, early_stopping=False),
    HistGradientBoostingClassifier(random_state=3, **EARLY),
    HistGradientBoostingRegressor(max_iter=20, random_state=3),
    HistGradientBoostingRegressor(random_state=3, scoring="r2", **EARLY),
    HistGradientBoostingRegressor(max_iter=12, random_state=3, loss="absolute_error"),
    HistGradientBoostingRegressor(max_iter=12, random_state=3, loss="gamma"),
]
ALL = pytest.mark.parametrize("made", MODELS)


def inputs_of(made: Any) -> Inputs:
    return Inputs("classification" if hasattr(made, "predict_proba") else "regression")


def same(ours: Any, theirs: Any, X: Any) -> None:
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    if hasattr(theirs, "predict_proba"):
        np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_array_equal(ours.train_score_, theirs.train_score_)
    np.testing.assert_array_equal(ours.validation_score_, theirs.validation_score_)
    assert ours.get_params() == theirs.get_params()
    assert vars(ours).keys() == vars(theirs).keys()


@ALL
def test_it_is_the_very_model_of_one_fit(made: Any) -> None:
    inputs, events = inputs_of(made), []
    assert _boosted.boosts(type(made).__name__, made.get_params(deep=False))
    ours = _boosted.boost(clone(made), inputs, events.append, threading.Event())
    same(ours, clone(made).fit(inputs.X, inputs.y), inputs.X)
    assert events[0] == Plan("training", "round", made.max_iter)
    assert not [event for event in events if isinstance(event, Log)]


@ALL
def test_its_curve_is_what_its_first_rounds_say(monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    monkeypatch.setattr(_boosted, "SHARE", 1e9)  # every round
    inputs, events = inputs_of(made), []
    ours = _boosted.boost(clone(made), inputs, events.append, threading.Event())
    rows = [event for event in events if isinstance(event, Row)]
    assert [row.index for row in rows] == list(range(1, ours.n_iter_ + 1))
    name, score = ("accuracy", accuracy_score) if hasattr(made, "predict_proba") else ("r2", r2_score)
    expected = [score(inputs.y, given) for given in ours.staged_predict(inputs.X)]
    assert [row.values[f"train_{name}"] for row in rows] == pytest.approx(expected)


@pytest.mark.parametrize("made", MODELS[:4:3])
def test_its_curve_is_the_same_where_only_the_whole_can_be_asked(monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    monkeypatch.setattr(_boosted, "SHARE", 1e9)
    curves = []
    for names in (_boosted._PRIVATE, ("_of_another_version",)):
        monkeypatch.setattr(_boosted, "_PRIVATE", names)
        events: list[Any] = []
        _boosted.boost(clone(made), inputs_of(made), events.append, threading.Event())
        curves.append([event.values for event in events if isinstance(event, Row)])
    assert curves[0] == curves[1]


@ALL
def test_a_stop_keeps_the_rounds_so_far(made: Any) -> None:
    inputs, stop, seen = inputs_of(made), threading.Event(), []

    def emit(event: Any) -> None:
        seen.append(event)
        if isinstance(event, Row):
            stop.set()

    ours = _boosted.boost(clone(made), inputs, emit, stop)
    assert ours.n_iter_ < made.max_iter
    theirs = clone(made).set_params(max_iter=ours.n_iter_).fit(inputs.X, inputs.y)
    same(ours, theirs.set_params(max_iter=made.max_iter), inputs.X)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_run_of_it(task: str) -> None:
    kind = HistGradientBoostingClassifier if task == "classification" else HistGradientBoostingRegressor
    report = train(task, algorithm=kind.__name__, hyperparameters={"max_iter": 30})
    X, y, X_test, _ = parts(report, task)
    expected = kind(max_iter=30, random_state=0).fit(X, y).predict(X_test)
    np.testing.assert_array_equal(report.predictions["predicted"], expected)
    assert report.history["round"].iloc[-1] == 30
    metric = "accuracy" if task == "classification" else "r2"
    assert report.history[f"test_{metric}"].iloc[-1] == pytest.approx(report.metrics["test"][metric])
    loaded = mlmagic.load_model(report.output_dir)
    np.testing.assert_array_equal(loaded.predict(X_test), expected)
    assert "Binning" not in report.log


def test_who_wants_its_own_reports_reads_them() -> None:
    report = train(algorithm="HistGradientBoostingClassifier", hyperparameters={"max_iter": 3, "verbose": 2})
    assert "[3/3]" in report.log
    assert table("classification").shape[0] == len(parts(report)[0]) + len(report.predictions)
