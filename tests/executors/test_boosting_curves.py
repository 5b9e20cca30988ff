"""Curves that mean the same in XGBoost, LightGBM and CatBoost: the loss of an objective, and every metric by name."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaln
from sklearn import metrics as measures
from sklearn.datasets import load_iris

from mlmagic.executors import load
from tests.executors.boosting_run import (
    ALL,
    HANDS,
    QUANTILE,
    SEED,
    parts,
    penguins,
    queries,
    series,
    split,
    table,
    train,
)

pytestmark = pytest.mark.usefixtures("here")
ROUNDS = 8
# A scorer that no library measures.
MEDIAN = "neg_median_absolute_error"
FEW = {"n_estimators": ROUNDS, "learning_rate": 0.2}
ABSOLUTE = {
    "xgboost": {"objective": "reg:absoluteerror"},
    "lightgbm": {"objective": "l1"},
    "catboost": {"objective": "MAE"},
}
SQUARED = {
    "xgboost": {"objective": "reg:squarederror"},
    "lightgbm": {"objective": "rmse"},  # which LightGBM measures by the root itself
    "catboost": {"objective": "RMSE"},
}
TWEEDIE = {
    "xgboost": {"objective": "reg:tweedie", "tweedie_variance_power": 1.5},
    "lightgbm": {"objective": "tweedie", "tweedie_variance_power": 1.5},
    "catboost": {"objective": "Tweedie:variance_power=1.5"},
}


def after(framework: str, rounds: int) -> dict[str, Any]:
    """What a model is told so that it predicts as after so many rounds."""
    if framework == "catboost":
        return {"ntree_end": rounds}
    return {"iteration_range": (0, rounds)} if framework == "xgboost" else {"num_iteration": rounds}


def tweedie(y: Any, values: Any, sample_weight: Any) -> float:
    """The likelihood as all three write it down, of a power of 1.5."""
    return float(np.average(2 * y / np.sqrt(values) + 2 * np.sqrt(values), weights=sample_weight))


def pinball(y: Any, values: Any, sample_weight: Any) -> float:
    return float(measures.mean_pinball_loss(y, values, sample_weight=sample_weight, alpha=0.9))


@ALL
@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize(
    ("objective", "loss"),
    [
        (None, measures.mean_squared_error),
        (SQUARED, measures.mean_squared_error),
        (ABSOLUTE, measures.mean_absolute_error),
        (QUANTILE, pinball),
        (TWEEDIE, tweedie),
    ],
    ids=["none", "squared", "absolute", "quantile", "tweedie"],
)
def test_the_loss_is_the_mean_of_what_the_objective_makes_small(framework, objective, loss, weighed):
    weight = np.random.default_rng(0).integers(1, 5, size=len(table("regression"))).astype(float)
    frame = table("regression").assign(weight=weight if weighed else 1.0)
    keys = {"sampleWeight": "weight"} if weighed else {}
    frame = frame if weighed else frame.drop(columns="weight")
    given = {**FEW, **(objective[framework] if objective else {})}
    report = train(framework, frame, validationSplit=0.2, hyperparameters=given, **keys)
    _, (X, y), (Xv, yv) = split(frame, validation=0.2, classify=False)
    kept = report.metadata["bestRound"]
    for part, rows, truth in (("train", X, y), ("val", Xv, yv)):
        weights = rows["weight"] if weighed else None
        values = report.model.predict(rows.drop(columns="weight", errors="ignore"))
        expected = loss(truth, values, sample_weight=weights)
        assert series(report, f"{part}_loss")[kept - 1] == pytest.approx(expected, rel=1e-4)


POISSON = {"xgboost": "count:poisson", "lightgbm": "poisson", "catboost": "Poisson"}


@ALL
def test_the_likelihood_of_counts(framework):
    """XGBoost adds a term that no model changes."""
    frame = table("regression").assign(target=lambda rows: rows["target"] // 20)
    keys = {"hyperparameters": {**FEW, "objective": POISSON[framework]}, "validationSplit": 0.2}
    report = train(framework, frame, **keys)
    _, _, (X, y) = split(frame, validation=0.2, classify=False)
    values = report.model.predict(X)
    expected = (values - y * np.log(values)).mean() + (gammaln(y + 1).mean() if framework == "xgboost" else 0)
    assert series(report, "val_loss")[report.metadata["bestRound"] - 1] == pytest.approx(expected, rel=1e-4)


HUBER = {"lightgbm": {"objective": "huber", "alpha": 9.0}, "catboost": {"objective": "Huber:delta=9"}}


@pytest.mark.parametrize("framework", HUBER)
def test_the_loss_of_huber(framework):
    """XGBoost has another function, pseudo-Huber."""
    frame = table("regression")
    report = train(framework, frame, validationSplit=0.2, hyperparameters={**FEW, **HUBER[framework]})
    _, _, (X, y) = split(frame, validation=0.2, classify=False)
    errors = np.abs(y - report.model.predict(X))
    expected = np.where(errors <= 9, errors**2 / 2, 9 * (errors - 4.5)).mean()
    assert series(report, "val_loss")[report.metadata["bestRound"] - 1] == pytest.approx(expected, rel=1e-4)


def test_the_loss_of_squared_logarithms():
    """XGBoost alone has it, and tells a root."""
    keys = {"hyperparameters": {**FEW, "objective": "reg:squaredlogerror"}, "validationSplit": 0.2}
    frame = table("regression").assign(target=lambda rows: rows["target"] / 100)
    report = train("xgboost", frame, **keys)
    _, _, (X, y) = split(frame, validation=0.2, classify=False)
    expected = measures.mean_squared_log_error(y, report.model.predict(X))
    assert series(report, "val_loss")[report.metadata["bestRound"] - 1] == pytest.approx(expected, rel=1e-4)


@ALL
def test_early_stopping_ends_where_the_library_ends_by_its_root(framework):
    frame, keys = table("regression"), {"n_estimators": 300, "learning_rate": 0.2}
    report = train(framework, frame, earlyStopping={"patience": 7}, hyperparameters=keys)
    test, rows, val = split(frame, validation=0.2, classify=False)
    made = HANDS[framework].regressor(**keys, random_state=SEED, **HANDS[framework].quiet)
    if framework == "xgboost":
        made.set_params(early_stopping_rounds=7, eval_metric="rmse").fit(*rows, eval_set=[val], verbose=False)
        best = made.best_iteration + 1
    elif framework == "lightgbm":
        from lightgbm import early_stopping

        keys = {"eval_metric": "rmse", "callbacks": [early_stopping(7, verbose=False)]}
        best = made.set_params(metric="None").fit(*rows, eval_X=(val[0],), eval_y=(val[1],), **keys).best_iteration_
    else:
        best = made.fit(*rows, eval_set=val, early_stopping_rounds=7).get_best_iteration() + 1
    assert (report.metadata["bestRound"], report.metadata["finalRound"]) == (best, best + 7)
    np.testing.assert_array_equal(report.predictions["predicted"], made.predict(test[0]))


REGRESSION = {
    "mae": measures.mean_absolute_error,
    "r2": measures.r2_score,
    "rmse": measures.root_mean_squared_error,
    "mse": measures.mean_squared_error,
    MEDIAN: lambda y, values: -measures.median_absolute_error(y, values),
}


@ALL
@pytest.mark.parametrize("validates", [True, False])
def test_every_metric_of_numbers_has_its_curve_on_every_part(framework, validates):
    frame = table("regression")
    share = {"validationSplit": 0.2} if validates else {}
    report = train(framework, frame, metrics=list(REGRESSION), hyperparameters=FEW, **share)
    test, rows, val = split(frame, validation=0.2 if validates else 0.0, classify=False)
    watched = {"val": val} if validates else {"test": test}
    for part, (X, y) in {"train": rows, **watched}.items():
        for rounds in (1, 4, report.metadata.get("bestRound", ROUNDS)):
            values = report.model.predict(X, **after(framework, rounds))
            for name, measure in REGRESSION.items():
                found = series(report, f"{part}_{name}")[rounds - 1]
                assert found == pytest.approx(measure(y, values), rel=1e-4, abs=1e-5), (part, name, rounds)
    names = {f"{part}_{name}" for part in ("train", *watched) for name in ("loss", *REGRESSION)}
    assert set(report.history) == {"round", *names}


def labels(measure: Any, **keys: Any) -> Any:
    return lambda y, shares, classes: measure(y, classes[shares.argmax(axis=1)], **keys)


@ALL
@pytest.mark.parametrize("objective", [SQUARED, POISSON, TWEEDIE], ids=["squared", "poisson", "tweedie"])
def test_metrics_decide_nothing(framework, objective):
    given = objective[framework]
    keys = {"hyperparameters": {**FEW, **({"objective": given} if isinstance(given, str) else given)}}
    frame = table("regression").assign(target=lambda rows: rows["target"] // 20)
    plain, asked = train(framework, frame, **keys), train(framework, frame, metrics=["r2", "mae", MEDIAN], **keys)
    np.testing.assert_array_equal(asked.predictions["predicted"], plain.predictions["predicted"])
    for part in ("train", "test"):
        # CatBoost takes a power less exactly where nobody looks at the numbers.
        np.testing.assert_allclose(series(asked, f"{part}_loss"), series(plain, f"{part}_loss"), rtol=1e-3)
    truth, values = asked.predictions["actual"], asked.predictions["predicted"]
    for name, measure in {"r2": measures.r2_score, "mae": measures.mean_absolute_error}.items():
        assert series(asked, f"test_{name}")[-1] == pytest.approx(measure(truth, values), rel=1e-4), name
    assert series(asked, f"test_{MEDIAN}")[-1] == pytest.approx(REGRESSION[MEDIAN](truth, values), rel=1e-4)


CLASSIFICATION = {
    "f1_macro": labels(measures.f1_score, average="macro"),
    "accuracy": labels(measures.accuracy_score),
    "balanced_accuracy": labels(measures.balanced_accuracy_score),
    "log_loss": lambda y, shares, classes: measures.log_loss(y, shares, labels=classes),
    "roc_auc": lambda y, shares, classes: measures.roc_auc_score(y, shares, multi_class="ovr", average="weighted"),
}


@ALL
def test_every_metric_of_labels_has_its_curve_on_every_part(framework):
    frame = penguins().dropna()
    report = train(
        framework, frame, target="species", validationSplit=0.2, metrics=list(CLASSIFICATION), hyperparameters=FEW
    )
    _, rows, val = split(frame, "species", validation=0.2)
    best = report.metadata["bestRound"]
    for part, (X, y) in {"train": rows, "val": val}.items():
        shares = report.model.predict_proba(X)
        for name, measure in CLASSIFICATION.items():
            expected = measure(y, shares, np.unique(rows[1]))
            assert series(report, f"{part}_{name}")[best - 1] == pytest.approx(expected, rel=1e-4), (part, name)
        np.testing.assert_array_equal(series(report, f"{part}_log_loss"), series(report, f"{part}_loss"))


@ALL
@pytest.mark.parametrize(("count", "given"), [(2, {}), (3, {}), (3, {"eval_metric": "accuracy"})])
def test_accuracy_takes_the_first_of_labels_that_tie(framework, count, given):
    """As predict does: of rows too few to split, all labels are equally likely."""
    frame = load_iris(as_frame=True).frame[: 8 * count].assign(target=np.arange(8 * count) % count)
    keys = {"testSplit": 0.25, "hyperparameters": {"n_estimators": 3, **given}}
    _, data = parts(framework, frame, **keys)
    report = train(framework, frame, **keys)
    for part, rows in (("train", data.train), ("test", data.test)):
        for rounds in (1, 3):
            predicted = np.ravel(report.model.predict(rows.X, **after(framework, rounds)))
            expected = measures.accuracy_score(rows.y, predicted)
            assert series(report, f"{part}_accuracy")[rounds - 1] == pytest.approx(expected), (part, rounds)


@ALL
def test_no_tile_says_the_same_number_twice(framework):
    report = train(framework, table("regression"), metrics=["rmse"], hyperparameters=FEW)
    np.testing.assert_allclose(series(report, "test_loss"), series(report, "test_rmse") ** 2, rtol=1e-9)
    plain = train(framework, table("regression"), hyperparameters=FEW)
    assert list(plain.history) == ["round", "train_loss", "test_loss"]
    assert series(plain, "test_loss")[-1] == pytest.approx(plain.metrics["finalModel"]["testRmse"] ** 2, rel=1e-4)


@ALL
def test_of_many_training_rows_the_first_are_measured_here(framework, monkeypatch):
    monkeypatch.setattr("mlmagic.executors._boosting._computed.MOST", 100)
    frame = table("regression")
    config, data = parts(framework, frame, validationSplit=0.2, metrics=[MEDIAN], hyperparameters=FEW)
    outcome = load(framework).run(config, data, lambda event: None, threading.Event())
    best = outcome.metadata["bestRound"] - 1
    for name, rows in (("train", data.train.at(np.arange(100))), ("validation", data.validation)):
        expected = -measures.median_absolute_error(rows.y, outcome.model.predict(rows.X))
        assert outcome.metrics[name][MEDIAN][best] == pytest.approx(expected, rel=1e-4)


@ALL
def test_rows_to_validate_may_have_the_target_of_those_to_train(framework):
    """So that nothing but the turn tells which of the two a library asks about."""
    frame = table("regression")
    noise = np.random.default_rng(0).normal(scale=0.05, size=frame.shape) * (frame.columns != "target")
    held = frame + noise
    keys = {"testSplit": 0, "metrics": ["r2", MEDIAN], "hyperparameters": FEW}
    report = train(framework, frame, {"held": held}, validationData="$held", **keys)
    best = report.metadata["bestRound"] - 1
    for part, rows in (("train", frame), ("val", held)):
        values = report.model.predict(rows.drop(columns="target"))
        assert series(report, f"{part}_r2")[best] == pytest.approx(measures.r2_score(rows["target"], values), rel=1e-4)


@ALL
def test_r2_of_equal_values_has_no_value_in_the_curve(framework):
    frame = table("regression")
    held = frame[:40].assign(target=150.0)
    keys = {"hyperparameters": FEW, "earlyStopping": {"metric": "val_r2", "patience": 2}, "metrics": ["r2"]}
    report = train(framework, frame, {"held": held}, validationData="$held", **keys)
    assert np.isnan(series(report, "val_r2")).all()
    assert np.isfinite(series(report, "train_r2")).all()
    assert "val_r2 has no value: all true values are equal" in report.log


def test_ndcg_of_a_relevance_below_0_has_no_value_in_the_curve_as_in_the_report():
    """CatBoost alone ranks by one."""
    frame = queries().assign(relevance=lambda rows: rows["relevance"] - 1)
    keys = {"target": "relevance", "groups": "query", "algorithm": "CatBoostRanker", "validationSplit": 0.2}
    report = train("catboost", frame, hyperparameters={"n_estimators": 2}, **keys)
    assert np.isnan(series(report, "train_ndcg")).all()
    assert np.isnan(series(report, "val_ndcg")).all()
    assert report.metrics["test"]["ndcg"] is None
    assert "val_ndcg has no value: a relevance is below 0" in report.log
