"""The key ``metrics`` of training: the same names in every framework, and scikit-learn's values everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.model_selection import GroupShuffleSplit

import mlmagic
from mlmagic import _tiles
from mlmagic.config import resolve
from mlmagic.errors import InvalidConfiguration
from mlmagic.plan import plan

MLP = {"architecture": "mlp", "epochs": 3, "gpuEnabled": False}
TREES = {"hyperparameters": {"n_estimators": 4}}
FRAMEWORKS: dict[str, dict[str, Any]] = {
    "sklearn": {"algorithm": "RandomForestClassifier", **TREES},
    "pytorch": MLP,
    "keras": MLP,
    "xgboost": TREES,
    "lightgbm": TREES,
}
LIVE = [name for name in FRAMEWORKS if name != "sklearn"]
TWO = ["accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "balanced_accuracy", "average_precision"]
NUMBERS = ["mae", "mse", "rmse", "r2", "neg_median_absolute_error", "explained_variance"]


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def cancer() -> pd.DataFrame:
    """Two classes of text, hard to tell apart."""
    data = load_breast_cancer(as_frame=True)
    kind = data.target.map({0: "malignant", 1: "benign"})
    return data.frame[["mean texture", "mean smoothness", "mean symmetry"]].assign(kind=kind)


def train(framework: str, frame: pd.DataFrame, target: str, **keys: Any) -> Any:
    names = {key: keys.pop(key) for key in list(keys) if key in ("own", "val")}
    config = {"action": "train", "framework": framework, "data": "$df", "target": target, **FRAMEWORKS[framework]}
    return mlmagic.run({**config, **keys}, df=frame, **names)


def by_hand(names: list[str], y: Any, values: Any, shares: Any, classes: Any) -> dict[str, float]:
    """What scikit-learn says."""
    positive = None if classes is None else classes[1]
    second = None if shares is None else np.asarray(shares)[:, 1]
    known = {
        "accuracy": lambda: metrics.accuracy_score(y, values),
        "precision": lambda: metrics.precision_score(y, values, pos_label=positive, zero_division=0),
        "recall": lambda: metrics.recall_score(y, values, pos_label=positive),
        "f1": lambda: metrics.f1_score(y, values, pos_label=positive),
        "roc_auc": lambda: metrics.roc_auc_score(np.asarray(y) == positive, second),
        "log_loss": lambda: metrics.log_loss(y, shares, labels=classes),
        "balanced_accuracy": lambda: metrics.balanced_accuracy_score(y, values),
        "average_precision": lambda: metrics.average_precision_score(np.asarray(y) == positive, second),
        "mae": lambda: metrics.mean_absolute_error(y, values),
        "mse": lambda: metrics.mean_squared_error(y, values),
        "rmse": lambda: metrics.root_mean_squared_error(y, values),
        "r2": lambda: metrics.r2_score(y, values),
        "neg_median_absolute_error": lambda: -metrics.median_absolute_error(y, values),
        "explained_variance": lambda: metrics.explained_variance_score(y, values),
    }
    return {name: float(known[name]()) for name in names}


def kept(report: Any) -> dict[str, float]:
    """The history's row of the epoch or round whose model the report has."""
    history = report.history
    best = report.metadata.get("bestEpoch") or report.metadata.get("bestRound")
    return dict(history[history.iloc[:, 0] == best].iloc[0])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_test_rows_and_the_folds_have_them(framework: str) -> None:
    frame = cancer()
    report = train(framework, frame, "kind", metrics=TWO, crossValidation={"folds": 2})
    table, found = report.predictions, report.metrics["test"]
    expected = by_hand(TWO, table["actual"], table["predicted"], table.iloc[:, 3:], ["benign", "malignant"])
    keys = {"f1": "f1Score", "roc_auc": "rocAuc", "log_loss": "logLoss"}
    assert {name: found[keys.get(name, name)] for name in TWO} == pytest.approx(expected, rel=1e-6)
    assert report.metrics["finalModel"]["testBalancedAccuracy"] == pytest.approx(expected["balanced_accuracy"])
    folds = report.metrics["crossValidation"]
    assert folds["meanRocAuc"] == pytest.approx(np.mean(folds["rocAuc"]))
    assert len(folds["balanced_accuracy"]) == 2
    assert {"accuracy", "f1", "roc_auc"} <= set(report.model and report.history.columns) or framework != "sklearn"
    labels = [tile["label"] for tile in _tiles.tiles(report.run)]
    assert labels[:3] == ["test_accuracy", "test_precision", "test_recall"]


