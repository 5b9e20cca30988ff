"""XGBoost and LightGBM from a CSV file to results, to the finished report and in memory, beside a careful script; and
what telling every round costs where rounds are short.

``python -m tests.benchmarks.test_boosting FRAMEWORK CSV FILE`` is the script alone, in a process of its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import mlmagic
from mlmagic._pool import POOL
from mlmagic.config import resolve
from mlmagic.data import Rows, TrainingData
from mlmagic.events import Event, Plan, Rounds, encode
from mlmagic.executors import load
from tests.benchmarks._measure import median_ratio, note, rows, timed, turns

TURNS, ROWS, COLUMNS = 5, 300_000, 20
BOTH = pytest.mark.parametrize("framework", ["xgboost", "lightgbm"])
# One thread each: two sides that wait for each other on a busy machine tell nothing.
TREES = {"n_estimators": 100, "learning_rate": 0.1, "n_jobs": 1}
# Rounds of a fraction of a millisecond, on one thread.
SHORT, SHORT_ROWS = 4_000, 2_000


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbers, text and gaps."""
    path = tmp_path_factory.mktemp("boosting") / "data.csv"
    frame = rows(ROWS, COLUMNS)
    frame["colour"] = frame.y.map({0: "red", 1: "blue"}).where(frame.x5 > 0, "green")
    frame.loc[::17, "x3"] = None
    frame.loc[::23, "colour"] = None
    frame.to_csv(path, index=False)
    return path


