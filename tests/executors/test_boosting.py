"""What XGBoost, LightGBM and CatBoost have in common, each compared with the library called by hand."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor
from palmerpenguins import load_penguins
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRanker, XGBRegressor

import mlmagic
from mlmagic.config import resolve
from mlmagic.errors import DataLoadingError, InvalidConfiguration, ModelLoadingError, TrainingFailure
from mlmagic.events import Best, Event, Log, Metadata, Rounds
from mlmagic.executors import load

pytestmark = pytest.mark.usefixtures("here")
SEED = 0


@dataclass(frozen=True)
class Hand:
    """A library as a person calls it."""

    classifier: type
    regressor: type
    ranker: type
    # fit(estimator, X, y, validation rows, early stopping rounds, min_delta) and the rounds that were evaluated.
    fit: Callable[..., Any]


def fit_xgboost(estimator: Any, X: Any, y: Any, val: Any = None, rounds: int | None = None, delta: float = 0.0) -> Any:
    sets = [(X, y), *([val] if val else [])]
    if rounds is not None:
        metric = estimator.eval_metric
        stop = xgboost.callback.EarlyStopping(
            rounds=rounds, data_name="validation_1", min_delta=delta, maximize=metric == "auc"
        )
        estimator.set_params(callbacks=[stop])
    return estimator.fit(X, y, eval_set=sets, verbose=False)


def fit_lightgbm(estimator: Any, X: Any, y: Any, val: Any = None, rounds: int | None = None, delta: float = 0.0) -> Any:
    callbacks = [] if rounds is None else [lightgbm.early_stopping(rounds, verbose=False, min_delta=delta)]
    sets = [(X, y), *([val] if val else [])]
    return estimator.fit(X, y, eval_set=sets, eval_names=["train", "val"][: len(sets)], callbacks=callbacks)


def fit_catboost(estimator: Any, X: Any, y: Any, val: Any = None, rounds: int | None = None, delta: float = 0.0) -> Any:
    return estimator.fit(X, y, eval_set=val, early_stopping_rounds=rounds)


HANDS = {
    "xgboost": Hand(XGBClassifier, XGBRegressor, XGBRanker, fit_xgboost),
    "lightgbm": Hand(LGBMClassifier, LGBMRegressor, LGBMRanker, fit_lightgbm),
    "catboost": Hand(CatBoostClassifier, CatBoostRegressor, CatBoostRanker, fit_catboost),
}
ALL = pytest.mark.parametrize("framework", HANDS)
# What each library is called by hand for in words too much its own; tests/executors/test_catboost.py has CatBoost's.
BOTH = pytest.mark.parametrize("framework", ["xgboost", "lightgbm"])
# CatBoost's own depends on how many rounds there are to be.
RATE = {"learning_rate": 0.1}
QUIET = {"xgboost": {}, "lightgbm": {"verbosity": -1}, "catboost": {"verbose": False, "allow_writing_files": False}}


def table(task: str) -> pd.DataFrame:
    load = load_breast_cancer if task == "classification" else load_diabetes
    return load(as_frame=True).frame


def penguins() -> pd.DataFrame:
    """Text, gaps in text and in numbers, and labels of text."""
    return load_penguins().drop(columns="year")


def train(framework: str, frame: Any, names: dict[str, Any] | None = None, **keys: Any) -> Any:
    config = {"action": "train", "framework": framework, "data": "$df", "seed": SEED, **keys}
    return mlmagic.run(config, df=frame, **(names or {}))


def split(frame: pd.DataFrame, target: str, validation: float = 0.0, classify: bool = True) -> list[Any]:
    """The rows of the test, and those to train on and to validate, as scikit-learn cuts them."""
    labels = frame[target] if classify else None
    rest, test = train_test_split(frame, test_size=0.2, random_state=SEED, stratify=labels)
    parts = [test, rest, None]
    if validation:
        size = int(np.ceil(validation * len(frame)))
        labels = rest[target] if classify else None
        parts[1:] = train_test_split(rest, test_size=size, random_state=SEED, stratify=labels)
    return [None if part is None else (part.drop(columns=target), part[target]) for part in parts]


def estimator(model: Any) -> Any:
    return model.steps[-1][1] if isinstance(model, Pipeline) else model


def series(report: Any, name: str) -> np.ndarray:
    return report.history[name].to_numpy()


@ALL
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_run_is_the_fit_by_hand(framework, task):
    hand, frame = HANDS[framework], table(task)
    report = train(framework, frame, target="target", hyperparameters={"n_estimators": 30, "max_depth": 4})
    test, (X, y), _ = split(frame, "target", classify=task == "classification")
    kind = hand.classifier if task == "classification" else hand.regressor
    by_hand = kind(n_estimators=30, max_depth=4, random_state=SEED, **QUIET[framework]).fit(X, y)
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
    report = train(framework, frame, target="target", validationSplit=0.2, hyperparameters={"n_estimators": 25})
    _, rows, val = split(frame, "target", 0.2)
    if framework == "xgboost":
        made = XGBClassifier(n_estimators=25, random_state=SEED, eval_metric=["logloss", "error"])
        found = fit_xgboost(made, *rows, val).evals_result()
        loss, error = ([found[f"validation_{part}"][name] for part in (0, 1)] for name in ("logloss", "error"))
    else:
        made = LGBMClassifier(
            n_estimators=25, random_state=SEED, verbosity=-1, metric=["binary_logloss", "binary_error"]
        )
        found = fit_lightgbm(made, *rows, val).evals_result_
        keys = ("binary_logloss", "binary_error")
        loss, error = ([found[part][name] for part in ("train", "val")] for name in keys)
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
    keys = {"target": "target", "validationSplit": 0.2, "hyperparameters": {"n_estimators": 80, "learning_rate": 0.3}}
    report = train(framework, frame, **keys)
    test, (X, y), _ = split(frame, "target", 0.2, classify=False)
    best = int(series(report, "val_loss").argmin()) + 1
    assert best < 80
    assert (report.metadata["bestRound"], report.metadata["finalRound"]) == (best, 80)
    by_hand = (
        HANDS[framework]
        .regressor(n_estimators=best, learning_rate=0.3, random_state=SEED, **QUIET[framework])
        .fit(X, y)
    )
    np.testing.assert_array_equal(report.model.predict(test[0]), by_hand.predict(test[0]))


@BOTH
@pytest.mark.parametrize("delta", [0.0, 0.02])
def test_early_stopping_is_the_librarys_own(framework, delta):
    hand, frame = HANDS[framework], table("classification")
    report = train(
        framework, frame, target="target", earlyStopping={"patience": 8, "minDelta": delta},
        hyperparameters={"n_estimators": 500},
    )  # fmt: skip
    test, rows, val = split(frame, "target", 0.2)
    made = hand.classifier(n_estimators=500, random_state=SEED, **QUIET[framework])
    by_hand = hand.fit(made, *rows, val, rounds=8, delta=delta)
    ended = len(
        next(iter((getattr(by_hand, "evals_result_", None)).values()))[
            next(iter(next(iter(by_hand.evals_result_.values()))))
        ]
    )
    facts = report.metadata
    assert (facts["earlyStopped"], facts["finalRound"]) == (True, ended)
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
        framework, frame, target="target", earlyStopping={"patience": 5, "metric": "val_auc"},
        hyperparameters={"n_estimators": 200},
    )  # fmt: skip
    test, rows, val = split(frame, "target", 0.2)
    keys = {"eval_metric": "auc"} if framework == "xgboost" else {"metric": "auc", "verbosity": -1}
    by_hand = hand.fit(hand.classifier(n_estimators=200, random_state=SEED, **keys), *rows, val, rounds=5)
    best = by_hand.best_iteration + 1 if framework == "xgboost" else by_hand.best_iteration_
    assert report.metadata["bestRound"] == best == series(report, "val_auc").argmax() + 1
    np.testing.assert_array_equal(report.predictions[["0", "1"]], by_hand.predict_proba(test[0]))


@ALL
def test_early_stopping_by_accuracy_looks_upward(framework):
    keys = {"earlyStopping": {"patience": 5, "metric": "val_accuracy"}, "hyperparameters": {"n_estimators": 100}}
    report = train(framework, table("classification"), target="target", **keys)
    assert report.metadata["bestRound"] == series(report, "val_accuracy").argmax() + 1
    assert report.metadata["finalRound"] == report.metadata["bestRound"] + 5
    best = report.run.state.best
    assert (best.index, best.metric) == (report.metadata["bestRound"], "val_accuracy")


@BOTH
def test_categories_and_gaps_go_to_the_library_as_they_are(framework):
    """Text becomes codes with gaps, which gives the model that pandas categories by hand give."""
    frame = penguins()
    report = train(framework, frame, target="body_mass_g", hyperparameters={"n_estimators": 40, "min_child_weight": 1})
    known = frame.dropna(subset="body_mass_g")
    words = ["species", "island", "sex"]
    known = known.assign(**{name: known[name].astype("category") for name in words})
    test, (X, y), _ = split(known, "body_mass_g", classify=False)
    native = {"enable_categorical": True} if framework == "xgboost" else {"verbosity": -1}
    by_hand = HANDS[framework].regressor(n_estimators=40, min_child_weight=1, random_state=SEED, **native).fit(X, y)
    raw = frame.loc[test[0].index].drop(columns="body_mass_g")
    np.testing.assert_array_equal(report.model.predict(raw), by_hand.predict(test[0]))
    assert X.isna().to_numpy().any()
    assert report.metadata["encoded"]["island"] == ["Biscoe", "Dream", "Torgersen"]
    assert "filled" not in report.metadata


@ALL
def test_a_category_that_training_never_saw_is_a_gap(framework):
    frame = penguins()
    report = train(framework, frame, target="body_mass_g", hyperparameters={"n_estimators": 10})
    X = frame.drop(columns="body_mass_g").head(20)
    strange, gone = X.assign(island="Atlantis"), X.assign(island=None)
    np.testing.assert_array_equal(report.model.predict(strange), report.model.predict(gone))


@BOTH
def test_pandas_categories_go_as_they_are_where_nothing_is_prepared(framework):
    frame = penguins().dropna(subset="body_mass_g")
    frame = frame.assign(**{name: frame[name].astype("category") for name in ("species", "island", "sex")})
    report = train(framework, frame, target="body_mass_g", prepare="none", hyperparameters={"n_estimators": 20})
    test, (X, y), _ = split(frame, "body_mass_g", classify=False)
    native = {"enable_categorical": True} if framework == "xgboost" else {"verbosity": -1}
    by_hand = HANDS[framework].regressor(n_estimators=20, random_state=SEED, **native).fit(X, y)
    assert type(report.model) is HANDS[framework].regressor
    np.testing.assert_array_equal(report.model.predict(test[0]), by_hand.predict(test[0]))


LABELS = {
    "text": lambda y: y.map({0: "setosa", 1: "versicolor", 2: "virginica"}),
    "numbers with a gap": lambda y: y.map({0: 10, 1: 5, 2: 7}),
    "truth": lambda y: y == 1,
    "codes": lambda y: y,
}


@ALL
@pytest.mark.parametrize("labels", LABELS)
def test_labels_may_be_anything(framework, labels):
    frame = load_iris(as_frame=True).frame
    frame["target"] = LABELS[labels](frame["target"])
    report = train(framework, frame, target="target", hyperparameters={"n_estimators": 10})
    test, (X, y), _ = split(frame, "target")
    classes, codes = np.unique(y, return_inverse=True)
    by_hand = HANDS[framework].classifier(n_estimators=10, random_state=SEED, **QUIET[framework]).fit(X, codes)
    expected = classes[by_hand.predict(test[0]).ravel()]  # CatBoost's have a second axis
    np.testing.assert_array_equal(report.predictions["predicted"], expected)
    np.testing.assert_array_equal(np.ravel(report.model.predict(test[0])), expected)
    np.testing.assert_array_equal(report.model.predict_proba(test[0]), by_hand.predict_proba(test[0]))
    np.testing.assert_array_equal(report.model.classes_, classes)
    assert isinstance(report.model, HANDS[framework].classifier)
    again = clone(report.model).fit(X, y)
    np.testing.assert_array_equal(np.ravel(again.predict(test[0])), expected)
    np.testing.assert_array_equal(np.ravel(pickle.loads(pickle.dumps(report.model)).predict(test[0])), expected)


@BOTH
def test_weights_go_to_the_library(framework):
    frame = table("classification")
    frame["w"] = np.linspace(0.1, 2, len(frame))
    keys = {"sampleWeight": "w", "classWeight": {"0": 3}, "hyperparameters": {"n_estimators": 20}}
    report = train(framework, frame, target="target", validationSplit=0.2, **keys)
    test, (X, y), (Xv, yv) = split(frame, "target", 0.2)
    weight, weight_val = X.pop("w") * y.map({0: 3, 1: 1}), Xv.pop("w")
    best = report.metadata["bestRound"]
    made = HANDS[framework].classifier(n_estimators=20, random_state=SEED, **QUIET[framework])
    if framework == "xgboost":
        by_hand = made.fit(
            X, y, sample_weight=weight, eval_set=[(Xv, yv)], sample_weight_eval_set=[weight_val], verbose=False
        )
        losses = by_hand.evals_result()["validation_0"]["logloss"]
        expected = by_hand.predict_proba(test[0].drop(columns="w"), iteration_range=(0, best))
    else:
        by_hand = made.fit(X, y, weight, eval_set=[(Xv, yv)], eval_sample_weight=[weight_val])
        losses = by_hand.evals_result_["valid_0"]["binary_logloss"]
        expected = by_hand.predict_proba(test[0].drop(columns="w"), num_iteration=best)
    np.testing.assert_allclose(series(report, "val_loss"), losses, rtol=1e-12)
    np.testing.assert_array_equal(report.predictions[["0", "1"]], expected)


def worst(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return float(np.abs(y_true - y_pred).max())


def mine_score(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return -float(np.abs(y_true - y_pred).max())


def named(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[str, float, bool]:
    return "anything", -float(np.abs(y_true - y_pred).max()), True


@BOTH
def test_a_metric_of_the_notebook(framework):
    frame, rounds = table("regression"), {"n_estimators": 15}
    report = train(
        framework, frame, {"worst": worst}, target="target", validationSplit=0.2,
        hyperparameters={**rounds, "eval_metric": ["$worst", "mae"]},
    )  # fmt: skip
    _, (X, y), (Xv, yv) = split(frame, "target", 0.2, classify=False)
    made = HANDS[framework].regressor(**rounds, random_state=SEED, **QUIET[framework]).fit(X, y)
    for place in (1, 7, 15):
        key = {"iteration_range": (0, place)} if framework == "xgboost" else {"num_iteration": place}
        values = made.predict(Xv, **key)
        assert series(report, "val_worst")[place - 1] == pytest.approx(worst(yv.to_numpy(), values), rel=1e-5)
        assert series(report, "val_mae")[place - 1] == pytest.approx(np.abs(yv - values).mean(), rel=1e-5)
    assert estimator(report.model).get_params().get("eval_metric") in (None, [worst, "mae"])


@ALL
@pytest.mark.parametrize(("function", "name"), [(worst, "worst"), (mine_score, "mine_score"), (named, "named")])
def test_early_stopping_by_a_metric_of_the_notebook(framework, function, name):
    """Down, unless its name or itself says up."""
    report = train(
        framework, table("regression"), {"f": function}, target="target",
        earlyStopping={"metric": f"val_{name}", "patience": 5}, hyperparameters={"eval_metric": "$f"},
    )  # fmt: skip
    values = series(report, f"val_{name}")
    assert report.metadata["bestRound"] == (values.argmin() if name == "worst" else values.argmax()) + 1


@ALL
def test_a_metric_that_fails_ends_the_run_with_its_own_lines(framework):
    def broken(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        raise ZeroDivisionError("in the metric")

    with pytest.raises(TrainingFailure, match="in the metric") as caught:
        train(framework, table("regression"), {"f": broken}, target="target", hyperparameters={"eval_metric": "$f"})
    assert 'raise ZeroDivisionError("in the metric")' in caught.value.stderr


@ALL
def test_quantiles(framework):
    frame = table("regression")
    objective = QUANTILE[framework]
    report = train(framework, frame, target="target", hyperparameters={"n_estimators": 30, **objective})
    test, (X, y), _ = split(frame, "target", classify=False)
    by_hand = HANDS[framework].regressor(n_estimators=30, random_state=SEED, **objective, **QUIET[framework]).fit(X, y)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    assert (report.predictions["actual"] <= report.predictions["predicted"]).mean() > 0.7
    errors = y - by_hand.predict(X)
    pinball = np.maximum(0.9 * errors, -0.1 * errors).mean()
    assert series(report, "train_loss")[-1] == pytest.approx(pinball, rel=1e-4)


@pytest.mark.parametrize(
    ("framework", "several"),
    [
        ("xgboost", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}),
        ("catboost", {"objective": "MultiQuantile:alpha=0.1,0.5,0.9"}),
    ],
)
def test_several_quantiles_are_several_runs(framework, several):
    with pytest.raises(InvalidConfiguration, match="predicts 3 numbers a row, and a run is about one"):
        train(framework, penguins(), target="body_mass_g", hyperparameters=several)


def squared(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return y_pred - y_true, np.ones_like(y_true)


@BOTH
def test_an_objective_of_the_notebook(framework):
    frame = table("regression")
    keys = {"hyperparameters": {"n_estimators": 30, "objective": "$f"}, "validationSplit": 0.2}
    report = train(framework, frame, {"f": squared}, target="target", **keys)
    test, (X, y), _ = split(frame, "target", 0.2, classify=False)
    best = report.metadata["bestRound"]
    by_hand = HANDS[framework].regressor(n_estimators=best, objective=squared, random_state=SEED, **QUIET[framework])
    np.testing.assert_array_equal(report.model.predict(test[0]), by_hand.fit(X, y).predict(test[0]))
    assert "train_loss" not in report.history, "nobody but the user knows what it is"


def queries() -> pd.DataFrame:
    """Relevance 0 to 2 of 300 rows in 30 queries of unequal size, in no order."""
    random = np.random.default_rng(1)
    X = random.normal(size=(300, 4))
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["relevance"] = np.digitize(X[:, 0] + random.normal(scale=0.3, size=300), [-0.5, 0.8])
    frame["query"] = [f"q{number}" for number in random.integers(0, 30, size=300)]
    return frame


@BOTH
def test_a_ranking(framework):
    frame, kind = queries(), HANDS[framework].ranker
    report = train(
        framework, frame, algorithm=kind.__name__, target="relevance", groups="query", earlyStopping={"patience": 5},
        hyperparameters={"n_estimators": 50},
    )  # fmt: skip
    facts = report.metadata
    assert facts["task"] == "regression"
    keys = {"target": "relevance", "groups": "query", "algorithm": kind.__name__, "earlyStopping": True}
    _, data = parts(framework, frame, **keys)
    train_rows, val_rows = (
        part.X.assign(relevance=part.y, query=part.group).sort_values("query", kind="stable")
        for part in (data.train, data.validation)
    )
    assert not set(train_rows["query"]) & set(val_rows["query"])
    X, Xv, Xt = train_rows[list("abcd")], val_rows[list("abcd")], data.test.X
    y, yv = train_rows["relevance"], val_rows["relevance"]
    made = kind(n_estimators=50, random_state=SEED, **QUIET[framework])
    if framework == "xgboost":
        codes = [pd.factorize(part["query"], sort=True)[0] for part in (train_rows, val_rows)]
        made.set_params(early_stopping_rounds=5)
        by_hand = made.fit(X, y, qid=codes[0], eval_set=[(Xv, yv)], eval_qid=[codes[1]], verbose=False)
        name, values = "val_ndcg@32", by_hand.evals_result()["validation_0"]["ndcg@32"]
        best = by_hand.best_iteration + 1
        expected = by_hand.predict(Xt, iteration_range=(0, best))
    else:
        sizes = [part.groupby("query").size().to_numpy() for part in (train_rows, val_rows)]
        by_hand = made.fit(X, y, group=sizes[0], eval_set=[(Xv, yv)], eval_group=[sizes[1]])
        name, values = "val_ndcg@5", by_hand.evals_result_["valid_0"]["ndcg@5"]
        best = int(np.argmax(values[: facts["finalRound"]])) + 1
        expected = by_hand.predict(Xt, num_iteration=best)
    assert facts["bestRound"] == best
    np.testing.assert_allclose(series(report, name), values[: facts["finalRound"]], rtol=1e-12)
    np.testing.assert_array_equal(report.model.predict(Xt), expected)
    assert report.run.state.best.metric == name


@ALL
def test_a_ranking_needs_groups(framework):
    with pytest.raises(DataLoadingError, match="ranks the rows of each group") as caught:
        train(
            framework, queries().drop(columns="query"), algorithm=HANDS[framework].ranker.__name__, target="relevance"
        )
    assert "groups: query_id" in caught.value.solution


class StopAt:
    """Asks for a stop once so many rounds were asked about."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    def is_set(self) -> bool:
        self.left -= threading.current_thread() is threading.main_thread()
        return self.left < 0


