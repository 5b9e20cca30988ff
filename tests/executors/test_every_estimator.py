"""Every estimator that can be named trains, is saved without a pickle, and predicts the same when it is read again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge

from mlmagic import _inputs, _transport
from mlmagic.config import resolve
from mlmagic.errors import InvalidConfiguration
from mlmagic.executors.sklearn import _storage
from mlmagic.executors.sklearn._estimators import ESTIMATORS
from mlmagic.executors.sklearn.executor import SklearnExecutor

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.executors._base import Outcome

# What scikit-learn itself asks of these: a parameter, one feature, rows that lie closer.
OF_CLASSIFIER = (
    "FixedThresholdClassifier",
    "OneVsOneClassifier",
    "OneVsRestClassifier",
    "OutputCodeClassifier",
    "SelfTrainingClassifier",
    "TunedThresholdClassifierCV",
)
NEEDS: dict[str, dict[str, object]] = {
    "CCA": {"n_components": 1},
    "IsotonicRegression": {"out_of_bounds": "clip"},
    "PLSCanonical": {"n_components": 1},
    "RadiusNeighborsClassifier": {"radius": 10.0},
    "StackingClassifier": {"estimators": "$classifiers"},
    "StackingRegressor": {"estimators": "$regressors"},
    "VotingClassifier": {"estimators": "$classifiers"},
    "VotingRegressor": {"estimators": "$regressors"},
} | {name: {"estimator": "$classifier"} for name in OF_CLASSIFIER}
# They take several targets, or two classes; a table with one target is what a run has.
SEVERAL_TARGETS = {
    "ClassifierChain",
    "MultiOutputClassifier",
    "MultiOutputRegressor",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "RegressorChain",
}
TWO_CLASSES = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}


def _table(name: str) -> pd.DataFrame:
    if SklearnExecutor().task(_config(name)) == "regression":
        frame = load_diabetes(as_frame=True).frame.iloc[:120]
        return frame[["bmi", "target"]] if name == "IsotonicRegression" else frame
    frame = load_iris(as_frame=True).frame
    return (frame[frame.target < 2] if name in TWO_CLASSES else frame).sample(90, random_state=0)


def _config(name: str):
    return resolve(
        {
            "action": "train",
            "framework": "sklearn",
            "algorithm": name,
            "data": "$frame",
            "target": "target",
            "hyperparameters": NEEDS.get(name, {}),
        }
    )


def _run(name: str, frame: pd.DataFrame, directory: Path) -> Outcome:
    values = {
        "frame": frame,
        "classifier": LogisticRegression(max_iter=500),
        "classifiers": [("a", LogisticRegression(max_iter=500)), ("b", LogisticRegression(C=0.1, max_iter=500))],
        "regressors": [("a", Ridge()), ("b", Ridge(alpha=10))],
    }
    config = _config(name)
    bound = _inputs.bind(config, _inputs.hold(config, values)).model_copy(update={"output_dir": directory})
    taken: list[Outcome] = []
    _transport.run_here(
        bound,
        _transport.Transport(lambda event: None, threading.Event(), lambda released: taken.append(released.outcome())),
    )
    return taken[0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(set(ESTIMATORS) - SEVERAL_TARGETS))
def test_trains_and_is_read_again(name: str, tmp_path: Path) -> None:
    frame = _table(name)
    outcome = _run(name, frame, tmp_path)
    again = _storage.load(tmp_path / "model.skops", trust=False)
    X = frame.drop(columns="target")
    np.testing.assert_array_equal(again.predict(X), outcome.model.predict(X))


@pytest.mark.parametrize("name", ["VotingClassifier", "OneVsRestClassifier", "StackingRegressor"])
def test_what_has_no_default_is_asked_for(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NEEDS, name, {})
    with pytest.raises(InvalidConfiguration, match="needs the hyperparameter 'estimator"):
        _run(name, _table(name), tmp_path)
