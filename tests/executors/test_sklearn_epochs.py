"""scikit-learn's neural networks are one fit, watched: the very model, a curve, a Stop that keeps its weights."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from mlmagic.events import Log, Plan, Row
from mlmagic.executors.sklearn import _epochs, _watch
from tests.executors.test_sklearn import Inputs, train

pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.filterwarnings("ignore")]
MODELS = [
    MLPClassifier(hidden_layer_sizes=(8,), max_iter=12, random_state=2),
    MLPClassifier(hidden_layer_sizes=(8,), max_iter=40, random_state=2, early_stopping=True, n_iter_no_change=2),
    MLPRegressor(hidden_layer_sizes=(8,), max_iter=12, random_state=2, solver="sgd", learning_rate_init=1e-6),
]
ALL = pytest.mark.parametrize("made", MODELS)


def inputs_of(made: Any) -> Inputs:
    return Inputs("classification" if hasattr(made, "predict_proba") else "regression")


def weights(model: Any) -> list[np.ndarray]:
    return [*model.coefs_, *model.intercepts_]


@ALL
def test_it_is_the_very_model_of_one_fit_with_its_losses(monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    monkeypatch.setattr(_watch, "SHARE", 1e9)  # every epoch
    inputs, events = inputs_of(made), []
    assert _epochs.prints(type(made).__name__, made.get_params(deep=False))
    ours, theirs = _epochs.train(clone(made), inputs, events.append, threading.Event()), clone(made)
    theirs.fit(inputs.X, inputs.y)
    for one, other in zip(weights(ours), weights(theirs), strict=True):
        np.testing.assert_array_equal(one, other)
    assert ours.get_params() == theirs.get_params()
    rows = [event for event in events if isinstance(event, Row)]
    assert events[0] == Plan("training", "epoch", made.max_iter)
    assert [row.index for row in rows] == list(range(1, theirs.n_iter_ + 1))
    assert [row.values["train_loss"] for row in rows] == theirs.loss_curve_
    if not made.early_stopping:  # which takes its best weights back after the last epoch
        name = "train_accuracy" if hasattr(made, "predict_proba") else "train_r2"
        assert rows[-1].values[name] == pytest.approx(theirs.score(inputs.X, inputs.y))


@ALL
def test_a_stop_keeps_the_epochs_so_far(made: Any) -> None:
    inputs, stop, events = inputs_of(made), threading.Event(), []

    def emit(event: Any) -> None:
        events.append(event)
        if isinstance(event, Row) and event.index == 3:
            stop.set()

    ours = _epochs.train(clone(made), inputs, emit, stop)
    assert ours.n_iter_ == 3
    assert not [event for event in events if isinstance(event, Log)]
    theirs = clone(made).set_params(max_iter=3, early_stopping=False)
    if not made.early_stopping:
        for one, other in zip(weights(ours), weights(theirs.fit(inputs.X, inputs.y)), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_run_of_it_says_what_scikit_learn_warns_of() -> None:
    report = train(algorithm="MLPClassifier", hyperparameters={"max_iter": 5, "hidden_layer_sizes": [4]})
    assert list(report.history["epoch"]) == [1, 2, 3, 4, 5]
    assert ConvergenceWarning.__name__ in report.log
    assert "Iteration" not in report.log.replace("Maximum iterations", "")


def test_another_solver_and_who_wants_to_read_are_left_alone() -> None:
    assert not _epochs.prints("MLPClassifier", {"solver": "lbfgs"})
    report = train(algorithm="MLPClassifier", hyperparameters={"max_iter": 2, "verbose": True})
    assert "Iteration 2, loss" in report.log