def parts(framework: str, frame: pd.DataFrame, **keys: Any) -> tuple[Any, Any]:
    from mlmagic.data import training_data

    config = resolve({"action": "train", "framework": framework, "data": "$df", "target": "target", **keys})
    config = config.bind(lambda reference: frame)
    wanted = config.config
    return config, training_data(frame, wanted, SEED, wanted.default_validation_split, None)


@ALL
def test_a_stop_keeps_the_rounds_so_far(framework):
    config, data = parts(framework, table("regression"), hyperparameters={"n_estimators": 1000, **RATE})
    events: list[Event] = []
    outcome = load(framework).run(config, data, events.append, StopAt(8))
    kept = outcome.metadata["finalRound"]
    assert 1 < kept < 10
    assert not outcome.metadata["earlyStopped"]
    by_hand = HANDS[framework].regressor(n_estimators=kept, random_state=SEED, **RATE, **QUIET[framework])
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


QUANTILE = {
    "xgboost": {"objective": "reg:quantileerror", "quantile_alpha": 0.9},
    "lightgbm": {"objective": "quantile", "alpha": 0.9},
    "catboost": {"objective": "Quantile:alpha=0.9"},
}


NEW_PROCESS = """
import sys
import numpy as np, pandas as pd
import mlmagic
model = mlmagic.attach(sys.argv[1]).model
X = pd.read_parquet(sys.argv[2])
np.save(sys.argv[3], model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X))
np.save(sys.argv[4], np.array([str(label) for label in getattr(model, "classes_", [])]))
"""
STORED = {
    "numbers": (table("regression"), {"target": "target"}),
    "categories and gaps": (penguins(), {"target": "species", "earlyStopping": {"patience": 5}}),
    "odd names": (
        table("regression").rename(columns={"age": 'a"[0]<b', "bmi": "b,m:i"}),
        {"target": "target", "hyperparameters": {"n_estimators": 7}},
    ),
    "truth": (penguins().assign(heavy=lambda rows: rows["body_mass_g"] > 4000), {"target": "heavy"}),
    "ranking": (queries(), {"target": "relevance", "groups": "query", "hyperparameters": {"n_estimators": 5}}),
    "quantile": (table("regression"), {"target": "target"}),
}


