"""What scikit-learn's estimators call the keys of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TREE = {"loss_function": "criterion", "batch_size": None}
_FOREST = {"epochs": "n_estimators", **_TREE}
_BOOSTING = {"learning_rate": "learning_rate", "loss_function": "loss", "batch_size": None}
_STEPS = {"epochs": "max_iter", "learning_rate": "eta0"}

# Hyperparameters by field name, of estimators by class name without its last word; None where all rows are always
# seen at once.
_CALLED: dict[str, Mapping[str, str | None]] = {
    "AdaBoost": {"epochs": "n_estimators", "learning_rate": "learning_rate", "batch_size": None},
    "Bagging": {"epochs": "n_estimators", "batch_size": None},
    "DecisionTree": _TREE,
    "ExtraTree": _TREE,
    "ExtraTrees": _FOREST,
    "GradientBoosting": {"epochs": "n_estimators", **_BOOSTING},
    "HistGradientBoosting": {"epochs": "max_iter", "early_stopping": "early_stopping", **_BOOSTING},
    "IsolationForest": {"epochs": "n_estimators", "batch_size": None},
    "LogisticRegression": {"epochs": "max_iter", "batch_size": None},
    "MLP": {
        "epochs": "max_iter",
        "learning_rate": "learning_rate_init",
        "batch_size": "batch_size",
        "early_stopping": "early_stopping",
        "momentum": "momentum",
        "optimizer": "solver",
        "weight_decay": "alpha",
    },
    "MiniBatchKMeans": {"epochs": "max_iter", "batch_size": "batch_size"},
    "Perceptron": {**_STEPS, "early_stopping": "early_stopping"},
    "RandomForest": _FOREST,
    "SGD": {**_STEPS, "loss_function": "loss", "early_stopping": "early_stopping"},
}


def called(algorithm: str) -> Mapping[str, str | None]:
    """What an estimator calls keys of other frameworks; nothing where it has no such thing."""
    stem = algorithm.removesuffix("Classifier").removesuffix("Regressor")
    return _CALLED.get(stem, {})
