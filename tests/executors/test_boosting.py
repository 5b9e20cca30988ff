"""Rounds of XGBoost, LightGBM and CatBoost, and their end, each compared with the library called by hand."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from mlmagic.errors import InvalidConfiguration
from mlmagic.events import Best, Event, Rounds
from mlmagic.executors import load
from tests.executors.boosting_run import ALL, BOTH, HANDS, SEED, parts, series, split, table, train

pytestmark = pytest.mark.usefixtures("here")
# CatBoost's own depends on how many rounds there are to be.
RATE = {"learning_rate": 0.1}


def fit_xgboost(estimator: Any, X: Any, y: Any, val: Any, rounds: int | None = None, delta: float = 0.0) -> Any:
    from xgboost.callback import EarlyStopping

    if rounds is not None:
        higher = estimator.eval_metric == "auc"
        stop = EarlyStopping(rounds=rounds, data_name="validation_1", min_delta=delta, maximize=higher)
        estimator.set_params(callbacks=[stop])
    return estimator.fit(X, y, eval_set=[(X, y), val], verbose=False)


def fit_lightgbm(estimator: Any, X: Any, y: Any, val: Any, rounds: int | None = None, delta: float = 0.0) -> Any:
    from lightgbm import early_stopping

    callbacks = [] if rounds is None else [early_stopping(rounds, verbose=False, min_delta=delta)]
    return estimator.fit(X, y, eval_set=[(X, y), val], eval_names=["train", "val"], callbacks=callbacks)


FITS = {"xgboost": fit_xgboost, "lightgbm": fit_lightgbm}


@ALL
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_run_is_the_fit_by_hand(framework, task):
    hand, frame = HANDS[framework], table(task)
    report = train(framework, frame, hyperparameters={"n_estimators": 30, "max_depth": 4})
    test, (X, y), _ = split(frame, classify=task == "classification")
    kind = hand.classifier if task == "classification" else hand.regressor
    by_hand = kind(n_estimators=30, max_depth=4, random_state=SEED, **HANDS[framework].quiet).fit(X, y)
    assert type(report.model) is kind
    np.testing.assert_array_equal(report.model.predict(test[0]), by_hand.predict(test[0]))
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    if task == "classification":
        np.testing.assert_array_equal(report.predictions[["0", "1"]], by_hand.predict_proba(test[0]))
        assert report.metrics["finalModel"]["testAccuracy"] == by_hand.score(*test)
    facts = report.metadata
    assert (facts["rounds"], facts["finalRound"], facts["earlyStopped"], facts["gpuUsed"]) == (30, 30, False, False)
    assert "bestRound" not in facts
    assert facts["samplesProcessed"] == len(X)


@BOTH
def test_curves_are_what_the_library_measures_each_round(framework):
    frame = table("classification")
    report = train(framework, frame, validationSplit=0.2, hyperparameters={"n_estimators": 25})
    _, rows, val = split(frame, validation=0.2)
    if framework == "xgboost":
        own = {"eval_metric": ["logloss", "error"]}
        names, keys = ("validation_0", "validation_1"), ("logloss", "error")
    else:
        own = {"metric": ["binary_logloss", "binary_error"], "verbosity": -1}
        names, keys = ("train", "val"), ("binary_logloss", "binary_error")
    made = HANDS[framework].classifier(n_estimators=25, random_state=SEED, **own)
    found = FITS[framework](made, *rows, val).evals_result_
    loss, error = ([found[name][key] for name in names] for key in keys)
    assert list(report.history) == ["round", "train_loss", "train_accuracy", "val_loss", "val_accuracy"]
    assert report.history["round"].tolist() == list(range(1, 26))
    for place, part in enumerate(("train", "val")):
        np.testing.assert_allclose(series(report, f"{part}_loss"), loss[place], rtol=1e-12)
        np.testing.assert_allclose(series(report, f"{part}_accuracy"), 1 - np.array(error[place]), atol=1e-12)
    assert report.metrics["validation"]["bestLoss"] == pytest.approx(min(loss[1]))


@ALL
def test_with_validation_rows_the_best_round_is_kept(framework):
    """So that the best model means the same in every framework: the lowest val_loss."""
    frame = table("regression")
    keys = {"validationSplit": 0.2, "hyperparameters": {"n_estimators": 80, "learning_rate": 0.3}}
    report = train(framework, frame, **keys)
    test, (X, y), _ = split(frame, validation=0.2, classify=False)
    best = int(series(report, "val_loss").argmin()) + 1
    assert best < 80
    assert (report.metadata["bestRound"], report.metadata["finalRound"]) == (best, 80)
    by_hand = (
        HANDS[framework]
        .regressor(n_estimators=best, learning_rate=0.3, random_state=SEED, **HANDS[framework].quiet)
        .fit(X, y)
    )
    np.testing.assert_array_equal(report.model.predict(test[0]), by_hand.predict(test[0]))


@BOTH
@pytest.mark.parametrize("delta", [0.0, 0.02])
def test_early_stopping_is_the_librarys_own(framework, delta):
    hand, frame = HANDS[framework], table("classification")
    report = train(
        framework, frame, earlyStopping={"patience": 8, "minDelta": delta},
        hyperparameters={"n_estimators": 500},
    )  # fmt: skip
    test, rows, val = split(frame, validation=0.2)
    made = hand.classifier(n_estimators=500, random_state=SEED, **HANDS[framework].quiet)
    by_hand = FITS[framework](made, *rows, val, rounds=8, delta=delta)
    (measured, *_) = by_hand.evals_result_.values()
    (losses, *_) = measured.values()
    facts = report.metadata
    assert (facts["earlyStopped"], facts["finalRound"]) == (True, len(losses))
    assert facts["finalRound"] < 500
    if not delta:  # with one the library keeps the last improvement that counts, this house the lowest loss
        best = by_hand.best_iteration + 1 if framework == "xgboost" else by_hand.best_iteration_
        assert facts["bestRound"] == best
        np.testing.assert_array_equal(report.predictions[["0", "1"]], by_hand.predict_proba(test[0]))
    assert facts["bestRound"] == series(report, "val_loss").argmin() + 1


@BOTH
def test_early_stopping_by_another_metric(framework):
    hand, frame = HANDS[framework], table("classification")
    report = train(
        framework, frame, earlyStopping={"patience": 5, "metric": "val_auc"},
        hyperparameters={"n_estimators": 200},
    )  # fmt: skip
    test, rows, val = split(frame, validation=0.2)
    keys = {"eval_metric": "auc"} if framework == "xgboost" else {"metric": "auc", "verbosity": -1}
    by_hand = FITS[framework](hand.classifier(n_estimators=200, random_state=SEED, **keys), *rows, val, rounds=5)
    best = by_hand.best_iteration + 1 if framework == "xgboost" else by_hand.best_iteration_
    assert report.metadata["bestRound"] == best == series(report, "val_auc").argmax() + 1
    np.testing.assert_array_equal(report.predictions[["0", "1"]], by_hand.predict_proba(test[0]))


@ALL
def test_early_stopping_by_accuracy_looks_upward(framework):
    keys = {"earlyStopping": {"patience": 5, "metric": "val_accuracy"}, "hyperparameters": {"n_estimators": 100}}
    report = train(framework, table("classification"), **keys)
    assert report.metadata["bestRound"] == series(report, "val_accuracy").argmax() + 1
    assert report.metadata["finalRound"] == report.metadata["bestRound"] + 5
    best = report.run.state.best
    assert (best.index, best.metric) == (report.metadata["bestRound"], "val_accuracy")


class StopAt:
    """Asks for a stop once so many rounds were asked about."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    def is_set(self) -> bool:
        self.left -= threading.current_thread() is threading.main_thread()
        return self.left < 0