@ALL
@pytest.mark.parametrize("case", STORED)
def test_a_saved_model_predicts_the_same_in_a_new_process(here, framework, case):
    frame, keys = STORED[case]
    if case == "ranking":
        keys = {**keys, "algorithm": HANDS[framework].ranker.__name__}
    if case == "quantile":
        keys = {**keys, "hyperparameters": QUANTILE[framework]}
    report = train(framework, frame, **keys)
    X = frame.drop(columns=[keys["target"], *([keys["groups"]] if "groups" in keys else [])])
    X.to_parquet(here / "X.parquet")
    files = [str(here / name) for name in ("X.parquet", "out.npy", "classes.npy")]
    subprocess.run([sys.executable, "-c", NEW_PROCESS, str(report.output_dir), *files], check=True)
    model = report.model
    expected = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
    np.testing.assert_array_equal(np.load(here / "out.npy"), expected)
    known = [str(label) for label in getattr(model, "classes_", [])]
    assert np.load(here / "classes.npy").tolist() == known
    for file in report.output_dir.rglob("*"):
        assert file.suffix not in (".pkl", ".pickle", ".joblib")
        assert not file.is_file() or not file.read_bytes().startswith(b"\x80")


@ALL
def test_columns_are_found_by_name(framework):
    frame = table("regression")
    report = train(framework, frame, target="target", hyperparameters={"n_estimators": 5})
    from mlmagic.data import Rows

    X = frame.drop(columns="target")
    executor = load(framework)
    turned = executor.predict(executor.adopt(report.model), Rows(X[X.columns[::-1]])).values
    np.testing.assert_array_equal(turned, report.model.predict(X))


