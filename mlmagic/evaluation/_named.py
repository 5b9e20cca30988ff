"""Metrics by name: those of every report, any scorer of scikit-learn, and functions of the user's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from mlmagic._failure import user_frames
from mlmagic.evaluation._confusion import Confusion, as_labels
from mlmagic.evaluation._metrics import METRICS, SPELLINGS
from mlmagic.evaluation._probabilities import Measured, log_loss, one_sided, roc_auc, unusable
from mlmagic.evaluation._ranking import ndcg
from mlmagic.evaluation._scorers import score, takes_estimator

if TYPE_CHECKING:
    from mlmagic.evaluation._metrics import Measured as Measurable

Asked: TypeAlias = "str | tuple[str, Callable[..., Any]]"
# scikit-learn's scorers that look at probabilities, and those of them whose curves need rows of every class.
_OF_PROBABILITIES = ("average_precision", "brier", "log_loss", "roc_auc", "top_k")
_OF_RANKS = ("average_precision", "roc_auc")
# They are 0 or 1 where all true values are equal, which says nothing of the model.
_OF_SPREAD = ("d2_absolute_error_score", "explained_variance", "r2")


class Named(NamedTuple):
    """What was measured, and why some of it has no value.

    Attributes
    ----------
    values
        By name, in the order asked for: a number, or None where it has none; ``confusion_matrix`` is a list of lists.
    reasons
        By the name of what is None.
    """

    values: dict[str, Any]
    reasons: dict[str, str]


@dataclass(frozen=True)
class _Given:
    """Truth and predictions; arrays of n rows, ``probabilities`` of shape (n, classes)."""

    task: Measurable
    y_true: np.ndarray
    values: np.ndarray
    probabilities: np.ndarray | None
    classes: np.ndarray
    weight: np.ndarray | None
    group: np.ndarray | None

    @cached_property
    def confusion(self) -> Confusion:
        return Confusion.of(self.y_true, self.values, self.classes, self.weight)

    def coded(self) -> _Given:
        """The same with labels as their places in the classes, what the model never knew after them.

        scikit-learn's scorers take the label 1 as the positive one: so it is ``classes[1]``, whatever its name.
        """
        if self.task != "classification":
            return self
        places = pd.Index(self.confusion.labels)
        true, values = (
            places.get_indexer(pd.Index(array)) for array in (self.y_true, as_labels(self.values, self.classes))
        )
        return replace(self, y_true=true, values=values, classes=np.arange(len(self.classes)))


def named(
    metrics: Sequence[Asked],
    task: Measurable,
    y_true: np.ndarray,
    values: np.ndarray,
    probabilities: np.ndarray | None = None,
    classes: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    group: np.ndarray | None = None,
) -> Named:
    """Measure predictions by these metrics and no others.

    Parameters
    ----------
    metrics
        Names that :func:`known_metrics` has, and pairs of a name and a function: either ``f(y_true, y_pred)`` or a
        scorer ``f(estimator, X, y_true)``, such as scikit-learn's ``make_scorer`` gives.
    y_true, values, probabilities, classes
        As :func:`mlmagic.evaluation.evaluate` takes them.
    weight
        How much each row counts, shape (n,); None where all count alike. A function of the user's own is not told.
    group
        What each row belongs to, shape (n,); a ranking needs it.

    Returns
    -------
    Named
        precision, recall, f1, roc_auc and the like of two classes are those of ``classes[1]``; of more, precision,
        recall and f1 are weighted by support, and roc_auc is one against the rest, weighted.

    Raises
    ------
    ValueError
        If there are no rows, not as many predictions as rows, or a name is not known.
    """
    y_true, values = np.asarray(y_true), np.asarray(values)
    if y_true.shape != values.shape or y_true.ndim != 1 or not len(y_true):
        raise ValueError(f"metrics compare two arrays of shape (n,), but got {y_true.shape} and {values.shape}")
    if task == "classification" and classes is None:
        raise ValueError("a classification is measured with its classes, but got None")
    known = np.empty(0) if classes is None else np.asarray(classes)
    given = _Given(task, y_true, values, probabilities, known, weight, group)
    found = Named({}, {})
    for item in metrics:
        name, (value, reason) = _measured(item, given)
        found.values[name] = value
        if reason is not None:
            found.reasons[name] = reason
    return found


def _measured(item: Asked, given: _Given) -> tuple[str, tuple[Any, str | None]]:
    if not isinstance(item, str):
        name, function = item
        return name, _number(lambda: _own(function, given))
    if item not in SPELLINGS:
        raise ValueError(f"no metric is called {item!r}")
    name = SPELLINGS[item]
    if METRICS[name].task != given.task:
        return name, (None, f"it measures a {METRICS[name].task}, and this is a {given.task}")
    if name == "ndcg":
        return name, ndcg(given.y_true, given.values, given.group)
    if given.task == "regression":
        return name, _of_numbers(name, given)
    return name, _of_labels(name, given)


def _of_labels(name: str, given: _Given) -> tuple[Any, str | None]:
    if name == "confusion_matrix":
        return given.confusion.matrix.tolist(), None
    if name in _CONFUSION:
        return _CONFUSION[name](given.confusion), None
    if name in _PROBABILITIES:
        return _PROBABILITIES[name](given.y_true, given.probabilities, given.classes, given.weight)
    reason = None
    if any(word in name for word in _OF_PROBABILITIES):
        reason = unusable(given.y_true, given.probabilities, given.classes)
    if reason is None and name.startswith(_OF_RANKS):
        reason = one_sided(given.y_true, given.classes)
    return (None, reason) if reason else _number(lambda: _score(name, given.coded()))


def _of_numbers(name: str, given: _Given) -> Measured:
    values, true = given.values.astype(np.float64), given.y_true.astype(np.float64)
    if broken := int((~np.isfinite(values)).sum()):
        return None, f"{broken} of {len(values)} predictions are not finite"
    if name in _OF_SPREAD and true.min() == true.max():
        return None, "one row has no spread" if len(true) == 1 else "all true values are equal"
    return _number(lambda: _score(_SCORERS.get(name, name), given) * (-1 if name in _ERRORS else 1))


def _number(measure: Callable[[], Any]) -> Measured:
    """A finite number, or why there is none: what does not fit these rows must not take the other metrics with it."""
    try:
        value = float(measure())
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        return None, user_frames(error).rstrip() or f"{type(error).__name__}: {first}"
    return (value, None) if math.isfinite(value) else (None, "it is not a finite number for these rows")


def _score(name: str, given: _Given) -> Any:
    classes = given.classes if given.task == "classification" else None
    return score(name, given.y_true, given.values, given.probabilities, classes, given.weight)


def _own(function: Callable[..., Any], given: _Given) -> Any:
    if not takes_estimator(function):
        return function(given.y_true, given.values)
    classes = given.classes if given.task == "classification" else None
    return score(function, given.y_true, given.values, given.probabilities, classes, None)


_CONFUSION: dict[str, Callable[[Confusion], float]] = {
    "accuracy": lambda found: found.accuracy,
    "precision": lambda found: found.average(found.precision),
    "recall": lambda found: found.average(found.recall),
    "f1": lambda found: found.average(found.f1),
}
_PROBABILITIES: dict[str, Callable[..., Measured]] = {"log_loss": log_loss, "roc_auc": roc_auc}
# What every report calls by a short name, and without scikit-learn's sign.
_SCORERS = {
    "mae": "neg_mean_absolute_error",
    "mse": "neg_mean_squared_error",
    "rmse": "neg_root_mean_squared_error",
}
_ERRORS = frozenset(_SCORERS)
