"""Runs of boosting libraries, and the libraries as a person calls them: each is imported where it is asked for only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pytest
from palmerpenguins import load_penguins
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import ndcg_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

import mlmagic
from mlmagic.config import resolve
from mlmagic.data import training_data

SEED = 0


@dataclass(frozen=True)
class Hand:
    """A library as a person calls it."""

    package: str
    prefix: str
    # What keeps it from printing and from writing files.
    quiet: Mapping[str, Any]

    @property
    def classifier(self) -> Any:
        return self._kind("Classifier")

    @property
    def regressor(self) -> Any:
        return self._kind("Regressor")

    @property
    def ranker(self) -> Any:
        return self._kind("Ranker")

    def _kind(self, name: str) -> Any:
        return getattr(import_module(self.package), f"{self.prefix}{name}")


HANDS = {
    "xgboost": Hand("xgboost", "XGB", {}),
    "lightgbm": Hand("lightgbm", "LGBM", {"verbosity": -1}),
    "catboost": Hand("catboost", "CatBoost", {"verbose": False, "allow_writing_files": False}),
}
ALL = pytest.mark.parametrize("framework", HANDS)
# What each library is called by hand for in words too much its own; test_catboost.py has CatBoost's.
BOTH = pytest.mark.parametrize("framework", ["xgboost", "lightgbm"])
QUANTILE = {
    "xgboost": {"objective": "reg:quantileerror", "quantile_alpha": 0.9},
    "lightgbm": {"objective": "quantile", "alpha": 0.9},
    "catboost": {"objective": "Quantile:alpha=0.9"},
}


def table(task: str) -> pd.DataFrame:
    """Numbers alone."""
    load = load_breast_cancer if task == "classification" else load_diabetes
    return load(as_frame=True).frame


def penguins() -> pd.DataFrame:
    """Text, gaps in text and in numbers, and labels of text."""
    return load_penguins().drop(columns="year")


def queries() -> pd.DataFrame:
    """Relevance 0 to 2 of 300 rows in 30 queries of unequal size, in no order."""
    random = np.random.default_rng(1)
    X = random.normal(size=(300, 4))
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["relevance"] = np.digitize(X[:, 0] + random.normal(scale=0.3, size=300), [-0.5, 0.8])
    frame["query"] = [f"q{number}" for number in random.integers(0, 30, size=300)]
    return frame


def train(framework: str, frame: Any, names: dict[str, Any] | None = None, **keys: Any) -> Any:
    """The report of a run on a table of the notebook, whose column to predict is "target"."""
    head = {"action": "train", "framework": framework, "data": "$df", "target": "target", "seed": SEED}
    return mlmagic.run({**head, **keys}, df=frame, **(names or {}))


def parts(framework: str, frame: pd.DataFrame, **keys: Any) -> tuple[Any, Any]:
    """What an executor is given for such a run: its config, and the rows cut in parts."""
    config = resolve({"action": "train", "framework": framework, "data": "$df", "target": "target", **keys})
    config = config.bind(lambda reference: frame)
    wanted = config.config
    return config, training_data(frame, wanted, SEED, wanted.default_validation_split, None)


def split(frame: pd.DataFrame, target: str = "target", validation: float = 0.0, classify: bool = True) -> list[Any]:
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
    """What predicts, behind its preparation."""
    return model.steps[-1][1] if isinstance(model, Pipeline) else model


def ndcg(frame: pd.DataFrame, scores: np.ndarray, most: int | None = None) -> float:
    """Of rows of :func:`queries`: the mean of scikit-learn's over the groups that have two rows."""
    groups = [rows for _, rows in frame.assign(score=scores).groupby("query") if len(rows) > 1]
    return float(np.mean([ndcg_score([rows["relevance"]], [rows["score"]], k=most) for rows in groups]))


def series(report: Any, name: str) -> np.ndarray:
    """A column of the history."""
    return report.history[name].to_numpy()