@ALL
def test_what_the_features_gained(framework):
    frame = penguins()
    report = train(framework, frame, target="species", hyperparameters={"n_estimators": 20})
    found = pd.read_csv(report.output_dir / "feature_importances.csv").set_index("feature")["importance"]
    made, columns = estimator(report.model), list(frame.columns.drop("species"))
    gain = made.booster_.feature_importance("gain") if framework == "lightgbm" else made.feature_importances_
    expected = pd.Series(gain / gain.sum(), index=columns)
    np.testing.assert_allclose(found[columns], expected, rtol=1e-5)
    assert found.is_monotonic_decreasing


@ALL
def test_every_unknown_hyperparameter_is_named_at_once(framework):
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("regression"), target="target", hyperparameters={"n_estimator": 10, "max_dept": 3})
    assert [fault.suggestion for fault in caught.value.faults] == ["n_estimators", "max_depth"]
    assert all("no hyperparameter" in fault.message for fault in caught.value.faults)


@BOTH
def test_every_wrong_value_is_named_at_once(framework):
    wrong = {"max_bin": 1, "learning_rate": "fast", "n_estimators": 20, "reg_lambda": -1}
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("regression"), target="target", hyperparameters=wrong)
    found = {fault.path: fault for fault in caught.value.faults}
    assert set(found) == {f"config.hyperparameters.{name}" for name in ("max_bin", "learning_rate", "reg_lambda")}
    assert found["config.hyperparameters.reg_lambda"].value == -1
    assert "/src/" not in str(caught.value), "places in the library's source are no help"


