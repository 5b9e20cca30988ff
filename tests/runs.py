"""Runs to test with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris

import mlmagic

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from mlmagic.report import Report


def flowers() -> pd.DataFrame:
    return load_iris(as_frame=True).frame


def config(algorithm: str | None = "GaussianNB", **keys: Any) -> dict[str, Any]:
    """A run on ``$df``; without an algorithm the keys name a model."""
    named = {"algorithm": algorithm} if algorithm else {}
    return {"action": "train", "framework": "sklearn", "data": "$df", "target": "target", **named, **keys}


def submit(algorithm: str | None = "GaussianNB", names: dict[str, Any] | None = None, **keys: Any) -> Report:
    return mlmagic.submit(config(algorithm, **keys), **{"df": flowers(), **(names or {})})


def forest(trees: int = 3000, **keys: Any) -> Report:
    """A run that goes on until it is stopped, if it may have many trees."""
    return submit("RandomForestClassifier", hyperparameters={"n_estimators": trees}, **keys)


def until(condition: Callable[[], Any], timeout: float = 60) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


class Sleeper(ClassifierMixin, BaseEstimator):
    """A classifier that cannot be asked to stop."""

    def __init__(self, seconds: float = 60.0) -> None:
        self.seconds = seconds

    def fit(self, X: Any, y: Any) -> Sleeper:
        self.classes_ = sorted(set(y))
        time.sleep(self.seconds)
        return self

    def predict(self, X: Any) -> Any:
        return [self.classes_[0]] * len(X)
