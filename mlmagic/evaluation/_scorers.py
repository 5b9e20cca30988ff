"""scikit-learn's scorers, and those of the user's own, on predictions that are there already."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.evaluation._metrics import SPELLINGS
from mlmagic.evaluation._probabilities import shares

if TYPE_CHECKING:
    from mlmagic.evaluation._comparison import Comparison
    from mlmagic.evaluation._named import Asked

# scikit-learn's scorers that ask for decision values first, and of those the one that takes them of two classes only.
ORDERING = frozenset({"average_precision", "roc_auc", "top_k_accuracy"})
_OF_TWO = frozenset({"roc_auc"})
# Those that take the labels from the rows unless they are told which the model knows.
_TOLD_LABELS = frozenset({"d2_brier_score", "d2_log_loss_score", "neg_brier_score", "neg_log_loss", "top_k_accuracy"})


def score(scorer: str | Callable[..., Any], given: Comparison) -> Any:
    """Ask a scorer, by its name in scikit-learn or as ``f(estimator, X, y_true)``.

    Only a scorer named is told how much the rows count.
    """
    estimator = _predicted(given)
    # A scorer only hands the rows on to the estimator, which knows its answers already.
    rows = np.empty((len(given), 0))
    if callable(scorer):
        return scorer(estimator, rows, given.y_true)
    import sklearn
    from sklearn.metrics import get_scorer, get_scorer_names

    if scorer not in get_scorer_names():
        raise ValueError(f"scikit-learn {sklearn.__version__} does not have it yet")
    found = get_scorer(scorer)  # a copy
    if scorer in _TOLD_LABELS and "labels" in inspect.signature(found._score_func).parameters:
        found._kwargs = {**found._kwargs, "labels": given.classes}  # an argument would need metadata routing
    weighted = {} if given.weight is None else {"sample_weight": given.weight}
    return found(estimator, rows, given.y_true, **weighted)


def takes_estimator(function: Callable[..., Any]) -> bool:
    """Whether a function is a scorer ``f(estimator, X, y_true)`` rather than ``f(y_true, y_pred)``."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # what is written in C may tell nothing
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(item.kind in positional and item.default is item.empty for item in parameters) == 3


def looks_at_decision(metrics: Sequence[Asked], classes: np.ndarray | None) -> bool:
    """Whether one of these metrics asks for decision values where a model of these classes has them.

    A scorer that does not tell what it asks for may ask for anything.
    """
    if classes is None:
        return False
    named = ORDERING - _OF_TWO if len(classes) > 2 else ORDERING
    return any(SPELLINGS[item] in named if isinstance(item, str) else _may_ask(item[1]) for item in metrics)


def _may_ask(function: Callable[..., Any]) -> bool:
    return takes_estimator(function) and "decision_function" in (_methods(function) or ("decision_function",))


def _methods(scorer: Any) -> tuple[str, ...]:
    """The methods of an estimator that a scorer asks for, the first that there is; empty where it does not tell."""
    told = getattr(scorer, "_response_method", ())
    return (told,) if isinstance(told, str) else tuple(told)


def unanswered(scorer: Any, given: Comparison) -> str | None:
    """Why a scorer has nothing to measure: the model has none of the methods that it asks for; None where it has."""
    wanted, estimator = _methods(scorer), _predicted(given)
    if not wanted or any(hasattr(estimator, name) for name in wanted):
        return None
    return f"it asks for {' or '.join(wanted)}, which the model does not have"


def _predicted(given: Comparison) -> Any:
    """An estimator whose answers are known: scikit-learn looks at its base classes and its methods."""
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    answers: dict[str, Any] = {"predict": _method("predict", given.values), "classes_": given.classes}
    if (probabilities := given.probabilities) is not None:
        # scikit-learn refuses rows of a float32 softmax, whose sums are not near enough to 1.
        wide = probabilities if probabilities.dtype == np.float64 else shares(probabilities)
        answers["predict_proba"] = _method("predict_proba", wide)
    if given.decision is not None:
        answers["decision_function"] = _method("decision_function", given.decision)
    kind = RegressorMixin if given.classes is None else ClassifierMixin
    return type("Model", (kind, BaseEstimator), answers)()  # by this name errors call it


def _method(name: str, found: np.ndarray) -> Callable[..., np.ndarray]:
    def method(self: Any, X: Any) -> np.ndarray:
        return found

    method.__name__ = name  # by it scikit-learn knows what it was given
    return method