@ALL
@pytest.mark.parametrize("value", [0, -3, 1.5, "many"])
def test_rounds_are_a_whole_number(framework, value):
    with pytest.raises(InvalidConfiguration, match="num_boost_round must be a whole number of at least 1"):
        train(framework, table("regression"), target="target", hyperparameters={"num_boost_round": value})


@BOTH
def test_second_names_mean_the_same(framework):
    frame = table("regression")
    native = {"num_boost_round": 12, "eta": 0.3, "lambda": 2.0}
    report = train(framework, frame, target="target", hyperparameters=native)
    test, (X, y), _ = split(frame, "target", classify=False)
    by_hand = (
        HANDS[framework]
        .regressor(n_estimators=12, learning_rate=0.3, reg_lambda=2.0, random_state=SEED, **QUIET[framework])
        .fit(X, y)
    )
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    with pytest.raises(InvalidConfiguration, match="two names of one hyperparameter"):
        train(framework, frame, target="target", hyperparameters={"eta": 0.3, "learning_rate": 0.1})


@ALL
@pytest.mark.parametrize(
    ("hyperparameters", "meant"),
    [({"early_stopping_rounds": 50}, "earlyStopping: {patience: 50}"), ({"device": "cuda"}, "device: cuda")],
)
def test_what_is_a_key_of_the_run_is_said(framework, hyperparameters, meant):
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("regression"), target="target", hyperparameters=hyperparameters)
    assert caught.value.faults[0].suggestion == meant


