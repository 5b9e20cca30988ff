"""From a CSV file to results in hand: a cell's config beside the script that a careful person writes."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import mlmagic
from mlmagic.executors.sklearn._estimators import ESTIMATORS
from tests.benchmarks._measure import median_ratio, note, rows, timed, turns

ROUNDS, ROWS = 5, 20_000
LIMIT = 3.0
ALGORITHMS = {
    "LogisticRegression": {},
    "RandomForestClassifier": {"n_estimators": 50, "n_jobs": -1},
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_csv_to_results(algorithm: str, tmp_path: Path) -> None:
    source = tmp_path / "data.csv"
    frame = rows(ROWS)
    frame["colour"] = frame.y.map({0: "red", 1: "blue"}).where(frame.x5 > 0, "green")
    frame.loc[::17, "x3"] = None
    frame.to_csv(source, index=False)
    ours = _ours(algorithm, source, tmp_path)
    theirs = lambda: _by_hand(algorithm, source, tmp_path / "hand.skops")  # noqa: E731
    ours(), theirs()  # imports, and the warm child
    seconds, script = turns(ROUNDS, ours, lambda: timed(theirs))
    ratio = median_ratio(seconds, script)
    what = f"{algorithm}, {ROWS:,} rows"
    note("CSV to results", what, statistics.median(seconds), statistics.median(script), "script", "1.05, later")
    assert ratio < LIMIT


def _ours(algorithm: str, source: Path, directory: Path) -> Callable[[], float]:
    """A run until its results are released; what follows them is waited for, and not counted."""
    body = {
        "action": "train", "framework": "sklearn", "algorithm": algorithm, "dataPath": str(source), "target": "y",
        "hyperparameters": ALGORITHMS[algorithm], "featureScaling": "standard", "outputDir": str(directory / "run"),
    }  # fmt: skip

    def once() -> float:
        report = None

        def work() -> None:
            nonlocal report
            report = mlmagic.submit(body)
            assert report.metrics

        seconds = timed(work)
        assert report is not None
        report.wait()
        return seconds

    return once


def _by_hand(algorithm: str, source: Path, target: Path) -> None:
    import pandas as pd
    import skops.io
    from sklearn import metrics
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = pd.read_csv(source)
    X, y = frame.drop(columns="y"), frame["y"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42, stratify=y)
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [name for name in X if name != "colour"]),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), ["colour"]),
    )
    estimator = getattr(import_module(ESTIMATORS[algorithm]), algorithm)(**ALGORITHMS[algorithm])
    model = make_pipeline(prepare, estimator).fit(X_train, y_train)
    for inputs, truth in ((X_train, y_train), (X_test, y_test)):
        probabilities = model.predict_proba(inputs)
        predicted = probabilities.argmax(axis=1)
        metrics.accuracy_score(truth, predicted)
        metrics.f1_score(truth, predicted, average="weighted")
        metrics.roc_auc_score(truth, probabilities[:, 1])
    metrics.classification_report(y_test, predicted, output_dict=True)
    metrics.confusion_matrix(y_test, predicted)
    skops.io.dump(model, target)
