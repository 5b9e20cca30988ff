"""What each framework needs for the contract's runs: tables, no switch. A framework that joins adds its own lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.model_selection import train_test_split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED = 3
TASKS = ("classification", "regression")
MLP = {"architecture": "mlp", "epochs": 3, "gpuEnabled": False}
TREES = {"hyperparameters": {"n_estimators": 5}}

# The least that trains a model, by framework and task.
SMALL: dict[tuple[str, str], dict[str, Any]] = {
    ("sklearn", "classification"): {"algorithm": "RandomForestClassifier", **TREES},
    ("sklearn", "regression"): {"algorithm": "Ridge"},
    ("pytorch", "classification"): MLP,
    ("pytorch", "regression"): {**MLP, "task": "regression"},
    ("keras", "classification"): MLP,
    ("keras", "regression"): {**MLP, "task": "regression"},
    ("xgboost", "classification"): {"hyperparameters": {"n_estimators": 5, "subsample": 0.5}},
    ("xgboost", "regression"): TREES,
    ("lightgbm", "classification"): {"hyperparameters": {"n_estimators": 5, "extra_trees": True}},
    ("lightgbm", "regression"): TREES,
    ("catboost", "classification"): TREES,
    ("catboost", "regression"): TREES,
}
CASES = sorted(SMALL)
# More than fits in a second; a stop must end it.
LONG: dict[str, dict[str, Any]] = {
    "sklearn": {"algorithm": "ExtraTreesClassifier", "hyperparameters": {"n_estimators": 100_000}},
    "pytorch": {**MLP, "epochs": 100_000},
    "keras": {**MLP, "epochs": 100_000},
    "xgboost": {"hyperparameters": {"n_estimators": 100_000}},
    "lightgbm": {"hyperparameters": {"n_estimators": 100_000}},
    "catboost": {"hyperparameters": {"n_estimators": 100_000}},
}
FRAMEWORKS = sorted(LONG)

# Enough to have a curve that turns, where the framework has curves that can.
_FAST = {"architecture": "mlp", "epochs": 12, "learningRate": 0.05}
_BOOSTED = {"hyperparameters": {"n_estimators": 30, "learning_rate": 0.5}, "validationSplit": 0.2}
_FOREST = {"hyperparameters": {"n_estimators": 5}, "validationSplit": 0.2}
CURVED: dict[tuple[str, str], dict[str, Any]] = {
    ("sklearn", "classification"): {"algorithm": "RandomForestClassifier", **_FOREST},
    ("sklearn", "regression"): {"algorithm": "RandomForestRegressor", **_FOREST},
    **{(name, task): {**_FAST, "task": task} for name in ("pytorch", "keras") for task in TASKS},
    **{(name, task): {**_BOOSTED, "task": task} for name in ("xgboost", "lightgbm", "catboost") for task in TASKS},
}
# What a training that can stop early calls its units in the report; a forest has no early stopping.
UNITS = {"pytorch": "Epoch", "keras": "Epoch", "xgboost": "Round", "lightgbm": "Round", "catboost": "Round"}
PATIENCE = 2

TWO = ["accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "balanced_accuracy"]
THREE = ["accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "f1_macro"]
NUMBERS = ["r2", "rmse", "mae", "mse", "explained_variance", "neg_median_absolute_error"]
# What early stopping watches, by task: not the loss, but what nobody asked for, and a function of the notebook.
WATCHED = {"classification": "val_f1_macro", "regression": "val_own"}
# A function's name need not tell which way it gets better.
MODE = {"val_own": {"mode": "max"}}


def early(framework: str, metric: str) -> dict[str, Any]:
    """The key ``earlyStopping``, where the framework has it."""
    return (
        {"earlyStopping": {"metric": metric, "patience": PATIENCE, **MODE.get(metric, {})}}
        if framework in UNITS
        else {}
    )


def frame(task: str) -> pd.DataFrame:
    """Real rows, with text and gaps: irises of three kinds, or diabetes."""
    table = load_iris(as_frame=True).frame if task == "classification" else load_diabetes(as_frame=True).frame
    table["size"] = np.where(np.arange(len(table)) % 3 == 0, "small", "large")
    table.loc[table.index[::7], table.columns[1]] = np.nan
    return table


def tumours() -> pd.DataFrame:
    """Two labels of text that are hard to tell apart, with text and gaps."""
    data = load_breast_cancer(as_frame=True)
    table = data.frame[["mean texture", "mean smoothness", "mean symmetry"]]
    shade = pd.cut(data.frame["mean compactness"], 3, labels=["light", "grey", "dark"]).astype(object)
    table = table.assign(shade=shade, kind=data.target.map({0: "malignant", 1: "benign"}))
    table.loc[table.index[::9], "mean symmetry"] = np.nan
    table.loc[table.index[::11], "shade"] = None
    return table


def split(table: pd.DataFrame, target: str, *, classify: bool, seed: int = SEED) -> list[pd.DataFrame]:
    """Training, validation and test rows as a person cuts them with scikit-learn."""
    sizes = math.ceil(0.2 * len(table))
    rest, test = train_test_split(
        table, test_size=sizes, random_state=seed, stratify=table[target] if classify else None
    )
    train, val = train_test_split(rest, test_size=sizes, random_state=seed, stratify=rest[target] if classify else None)
    return [train, val, test]


def own_metric(task: str) -> Callable[[Any, Any], float]:
    """A metric of the notebook: how many predictions are right, or within 50. It goes to a child by value."""
    close = 50 if task == "regression" else None

    def own(y_true: Any, y_pred: Any) -> float:
        return float((y_true == y_pred).sum() if close is None else (abs(y_true - y_pred) < close).sum())

    return own


def measured(names: Sequence[str], y: Any, values: Any, shares: Any = None, labels: Any = None) -> dict[str, float]:
    """What scikit-learn says, called by hand: of two labels about the second, of more weighted by their rows."""
    two = labels is not None and len(labels) == 2
    how = {"pos_label": labels[1]} if two else {"average": "weighted"}
    rank = {} if two else {"multi_class": "ovr", "average": "weighted"}
    # Shares that were stored in 32 bits add up to 1 but for the last digit, which log_loss warns of.
    whole = None if shares is None else np.asarray(shares, float) / np.asarray(shares, float).sum(axis=1, keepdims=True)
    known: dict[str, Callable[[], float]] = {
        "accuracy": lambda: metrics.accuracy_score(y, values),
        "precision": lambda: metrics.precision_score(y, values, zero_division=0, **how),
        "recall": lambda: metrics.recall_score(y, values, **how),
        "f1": lambda: metrics.f1_score(y, values, **how),
        "f1_macro": lambda: metrics.f1_score(y, values, average="macro"),
        "roc_auc": lambda: metrics.roc_auc_score(y, whole[:, 1] if two else whole, **rank),
        "log_loss": lambda: metrics.log_loss(y, whole, labels=labels),
        "balanced_accuracy": lambda: metrics.balanced_accuracy_score(y, values),
        "r2": lambda: metrics.r2_score(y, values),
        "rmse": lambda: metrics.root_mean_squared_error(y, values),
        "mae": lambda: metrics.mean_absolute_error(y, values),
        "mse": lambda: metrics.mean_squared_error(y, values),
        "explained_variance": lambda: metrics.explained_variance_score(y, values),
        "neg_median_absolute_error": lambda: -metrics.median_absolute_error(y, values),
    }
    return {name: float(known[name]()) for name in names}