@ALL
def test_an_unknown_metric_is_refused(framework):
    with pytest.raises(InvalidConfiguration, match=r"eval_metric must be rmse, .*got 'rsme'") as caught:
        train(framework, table("regression"), target="target", hyperparameters={"eval_metric": "rsme"})
    assert caught.value.faults[0].suggestion == "rmse"
    early = {"earlyStopping": {"metric": "val_acuracy"}}
    with pytest.raises(InvalidConfiguration, match=r"earlyStopping\.metric must be val_loss, ") as caught:
        train(framework, table("classification"), target="target", **early)
    assert caught.value.faults[0].suggestion == "val_accuracy"


@ALL
def test_an_estimator_of_the_notebook_is_cloned(framework):
    frame, hand = table("regression"), HANDS[framework]
    own = hand.regressor(n_estimators=12, max_depth=3, random_state=5, **QUIET[framework])
    before = own.get_params()
    report = train(framework, frame, {"own": own}, model="$own", target="target", hyperparameters={"max_depth": 2})
    test, (X, y), _ = split(frame, "target", classify=False)
    by_hand = type(own)(**{**before, "max_depth": 2}).fit(X, y)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    np.testing.assert_equal(own.get_params(), before)
    assert not load(framework)._library.is_fitted(own)
    assert report.metadata["algorithm"] == hand.regressor.__name__