@pytest.mark.parametrize("framework", LIVE)
def test_curves_on_the_validation_rows_are_scikit_learns_of_two_classes(framework: str) -> None:
    frame = cancer()
    val = frame.sample(frac=0.3, random_state=1)
    rest = frame.drop(index=val.index)
    early = {"earlyStopping": {"metric": "val_loss", "patience": 50}}
    report = train(framework, rest, "kind", metrics=TWO, validationData="$val", val=val, **early)
    table = mlmagic.run({"action": "predict", "model": "$m", "data": "$rows"}, m=report, rows=val).predictions
    expected = by_hand(TWO, val["kind"], table["predicted"], table.iloc[:, 2:], ["benign", "malignant"])
    row = kept(report)
    assert {name: row[f"val_{name}"] for name in TWO} == pytest.approx(expected, rel=2e-5)
    counted = [name for name in ("accuracy", "precision", "recall", "f1") if f"train_{name}" in row]
    assert "accuracy" in counted
    assert not any(f"train_{name}" in row for name in ("balanced_accuracy", "average_precision"))


@pytest.mark.parametrize("framework", LIVE)
def test_curves_are_scikit_learns_of_numbers(framework: str) -> None:
    frame = load_diabetes(as_frame=True).frame
    val = frame.sample(frac=0.3, random_state=1)
    early = {"earlyStopping": {"metric": "val_r2", "patience": 50}, "task": "regression"}
    report = train(
        framework, frame.drop(index=val.index), "target", metrics=NUMBERS, validationData="$val", val=val, **early
    )
    table = mlmagic.run({"action": "predict", "model": "$m", "data": "$rows"}, m=report, rows=val).predictions
    expected = by_hand(NUMBERS, val["target"], table["predicted"], None, None)
    row = kept(report)
    assert {name: row[f"val_{name}"] for name in NUMBERS} == pytest.approx(expected, rel=1e-4)
    assert row["val_r2"] == max(report.history["val_r2"])
    assert report.metrics["test"]["explained_variance"] <= 1


@pytest.mark.parametrize("framework", LIVE)
def test_three_classes(framework: str) -> None:
    frame = load_iris(as_frame=True).frame
    val = frame.sample(frac=0.4, random_state=1)
    asked = ["f1", "precision", "roc_auc", "f1_macro"]
    early = {"earlyStopping": {"metric": "val_f1_macro", "patience": 50}}
    report = train(
        framework, frame.drop(index=val.index), "target", metrics=asked, validationData="$val", val=val, **early
    )
    table = mlmagic.run({"action": "predict", "model": "$m", "data": "$rows"}, m=report, rows=val).predictions
    y, values, row = val["target"], table["predicted"], kept(report)
    assert row["val_f1"] == pytest.approx(metrics.f1_score(y, values, average="weighted"))
    assert row["val_precision"] == pytest.approx(
        metrics.precision_score(y, values, average="weighted", zero_division=0)
    )
    assert row["val_f1_macro"] == pytest.approx(metrics.f1_score(y, values, average="macro"))
    shares = table.iloc[:, 2:].to_numpy()
    expected = metrics.roc_auc_score(y, shares, multi_class="ovr", average="weighted")
    assert row["val_roc_auc"] == pytest.approx(expected, abs=1e-5)
    assert row["val_f1_macro"] == max(report.history["val_f1_macro"])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_function_of_the_notebook_sees_labels(framework: str) -> None:
    frame = cancer()
    val = frame.sample(frac=0.3, random_state=1)
    seen: list[set[str]] = []

    def missed(y_true: Any, y_pred: Any) -> int:
        seen.append(set(np.unique(y_true)) | set(np.unique(y_pred)))
        return int(((y_true == "malignant") & (y_pred == "benign")).sum())

    live = framework in LIVE
    keys = {"metrics": ["$own", "recall"], "own": missed}
    if live:
        keys |= {"earlyStopping": {"metric": "val_own", "mode": "min"}, "validationData": "$val", "val": val}
    report = train(framework, frame.drop(index=val.index), "kind", **keys)
    table = report.predictions
    expected = int(((table["actual"] == "malignant") & (table["predicted"] == "benign")).sum())
    assert report.metrics["test"]["own"] == expected
    assert report.metrics["finalModel"]["testOwn"] == expected
    if live:
        assert kept(report)["val_own"] == min(report.history["val_own"])
    if seen:  # what runs in a child is not seen here
        assert set().union(*seen) <= {"benign", "malignant"}