@ALL
def test_a_stop_keeps_the_rounds_so_far(framework):
    config, data = parts(framework, table("regression"), hyperparameters={"n_estimators": 1000, **RATE})
    events: list[Event] = []
    outcome = load(framework).run(config, data, events.append, StopAt(8))
    kept = outcome.metadata["finalRound"]
    assert 1 < kept < 10
    assert not outcome.metadata["earlyStopped"]
    by_hand = HANDS[framework].regressor(n_estimators=kept, random_state=SEED, **RATE, **HANDS[framework].quiet)
    by_hand.fit(data.train.X, data.train.y)
    np.testing.assert_array_equal(outcome.model.predict(data.test.X), by_hand.predict(data.test.X))
    told = [event for event in events if isinstance(event, Rounds)]
    assert sum(len(event.values["train_loss"]) for event in told) == kept


@ALL
def test_a_stop_before_the_first_round_leaves_no_model(framework):
    config, data = parts(framework, table("regression"))
    assert load(framework).run(config, data, lambda event: None, StopAt(0)).model is None


@ALL
def test_rounds_are_told_in_blocks(framework):
    config, data = parts(framework, table("regression").head(60), hyperparameters={"n_estimators": 2000})
    events: list[Event] = []
    load(framework).run(config, data, events.append, threading.Event())
    told = [event for event in events if isinstance(event, Rounds)]
    assert [event.start for event in told] == np.cumsum([1, *(len(event.values["train_loss"]) for event in told)])[
        :-1
    ].tolist()
    assert sum(len(event.values["train_loss"]) for event in told) == 2000
    assert len(told) < 200
    assert not [event for event in events if isinstance(event, Best)], "without validation rows no round is best"


@BOTH
def test_dart_has_no_best_round(framework):
    booster = {"xgboost": {"booster": "dart"}, "lightgbm": {"boosting_type": "dart"}}[framework]
    keys = {"hyperparameters": {"n_estimators": 10, **booster}}
    with pytest.raises(InvalidConfiguration, match="earlyStopping needs rounds that can be taken off again"):
        train(framework, table("regression"), earlyStopping=True, **keys)
    frame = table("regression")
    report = train(framework, frame, validationSplit=0.2, **keys)
    test, (X, y), _ = split(frame, validation=0.2, classify=False)
    by_hand = (
        HANDS[framework].regressor(n_estimators=10, random_state=SEED, **booster, **HANDS[framework].quiet).fit(X, y)
    )
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    assert "bestRound" not in report.metadata


@ALL
def test_folds_stop_early_too(framework):
    report = train(
        framework, table("classification"), earlyStopping={"patience": 3},
        crossValidation={"folds": 3}, hyperparameters={"n_estimators": 30},
    )  # fmt: skip
    assert report.history["fold"].dropna().tolist() == [1, 2, 3]
    assert report.metrics["crossValidation"]["meanAccuracy"] > 0.9