@ALL
@pytest.mark.parametrize("named", ["sklearn", "auto"])
def test_an_algorithm_is_found_under_another_framework(framework, named):
    frame, kind = load_iris(as_frame=True).frame, HANDS[framework].classifier
    report = train(named, frame, algorithm=kind.__name__, target="target", hyperparameters={"n_estimators": 5})
    test, (X, y), _ = split(frame, "target")
    by_hand = kind(n_estimators=5, random_state=SEED, **QUIET[framework]).fit(X, y)
    np.testing.assert_array_equal(report.model.predict_proba(test[0]), by_hand.predict_proba(test[0]))
    assert type(report.model) is kind


@ALL
def test_a_pipeline_is_not_for_this_framework(framework):
    own = make_pipeline(StandardScaler(), HANDS[framework].regressor())
    with pytest.raises(InvalidConfiguration, match=r"model must be .* got \$own, which is of type Pipeline") as caught:
        train(framework, table("regression"), {"own": own}, model="$own", target="target")
    assert "framework: sklearn" in caught.value.solution


@ALL
def test_a_gpu_that_is_not_there_is_said_aloud(framework):
    if load(framework)._library.cuda() is None:
        pytest.skip("there is a GPU")
    for keys in ({"device": "cuda"}, {"gpuEnabled": True}):
        config, data = parts(framework, table("regression"), hyperparameters={"n_estimators": 3}, **keys)
        events: list[Event] = []
        load(framework).run(config, data, events.append, threading.Event())
        said = [event for event in events if isinstance(event, Log) and event.level == "warning"]
        assert "training on the CPU" in said[0].text
        facts = {key: value for event in events if isinstance(event, Metadata) for key, value in event.values.items()}
        assert (facts["device"], facts["gpuUsed"]) == ("cpu", False)


@pytest.mark.gpu
@ALL
def test_a_gpu_is_used(framework):
    if load(framework)._library.cuda() is not None:
        pytest.skip("there is no GPU that it can use")
    report = train(framework, table("classification"), target="target", device="cuda", validationSplit=0.2)
    assert report.metadata["gpuUsed"]
    assert report.metrics["test"]["accuracy"] > 0.9


@ALL
def test_device_and_gpu_enabled_may_not_contradict(framework):
    with pytest.raises(InvalidConfiguration, match="device: cuda and gpuEnabled: false contradict each other"):
        train(framework, table("regression"), target="target", device="cuda", gpuEnabled=False)


@BOTH
def test_dart_has_no_best_round(framework):
    booster = {"xgboost": {"booster": "dart"}, "lightgbm": {"boosting_type": "dart"}}[framework]
    keys = {"target": "target", "hyperparameters": {"n_estimators": 10, **booster}}
    with pytest.raises(InvalidConfiguration, match="earlyStopping needs rounds that can be taken off again"):
        train(framework, table("regression"), earlyStopping=True, **keys)
    frame = table("regression")
    report = train(framework, frame, validationSplit=0.2, **keys)
    test, (X, y), _ = split(frame, "target", 0.2, classify=False)
    by_hand = HANDS[framework].regressor(n_estimators=10, random_state=SEED, **booster, **QUIET[framework]).fit(X, y)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    assert "bestRound" not in report.metadata


@ALL
def test_folds_stop_early_too(framework):
    report = train(
        framework, table("classification"), target="target", earlyStopping={"patience": 3},
        crossValidation={"folds": 3}, hyperparameters={"n_estimators": 30},
    )  # fmt: skip
    assert report.history["fold"].dropna().tolist() == [1, 2, 3]
    assert report.metrics["crossValidation"]["meanAccuracy"] > 0.9


