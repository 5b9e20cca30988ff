"""From a CSV file to results in hand, to the finished report, and in memory: a cell's config beside the script that a
careful person writes, with the same preparation, metrics and saved model.

``python -m tests.benchmarks.test_whole_path NAME CSV FILE`` is the script alone, in a process of its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import mlmagic
from mlmagic._pool import POOL
from mlmagic.executors.sklearn._estimators import ESTIMATORS
from tests.benchmarks._measure import SLACK, TELLS_PEAK, WHY, median_ratio, note, peak, rows, timed, turns

# One thread each: two sides that wait for each other on a busy machine tell nothing.
TREES = {"n_estimators": 100, "learning_rate": 0.1, "n_jobs": 1}


@dataclass(frozen=True)
class Case:
    """A training of so many rows, ``columns`` numbers and a column of words."""

    framework: str
    rows: int
    columns: int
    algorithm: str | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    # Boosting stops early by a curve.
    keys: dict[str, Any] = field(default_factory=dict)
    rounds: int = 5


CASES = {
    "logistic, small": Case("sklearn", 20_000, 10, "LogisticRegression"),
    "logistic": Case("sklearn", 200_000, 10, "LogisticRegression"),
    "forest, small": Case("sklearn", 20_000, 10, "RandomForestClassifier", {"n_estimators": 50, "n_jobs": 2}),
    "forest": Case("sklearn", 100_000, 10, "RandomForestClassifier", {"n_estimators": 30, "n_jobs": 2}, rounds=3),
    "gradient boosting": Case("sklearn", 200_000, 10, "HistGradientBoostingClassifier", {"max_iter": 50}),
    "xgboost": Case("xgboost", 300_000, 20, None, TREES, {"earlyStopping": {"patience": 20}}),
    "lightgbm": Case("lightgbm", 300_000, 20, None, TREES, {"earlyStopping": {"patience": 20}}),
}
LARGE = [name for name in CASES if "small" not in name]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.mark.parametrize("name", CASES)
def test_csv_to_results_and_to_the_report(name: str, tables: Path, tmp_path: Path) -> None:
    case, csv = CASES[name], written(CASES[name], tables)
    ended: list[float] = []

    def ours() -> float:
        began = time.perf_counter()
        report = mlmagic.submit(_config(case, csv, tmp_path))
        assert report.metrics["test"]["accuracy"] > 0.8
        released = time.perf_counter() - began
        report.wait()
        ended.append(time.perf_counter() - began)
        return released

    def script() -> float:
        return timed(lambda: by_hand(case, csv, tmp_path / "hand.model"))

    ours(), script()  # imports, and the warm child
    ended.clear()
    seconds, hand = turns(case.rounds, ours, script)
    middle = statistics.median(hand)
    results, finished = median_ratio(seconds, hand), median_ratio(ended, hand)
    # What a run costs whatever its size, pictures above all, is seen where the script takes a tenth of a second.
    goals = (1.5, 4.0) if "small" in name else (1.05, 1.3)
    note("CSV to results", f"{name}, {case.rows:,} rows", results * middle, middle, "script", f"<= {goals[0]}")
    note("CSV to finished report", f"{name}, {case.rows:,} rows", finished * middle, middle, "script", f"<= {goals[1]}")
    assert results <= SLACK * goals[0]
    assert finished <= SLACK * goals[1]


@pytest.mark.skipif(not TELLS_PEAK, reason=WHY)
@pytest.mark.parametrize("name", LARGE)
def test_peak_memory(name: str, tables: Path, tmp_path: Path) -> None:
    case, csv = CASES[name], written(CASES[name], tables)
    command = [sys.executable, "-m", __name__, name, str(csv), str(tmp_path / "hand.model")]
    hand = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    POOL.close()  # a child that has trained before may hold what that took
    report = mlmagic.run(_config(case, csv, tmp_path))
    ours = peak(report.run.worker_pid)
    ratio = note("peak memory", f"{name}, {case.rows:,} rows", ours, hand, "script", "<= 1.2", "B")
    assert ratio <= 1.2


def written(case: Case, directory: Path) -> Path:
    """Numbers, words and gaps, in a file."""
    path = directory / f"{case.rows}x{case.columns}.csv"
    if path.exists():
        return path
    frame = rows(case.rows, case.columns)
    frame["colour"] = frame.y.map({0: "red", 1: "blue"}).where(frame.x5 > 0, "green")
    frame.loc[::17, "x3"] = None
    frame.loc[::23, "colour"] = None
    frame.to_csv(path, index=False)
    return path


def _config(case: Case, csv: Path, directory: Path) -> dict[str, Any]:
    body = {
        "action": "train", "framework": case.framework, "algorithm": case.algorithm, "dataPath": str(csv),
        "target": "y", "seed": 42, "hyperparameters": case.hyperparameters, "outputDir": str(directory / "run"),
        **case.keys,
    }  # fmt: skip
    return {key: value for key, value in body.items() if value is not None}


def by_hand(case: Case, csv: Path, target: Path) -> None:
    """What a person writes who wants the usual metrics and the model in a file, and a curve where there is one."""
    import pandas as pd
    from sklearn import metrics
    from sklearn.model_selection import train_test_split

    frame = pd.read_csv(csv)
    if case.framework != "sklearn":
        frame["colour"] = frame["colour"].astype("category")
    X, y = frame.drop(columns="y"), frame["y"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42, stratify=y)
    model = (_fit if case.framework == "sklearn" else _boost)(case, X_train, y_train)
    for inputs, truth in ((X_train, y_train), (X_test, y_test)):
        probabilities = model.predict_proba(inputs)
        predicted = probabilities.argmax(axis=1)
        metrics.accuracy_score(truth, predicted)
        metrics.f1_score(truth, predicted, average="weighted")
        metrics.roc_auc_score(truth, probabilities[:, 1])
        metrics.log_loss(truth, probabilities)
    metrics.classification_report(y_test, predicted, output_dict=True)
    metrics.confusion_matrix(y_test, predicted)
    _save(case, model, target)


def _fit(case: Case, X: Any, y: Any) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    numbers = [name for name in X if name != "colour"]
    prepare = make_column_transformer((SimpleImputer(strategy="median"), numbers), (words, ["colour"]))
    kind = getattr(import_module(ESTIMATORS[str(case.algorithm)]), str(case.algorithm))
    return make_pipeline(prepare, kind(**case.hyperparameters)).fit(X, y)


def _boost(case: Case, X: Any, y: Any) -> Any:
    from sklearn.model_selection import train_test_split

    X, X_val, y, y_val = train_test_split(X, y, test_size=0.25, random_state=42, stratify=y)
    sets = [(X, y), (X_val, y_val)]
    if case.framework == "xgboost":
        import xgboost

        keys = {**case.hyperparameters, "enable_categorical": True, "early_stopping_rounds": 20, "random_state": 42}
        return xgboost.XGBClassifier(**keys).fit(X, y, eval_set=sets, verbose=False)
    import lightgbm

    model = lightgbm.LGBMClassifier(**case.hyperparameters, random_state=42, verbosity=-1)
    # Not eval_X, with which the classifier of 4.7 bins the training rows twice.
    return model.fit(X, y, eval_set=sets, callbacks=[lightgbm.early_stopping(20, verbose=False)])


def _save(case: Case, model: Any, target: Path) -> None:
    if case.framework == "sklearn":
        import skops.io

        skops.io.dump(model, target)
    else:
        (model if case.framework == "xgboost" else model.booster_).save_model(target.with_suffix(".json"))


if __name__ == "__main__":
    by_hand(CASES[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3]))
    print(peak("self"))
