"""Test rows beside a training without validation rows: looked at, and nothing else; XGBoost, LightGBM, CatBoost."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

from mlmagic.config import resolve
from mlmagic.errors import InvalidConfiguration, TrainingFailure
from mlmagic.events import Best, Event
from mlmagic.executors import load
from mlmagic.executors._boosting._rows import SHOWN, split_parts
from tests.executors.boosting_run import (
    ALL,
    HANDS,
    SEED,
    estimator,
    parts,
    penguins,
    queries,
    series,
    split,
    table,
    train,
)

pytestmark = pytest.mark.usefixtures("here")
ROUNDS = {"hyperparameters": {"n_estimators": 12}}


def many(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, 3))
    return pd.DataFrame(X, columns=list("xyz")).assign(target=(X[:, 0] + random.normal(size=rows) > 0).astype(int))


@ALL
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_curve_is_what_the_model_of_each_round_says_of_them(framework: str, task: str) -> None:
    frame = table(task)
    report = train(framework, frame, **ROUNDS)
    (X, y), _, _ = split(frame, classify=task == "classification")
    for rounds in (1, 5, 12):
        how = {"ntree_end": rounds} if framework == "catboost" else {}
        how = how or ({"iteration_range": (0, rounds)} if framework == "xgboost" else {"num_iteration": rounds})
        place = rounds - 1
        if task == "classification":
            shares = report.model.predict_proba(X, **how)
            assert series(report, "test_loss")[place] == pytest.approx(log_loss(y, shares), rel=1e-5)
            accuracy = accuracy_score(y, shares[:, 1] > 0.5)
            assert series(report, "test_accuracy")[place] == pytest.approx(accuracy, abs=1e-9)
        else:
            error = mean_squared_error(y, report.model.predict(X, **how))
            assert series(report, "test_loss")[place] == pytest.approx(error, rel=1e-5)


@ALL
def test_it_is_what_the_library_measures_of_the_same_rows(framework: str) -> None:
    frame = table("classification")
    report = train(framework, frame, **ROUNDS)
    test, rows, _ = split(frame)
    made = HANDS[framework].classifier(n_estimators=12, random_state=SEED, **HANDS[framework].quiet)
    if framework == "lightgbm":
        found = made.fit(*rows, eval_X=(test[0],), eval_y=(test[1],)).evals_result_["valid_0"]["binary_logloss"]
    elif framework == "xgboost":
        found = made.fit(*rows, eval_set=[test], verbose=False).evals_result_["validation_0"]["logloss"]
    else:
        found = made.fit(*rows, eval_set=test, use_best_model=False).evals_result_["validation"]["Logloss"]
    np.testing.assert_allclose(series(report, "test_loss"), found, rtol=1e-12)


@ALL
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_model_is_bit_for_bit_the_one_that_nobody_watched(framework: str, task: str) -> None:
    frame, library = penguins(), load(framework)._library
    target = "species" if task == "classification" else "body_mass_g"
    found = []
    for watched in (True, False):
        config, data = parts(framework, frame, target=target, seed=SEED)
        executor, stop = load(framework), threading.Event()
        events: list[Event] = []
        outcome = executor.run(config, replace(data, watched=watched), events.append, stop)
        assert not any(isinstance(event, Best) for event in events)
        assert any(name.startswith("test_") for event in events for name in getattr(event, "values", ())) is watched
        found.append(trees(library, estimator(outcome.model)))
    assert found[0] == found[1]


def trees(library: Any, made: Any) -> Any:
    """The trees as they are stored; of CatBoost, whose file says when it was written, its cuts and leaves."""
    if library.package != "catboost":
        return library.write(made)
    return made.get_leaf_values().tobytes(), made.get_borders(), made.get_scale_and_bias()


@ALL
def test_they_decide_nothing(framework: str) -> None:
    frame = table("regression")
    report = train(framework, frame, hyperparameters={"n_estimators": 80, "learning_rate": 0.3})
    assert series(report, "test_loss").argmin() < 79, "the last round is not the best of them"
    facts = report.metadata
    assert (facts["finalRound"], facts["earlyStopped"], "bestRound" in facts) == (80, False, False)
    assert "validation" not in report.metrics
    assert report.metrics["test"]["rmse"] == pytest.approx(report.metrics["finalModel"]["testRmse"])
    with pytest.raises(InvalidConfiguration, match=r"earlyStopping\.metric must be"):
        train(framework, frame, earlyStopping={"metric": "test_loss"}, validationSplit=0.2)


@ALL
def test_validation_rows_are_watched_in_their_place(framework: str) -> None:
    history = train(framework, table("regression"), validationSplit=0.2, **ROUNDS).history
    assert not [name for name in history if name.startswith("test_")]


@ALL
def test_of_many_rows_the_first_are_watched(framework: str) -> None:
    frame = many(11_000)
    report = train(framework, frame, **ROUNDS)
    (X, y), _, _ = split(frame)
    assert len(X) > SHOWN
    loss = log_loss(y[:SHOWN], report.model.predict_proba(X[:SHOWN]))
    assert series(report, "test_loss")[-1] == pytest.approx(loss, rel=1e-5)


@ALL
def test_of_a_ranking_whole_groups_are_watched(framework: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlmagic.executors._boosting._rows.SHOWN", 25)
    kind = HANDS[framework].ranker.__name__
    _, data = parts(framework, queries(), target="relevance", groups="query", algorithm=kind)
    shown = split_parts("ranker", data, None)["test"]
    sizes = data.test.group.value_counts()
    whole = [size for name, size in sizes.items() if name in set(data.test.group.unique()[: len(set(shown.group))])]
    assert len(shown.y) == sum(whole) <= 25
    report = train(framework, queries(), target="relevance", groups="query", algorithm=kind, **ROUNDS)
    assert [name for name in report.history if name.startswith("test_ndcg")]


@ALL
def test_rows_that_cannot_be_measured_end_no_run(framework: str) -> None:
    """A metric of the notebook that fails on them."""
    frame = table("regression")
    (_, y), _, _ = split(frame, classify=False)

    def picky(y_true: Any, y_pred: Any) -> float:
        if len(y_true) == len(y):
            raise ValueError("not these")
        return 0.5

    report = train(framework, frame, {"picky": picky}, hyperparameters={"n_estimators": 5, "eval_metric": "$picky"})
    assert "The test rows have no curve: ValueError: not these" in report.log
    assert not [name for name in report.history if name.startswith("test_")]
    plain = train(framework, frame, hyperparameters={"n_estimators": 5})
    np.testing.assert_array_equal(report.predictions["predicted"], plain.predictions["predicted"])


@ALL
def test_what_is_not_about_the_rows_trains_nothing_a_second_time(framework: str) -> None:
    frame, sizes = table("regression"), []

    def greedy(y_true: Any, y_pred: Any) -> float:
        sizes.append(len(y_true))
        if len(y_true) == len(data.test):
            raise MemoryError("too much")
        return 0.5

    _, data = parts(framework, frame, seed=SEED)
    keys = {"hyperparameters": {"n_estimators": 5, "eval_metric": "$greedy"}}
    config = resolve({"action": "train", "framework": framework, "data": "$df", "target": "target", **keys})
    config = config.bind(lambda reference: {"df": frame, "greedy": greedy}[reference.name])
    with pytest.raises((MemoryError, TrainingFailure), match="too much"):
        load(framework).run(config, data, lambda event: None, threading.Event())
    assert sizes.count(len(data.train)) <= 1


@ALL
def test_labels_that_nobody_learned_are_not_watched(framework: str) -> None:
    frame = many(60).assign(target=["a", "b"] * 29 + ["a", "c"])
    orders = (frame.sample(frac=1, random_state=number).reset_index(drop=True) for number in range(100))
    data = next(data for _, data in (parts(framework, rows) for rows in orders) if data.test.y.isin(["c"]).any())
    shown = split_parts("classifier", data, None)["test"].y
    assert "c" not in shown
    assert len(shown) == len(data.test) - 1


@ALL
def test_a_validation_row_whose_label_nobody_learns_is_told(framework: str) -> None:
    frame = pd.DataFrame({"x": range(5), "z": range(5), "target": list("aabbc")})
    with pytest.raises(InvalidConfiguration, match=r"the only validation row has a label \(b\) that none of the 3"):
        train(framework, frame, earlyStopping=True, **ROUNDS)