@BOTH
def test_csv_to_results_and_to_the_report(framework: str, csv: Path, tmp_path: Path) -> None:
    ended: list[float] = []

    def ours() -> float:
        began = time.perf_counter()
        report = mlmagic.submit(_config(framework, csv, tmp_path))
        assert report.metrics["test"]["accuracy"] > 0.8
        released = time.perf_counter() - began
        report.wait()
        ended.append(time.perf_counter() - began)
        return released

    def script() -> float:
        return timed(lambda: by_hand(framework, csv, tmp_path / "hand.model"))

    ours(), script()  # imports, and the warm child
    ended.clear()
    seconds, hand = turns(TURNS, ours, script)
    what = f"{framework}, {ROWS:,} rows, {csv.stat().st_size / 1e6:.0f} MB"
    middle = statistics.median(hand)
    results, finished = median_ratio(seconds, hand), median_ratio(ended, hand)
    note("CSV to results", what, results * middle, middle, "script", "1.05")
    note("CSV to finished report", what, finished * middle, middle, "script", "1.3")
    assert results < 2
    assert finished < 3


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of another process")
@BOTH
def test_peak_memory(framework: str, csv: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", __name__, framework, str(csv), str(tmp_path / "hand.model")]
    hand = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    POOL.close()  # a child that has trained before may hold what that took
    report = mlmagic.run(_config(framework, csv, tmp_path))
    peak = _peak(report.run.worker_pid)
    ratio = note("peak memory", f"{framework}, {ROWS:,} rows", peak, hand, "script", "1.2", "B")
    assert ratio < 2


@BOTH
def test_telling_every_round_costs_little(framework: str, tmp_path: Path) -> None:
    ours, theirs = turns(TURNS, lambda: _told(framework, tmp_path), lambda: _untold(framework))
    ratio = median_ratio(ours, theirs)
    middle = statistics.median(theirs)
    what = f"{framework}: {SHORT:,} rounds, {SHORT / middle:,.0f} a second"
    note("rounds, each told", what, ratio * middle, middle, "without", "1.02")
    assert ratio < 1.3


def _config(framework: str, csv: Path, directory: Path) -> dict[str, Any]:
    return {
        "action": "train", "framework": framework, "dataPath": str(csv), "target": "y", "seed": 42,
        "hyperparameters": TREES, "earlyStopping": {"patience": 20}, "outputDir": str(directory / "run"),
    }  # fmt: skip


def by_hand(framework: str, csv: Path, target: Path) -> None:
    """What a person writes who wants a curve, early stopping, the usual metrics and the model in a file."""
    import pandas as pd
    from sklearn import metrics
    from sklearn.model_selection import train_test_split

    frame = pd.read_csv(csv)
    frame["colour"] = frame["colour"].astype("category")
    X, y = frame.drop(columns="y"), frame["y"]
    X_rest, X_test, y_rest, y_test = train_test_split(X, y, test_size=0.2, random_state=42, stratify=y)
    X_train, X_val, y_train, y_val = train_test_split(X_rest, y_rest, test_size=0.25, random_state=42, stratify=y_rest)
    model = _fit(framework, X_train, y_train, X_val, y_val)
    for inputs, truth in ((X_train, y_train), (X_test, y_test)):
        probabilities = model.predict_proba(inputs)
        predicted = probabilities.argmax(axis=1)
        metrics.accuracy_score(truth, predicted)
        metrics.f1_score(truth, predicted, average="weighted")
        metrics.roc_auc_score(truth, probabilities[:, 1])
        metrics.log_loss(truth, probabilities)
    metrics.classification_report(y_test, predicted, output_dict=True)
    metrics.confusion_matrix(y_test, predicted)
    (model if framework == "xgboost" else model.booster_).save_model(target.with_suffix(".json"))


def _fit(framework: str, X: Any, y: Any, X_val: Any, y_val: Any) -> Any:
    sets = [(X, y), (X_val, y_val)]
    if framework == "xgboost":
        import xgboost

        model = xgboost.XGBClassifier(**TREES, enable_categorical=True, early_stopping_rounds=20, random_state=42)
        return model.fit(X, y, eval_set=sets, verbose=False)
    import lightgbm

    model = lightgbm.LGBMClassifier(**TREES, random_state=42, verbosity=-1)
    early = lightgbm.early_stopping(20, verbose=False)
    # Not eval_X, with which the classifier of 4.7 bins the training rows twice.
    return model.fit(X, y, eval_set=sets, callbacks=[early])


def _peak(pid: int | str) -> int:
    """Bytes. What ``getrusage`` tells of a process holds what its parent took before."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def _short() -> tuple[Any, Any]:
    frame = rows(SHORT_ROWS)
    return frame.drop(columns="y"), frame["y"].astype(float)


def _told(framework: str, directory: Path) -> float:
    """Processor seconds of the training in a run whose events go to a file."""
    X, y = _short()
    data = TrainingData(Rows(X, y), None, None, "regression", "y")
    body = {
        "action": "train", "framework": framework, "data": "$df", "outputDir": str(directory),
        "hyperparameters": {"n_estimators": SHORT, "max_depth": 4, "n_jobs": 1},
    }  # fmt: skip
    config = resolve(body).bind(lambda reference: X)
    moments: list[float] = []
    with (directory / "events.jsonl").open("ab", buffering=0) as stream:

        def emit(event: Event) -> None:
            stream.write(encode(event).encode() + b"\n")
            if isinstance(event, (Plan, Rounds)):
                moments.append(time.process_time())
                if isinstance(event, Plan):
                    moments[:-1] = []

        load(framework).run(config, data, emit, threading.Event())
    return moments[-1] - moments[0]


def _untold(framework: str) -> float:
    """Processor seconds of the same training by hand, measured each round all the same."""
    X, y = _short()
    keys: dict[str, Any] = {"n_estimators": SHORT, "max_depth": 4, "n_jobs": 1, "random_state": 0}
    if framework == "xgboost":
        import xgboost

        made, sets = xgboost.XGBRegressor(**keys), {"eval_set": [(X, y)], "verbose": False}
    else:
        import lightgbm

        made, sets = lightgbm.LGBMRegressor(**keys, verbosity=-1), {"eval_X": (X,), "eval_y": (y,)}
    began = time.process_time()
    made.fit(X, y, **sets)
    return time.process_time() - began


if __name__ == "__main__":
    by_hand(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    print(_peak("self"))
