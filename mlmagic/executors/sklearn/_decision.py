"""Decision values of a model, the labels that follow from them, and whether probabilities order rows as they do."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlmagic.executors._base import Predictions
from mlmagic.executors.sklearn._fitted import deciding

# Classifiers whose label is the one with the highest decision value, or of two the second where it is above 0 ...
LINEAR = frozenset(
    {
        "LinearSVC",
        "PassiveAggressiveClassifier",
        "Perceptron",
        "RidgeClassifier",
        "RidgeClassifierCV",
        "SGDClassifier",
    }
)
# ... and those of libsvm, which gives the second of two also where it is 0. Of more classes it counts votes instead.
LIBSVM = frozenset({"NuSVC", "SVC"})
# Those of two classes whose probability is a rising function of the decision value, though rounding may make one of
# two that hardly differ; a test compares them. Others average probabilities (bagging), clip them (SGD's modified_huber)
# or calibrate them (SVC).
RISING = frozenset(
    {
        "AdaBoostClassifier",
        "GradientBoostingClassifier",
        "HistGradientBoostingClassifier",
        "LinearDiscriminantAnalysis",
        "LogisticRegression",
        "LogisticRegressionCV",
    }
)
# What answers with an estimator of its own, under this name.
_ASKING = {
    "FixedThresholdClassifier": "estimator_",
    "StackingClassifier": "final_estimator_",
    "TunedThresholdClassifierCV": "estimator_",
}


def decision_of(model: Any, X: Any, classes: np.ndarray) -> np.ndarray | None:
    """What the model has for ``classes[1]``, shape (n,), or for each of more classes, shape (n, classes); else None."""
    several = len(classes) > 2
    of_pairs = several and getattr(deciding(model), "decision_function_shape", None) == "ovo"
    if of_pairs or not hasattr(model, "decision_function"):
        return None
    found = np.asarray(model.decision_function(X))
    return found if found.shape == ((len(X), len(classes)) if several else (len(X),)) else None


def decided(model: Any, X: Any, classes: np.ndarray) -> Predictions | None:
    """Labels and decision values of one pass; None where the labels do not follow from these values."""
    if not _follows(model, classes):
        return None
    found = decision_of(model, X, classes)
    return None if found is None else Predictions(_labels(model, found, classes), decision=found)


def orders_alike(model: Any) -> bool:
    """Whether the probabilities of two classes are known to order rows as the decision values do."""
    estimator = deciding(model)
    name = type(estimator).__name__
    if not type(estimator).__module__.startswith("sklearn."):
        return False
    if name in _ASKING:
        return orders_alike(getattr(estimator, _ASKING[name]))
    return name in RISING or (name == "SGDClassifier" and estimator.loss == "log_loss")


def _follows(model: Any, classes: np.ndarray) -> bool:
    kind = type(deciding(model))
    known = LINEAR | LIBSVM if len(classes) == 2 else LINEAR
    return kind.__name__ in known and kind.__module__.startswith("sklearn.")


def _labels(model: Any, decision: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The labels that scikit-learn makes of these values, shape (n,); a test compares them."""
    if decision.ndim == 2:
        return np.asarray(classes[decision.argmax(axis=1)])
    by_libsvm = type(deciding(model)).__name__ in LIBSVM
    second = ~(decision < 0) if by_libsvm else decision > 0
    return np.asarray(classes[second.astype(np.intp)])
