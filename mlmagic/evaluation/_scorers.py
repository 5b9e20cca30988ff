"""scikit-learn's scorers, and those of the user's own, on predictions that are there already."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from mlmagic.evaluation._probabilities import shares


def score(
    scorer: str | Callable[..., Any],
    y_true: np.ndarray,
    values: np.ndarray,
    probabilities: np.ndarray | None,
    classes: np.ndarray | None,
    weight: np.ndarray | None,
) -> Any:
    """Ask a scorer, by its name in scikit-learn or as ``f(estimator, X, y_true)``.

    Parameters
    ----------
    y_true, values
        Shape (n,).
    probabilities
        Shape (n, classes); None where there are none.
    classes
        Shape (classes,); None for a regression.
    weight
        Shape (n,); None where all rows count alike. Only a scorer named is told.
    """
    estimator = _predicted(values, probabilities, classes)
    # A scorer only hands the rows on to the estimator, which knows its answers already.
    rows = np.empty((len(y_true), 0))
    if callable(scorer):
        return scorer(estimator, rows, y_true)
    import sklearn
    from sklearn.metrics import get_scorer, get_scorer_names

    if scorer not in get_scorer_names():
        raise ValueError(f"scikit-learn {sklearn.__version__} does not have it yet")
    weighted = {} if weight is None else {"sample_weight": weight}
    return get_scorer(scorer)(estimator, rows, y_true, **weighted)


def takes_estimator(function: Callable[..., Any]) -> bool:
    """Whether a function is a scorer ``f(estimator, X, y_true)`` rather than ``f(y_true, y_pred)``."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # what is written in C may tell nothing
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(item.kind in positional and item.default is item.empty for item in parameters) == 3


def _predicted(values: np.ndarray, probabilities: np.ndarray | None, classes: np.ndarray | None) -> Any:
    """An estimator whose answers are known: scikit-learn looks at its base classes and its methods."""
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    answers: dict[str, Any] = {"predict": _method("predict", values), "classes_": classes}
    if probabilities is not None:
        # scikit-learn refuses rows of a float32 softmax, whose sums are not near enough to 1.
        wide = probabilities if probabilities.dtype == np.float64 else shares(probabilities)
        answers["predict_proba"] = _method("predict_proba", wide)
    kind = RegressorMixin if classes is None else ClassifierMixin
    return type("Predicted", (kind, BaseEstimator), answers)()


def _method(name: str, found: np.ndarray) -> Callable[..., np.ndarray]:
    def method(self: Any, X: Any) -> np.ndarray:
        return found

    method.__name__ = name  # by it scikit-learn knows what it was given
    return method