@pytest.mark.parametrize("framework", ["pytorch", "xgboost"])
def test_a_scorer_of_scikit_learn_looks_at_probabilities(framework: str) -> None:
    frame = cancer()
    own = metrics.make_scorer(metrics.brier_score_loss, response_method="predict_proba", pos_label="malignant")
    report = train(framework, frame, "kind", metrics=["$own"], own=own)
    table = report.predictions
    expected = metrics.brier_score_loss(table["actual"] == "malignant", table["malignant"])
    assert report.metrics["test"]["own"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_fails_is_said_before_anything_trains(framework: str) -> None:
    def wrong(y_true: Any, y_pred: Any) -> float:
        return float(y_true.nothing)

    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, cancer(), "kind", metrics=["$own", "mae", "accuracy"], own=wrong)
    assert [fault.path for fault in caught.value.faults] == ["config.metrics"] * 2
    assert "mae measures a regression, but this is a classification" in str(caught.value)
    assert "$own gives no number for a few rows of the target: AttributeError" in str(caught.value)
    assert "y_true.nothing" in caught.value.stderr


def test_a_dry_run_says_it_too() -> None:
    body = {"action": "train", "framework": "sklearn", "algorithm": "GaussianNB", "data": "$df", "metrics": ["mae"]}
    config = resolve(body)
    with pytest.raises(InvalidConfiguration, match="mae measures a regression, but this is a classification"):
        plan(config, {"df": cancer()})


@pytest.mark.parametrize("framework", ["pytorch", "keras", "lightgbm"])
def test_which_way_a_function_gets_better_has_to_be_known(framework: str) -> None:
    early = {"metric": "val_own", "patience": 3}
    keys = {"metrics": ["$own"], "own": lambda y_true, y_pred: 1.0, "earlyStopping": early}
    with pytest.raises(InvalidConfiguration, match=r"\$own does not tell by its name .*: add `mode: max`"):
        train(framework, cancer(), "kind", **keys)


@pytest.mark.parametrize("framework", LIVE)
def test_early_stopping_names_what_is_not_asked_for(framework: str) -> None:
    report = train(framework, cancer(), "kind", earlyStopping={"metric": "val_balanced_accuracy", "patience": 2})
    row = kept(report)
    assert row["val_balanced_accuracy"] == max(report.history["val_balanced_accuracy"])
    with pytest.raises(InvalidConfiguration, match=r"earlyStopping\.metric must be .*val_loss, .*got 'val_mae'"):
        train(framework, cancer(), "kind", earlyStopping={"metric": "val_mae"})


def test_a_growing_forest_has_a_curve_of_them() -> None:
    frame = cancer()
    report = train("sklearn", frame, "kind", metrics=["roc_auc"], validationSplit=0.2)
    last = report.history.iloc[-1]
    rest = mlmagic.run({"action": "predict", "model": "$m", "data": "$rows"}, m=report, rows=frame).predictions
    assert 0 < last["val_roc_auc"] < last["train_roc_auc"] <= 1
    assert len(rest) == len(frame)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_test_rows_of_one_class_say_why_there_is_no_rank(framework: str) -> None:
    frame = cancer()
    group = ((frame["kind"] == "benign") & (np.arange(len(frame)) % 3 == 0)).astype(int).to_numpy()
    asked = ["roc_auc", "average_precision", "f1"]
    keys = {"groups": "$own", "own": group, "testSplit": 0.5, "validationSplit": 0, "seed": seed_that_tests(group)}
    report = train(framework, frame, "kind", metrics=asked, **keys)
    assert set(report.predictions["actual"]) == {"benign"}
    found = report.metrics["test"]
    assert found["rocAuc"] is found["average_precision"] is None
    assert found["f1Score"] == 0
    assert found["undefined"]["average_precision"] == "no row has the label 'malignant'"
    assert "rocAuc has no value: no row has the label 'malignant'" in report.log


def seed_that_tests(group: np.ndarray) -> int:
    """A seed whose test rows are those of group 1."""
    for seed in range(100):
        splitter = GroupShuffleSplit(n_splits=1, test_size=1, random_state=seed)
        if set(group[next(splitter.split(group, groups=group))[1]]) == {1}:
            return seed
    raise AssertionError