def bare(model: CatBoostClassifier) -> CatBoost:
    """A model of CatBoost's that is of no kind, as its own ``train`` gives one."""
    return CatBoost().load_model(blob=model._serialize_model())


BOOSTERS = {"xgboost": XGBClassifier.get_booster, "lightgbm": lambda model: model.booster_, "catboost": bare}


@ALL
def test_a_model_of_the_notebook_is_adopted(framework):
    frame, hand, executor = load_iris(as_frame=True).frame, HANDS[framework], load(framework)
    X, y = frame.drop(columns="target"), frame["target"]
    fitted = hand.classifier(n_estimators=5, **QUIET[framework]).fit(X, y)
    from mlmagic.data import Rows

    booster = BOOSTERS[framework](fitted)
    for model in (fitted, booster, make_pipeline(StandardScaler(), clone(fitted)).fit(X, y)):
        outcome = executor.adopt(model)
        given = executor.predict(outcome, Rows(X))
        np.testing.assert_array_equal(outcome.classes, [0, 1, 2])
        np.testing.assert_array_equal(
            given.values, np.ravel(fitted.predict(X) if model is not outcome.model else model.predict(X))
        )
        assert given.probabilities.shape == (150, 3)
    assert executor.adopt(StandardScaler()) is None
    assert executor.adopt("model") is None
    with pytest.raises(ModelLoadingError, match="is not fitted"):
        executor.adopt(hand.classifier())
    ranker = hand.regressor(n_estimators=5, **QUIET[framework]).fit(X, y)
    assert executor.adopt(ranker).classes is None


@ALL
def test_the_model_of_a_report_is_adopted_with_its_labels(framework):
    report = train(framework, penguins(), target="species", hyperparameters={"n_estimators": 5})
    outcome = load(framework).adopt(report.model)
    assert outcome.classes.tolist() == ["Adelie", "Chinstrap", "Gentoo"]
    assert outcome.features == tuple(penguins().columns.drop("species"))


def write_by_hand(framework: str, model: Any, path: Any) -> None:
    (model.booster_ if framework == "lightgbm" else model).save_model(path)


@ALL
def test_a_model_file_of_another_program_is_read(here, framework):
    frame, hand, executor = load_iris(as_frame=True).frame, HANDS[framework], load(framework)
    X, y = frame.drop(columns="target"), frame["target"]
    from mlmagic.data import Rows

    config, _ = parts(framework, frame)
    for suffix in executor._library.suffixes:
        for kind, target in ((hand.classifier, y), (hand.classifier, y == 1), (hand.regressor, X.iloc[:, 0])):
            fitted = kind(n_estimators=5, **QUIET[framework]).fit(X, target)
            path = here / f"mine{suffix}"
            write_by_hand(framework, fitted, path)
            outcome = executor.read(path, config)
            given = executor.predict(outcome, Rows(X))
            np.testing.assert_array_equal(given.values, np.ravel(fitted.predict(X)).astype(given.values.dtype))
            if kind is hand.classifier:
                np.testing.assert_array_equal(given.probabilities, fitted.predict_proba(X))


@ALL
def test_the_model_file_of_a_run_comes_with_what_lies_beside_it(framework):
    report = train(framework, penguins(), target="species", hyperparameters={"n_estimators": 5})
    executor = load(framework)
    outcome = executor.read(report.output_dir / executor._library.model_file, report.run.config)
    X = penguins().drop(columns="species")
    np.testing.assert_array_equal(outcome.model.predict_proba(X), report.model.predict_proba(X))
    assert outcome.classes.tolist() == ["Adelie", "Chinstrap", "Gentoo"]


@ALL
def test_a_bad_model_file_is_one_clean_error(here, framework):
    frame, hand, executor = load_iris(as_frame=True).frame, HANDS[framework], load(framework)
    config, _ = parts(framework, frame)
    fitted = hand.classifier(n_estimators=5, **QUIET[framework]).fit(frame.drop(columns="target"), frame["target"])
    suffix = executor._library.suffixes[0]
    path = here / f"mine{suffix}"
    write_by_hand(framework, fitted, path)
    whole = path.read_bytes()
    for content, message in (
        (whole[:100], "damaged, or no model of"),
        (whole[: len(whole) // 2], "damaged, or no model of"),
        (b"", "damaged, or no model of"),
        (b"not a model", "damaged, or no model of"),
        (pickle.dumps(fitted), "it is a pickle"),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelLoadingError, match=message) as caught:
            executor.read(path, config)
        assert "save_model" in caught.value.solution
    with pytest.raises(ModelLoadingError, match="is not there"):
        executor.read(here / f"other{suffix}", config)
    (here / "model.bin").write_bytes(whole)
    with pytest.raises(ModelLoadingError, match="is no model file of"):
        executor.read(here / "model.bin", config)
