"""Metrics by name: those of every report, any scorer of scikit-learn, and functions of the user's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from mlmagic._failure import user_frames
from mlmagic.evaluation._metrics import METRICS, SPELLINGS
from mlmagic.evaluation._probabilities import Measured, log_loss, one_sided, unordered, unusable
from mlmagic.evaluation._ranking import ndcg
from mlmagic.evaluation._roc import roc_auc
from mlmagic.evaluation._scorers import score, takes_estimator, unanswered

if TYPE_CHECKING:
    from mlmagic.evaluation._comparison import Comparison
    from mlmagic.evaluation._confusion import Confusion

Asked: TypeAlias = "str | tuple[str, Callable[..., Any]]"
# scikit-learn's scorers that look at probabilities, those that are content with decision values, and those of both
# whose curves need rows of every class.
_OF_PROBABILITIES = ("brier", "log_loss", "roc_auc")
_OF_ORDER = ("average_precision", "top_k_accuracy")
# Those that compare with the loss of the rows' own shares of labels, which is none where all have one.
_OF_SHARES = ("d2_brier_score", "d2_log_loss_score")
_OF_RANKS = ("average_precision", "roc_auc")
# They are 0 or 1 where all true values are equal, which says nothing of the model.
_OF_SPREAD = ("d2_absolute_error_score", "explained_variance", "r2")


class Named(NamedTuple):
    """What was measured, and why some of it has no value.

    Attributes
    ----------
    values
        By name, in the order asked for: a number, or None where it has none; ``confusion_matrix`` is a list of
        lists, ``classification_report`` a dict by label.
    reasons
        By the name of what is None.
    """

    values: dict[str, Any]
    reasons: dict[str, str]


def named(metrics: Sequence[Asked], given: Comparison) -> Named:
    """Measure predictions by these metrics and no others.

    Parameters
    ----------
    metrics
        Names that :func:`known_metrics` has, and pairs of a name and a function: either ``f(y_true, y_pred)`` or a
        scorer ``f(estimator, X, y_true)``, such as scikit-learn's ``make_scorer`` gives. A function of the user's own
        is not told how much the rows count.

    Returns
    -------
    Named
        precision, recall, f1, roc_auc and the like of two classes are those of ``classes[1]``; of more, precision,
        recall and f1 are weighted by support, and roc_auc is one against the rest, weighted. What scikit-learn's
        scorers measure of a decision function is measured of decision values where there are any.

    Raises
    ------
    ValueError
        If a name is not known.
    """
    found = Named({}, {})
    for item in metrics:
        name, (value, reason) = _measured(item, given)
        found.values[name] = value
        if reason is not None:
            found.reasons[name] = reason
    return found


def _measured(item: Asked, given: Comparison) -> tuple[str, tuple[Any, str | None]]:
    if not isinstance(item, str):
        name, function = item
        reason = unanswered(function, given)
        return name, (None, reason) if reason else _number(lambda: _own(function, given))
    if item not in SPELLINGS:
        raise ValueError(f"no metric is called {item!r}")
    name = SPELLINGS[item]
    if METRICS[name].task != given.task:
        return name, (None, f"it measures a {METRICS[name].task}, and this is a {given.task}")
    if given.task == "ranking":
        return name, ndcg(given, name)
    if given.task == "regression":
        return name, _of_numbers(name, given)
    return name, _of_labels(name, given)


def _of_labels(name: str, given: Comparison) -> tuple[Any, str | None]:
    if name == "confusion_matrix":
        return given.confusion.matrix.tolist(), None
    if name == "classification_report":
        return given.confusion.report(), None
    if name in _CONFUSION:
        return _CONFUSION[name](given.confusion), None
    if name in _OWN:
        return _OWN[name](given)
    reason = None
    if any(word in name for word in _OF_PROBABILITIES):
        reason = unusable(given)
    elif name in _OF_ORDER:
        reason = unordered(given)
    if reason is None and name.startswith(_OF_RANKS):
        reason = one_sided(given)
    if reason is None and name in _OF_SHARES and len(np.unique(given.codes)) == 1:
        reason = f"all rows have the label {str(given.y_true[0])!r}"
    return (None, reason) if reason else _number(lambda: score(name, given.coded))


def _of_numbers(name: str, given: Comparison) -> Measured:
    values, true = given.values.astype(np.float64), given.y_true.astype(np.float64)
    if broken := int((~np.isfinite(values)).sum()):
        return None, f"{broken} of {len(values)} predictions are not finite"
    if name in _OF_SPREAD and true.min() == true.max():
        return None, "one row has no spread" if len(true) == 1 else "all true values are equal"
    return _number(lambda: score(_SCORERS.get(name, name), given) * (-1 if name in _ERRORS else 1))


def _number(measure: Callable[[], Any]) -> Measured:
    """A finite number, or why there is none: what does not fit these rows must not take the other metrics with it."""
    try:
        value = float(measure())
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        return None, user_frames(error).rstrip() or f"{type(error).__name__}: {first}"
    return (value, None) if math.isfinite(value) else (None, "it is not a finite number for these rows")


def _own(function: Callable[..., Any], given: Comparison) -> Any:
    return score(function, given) if takes_estimator(function) else function(given.y_true, given.values)


_CONFUSION: dict[str, Callable[[Confusion], float]] = {
    "accuracy": lambda found: found.accuracy,
    "precision": lambda found: found.average(found.precision),
    "recall": lambda found: found.average(found.recall),
    "f1": lambda found: found.average(found.f1),
}
_OWN: dict[str, Callable[[Comparison], Measured]] = {"log_loss": log_loss, "roc_auc": roc_auc}
# What every report calls by a short name, and without scikit-learn's sign.
_SCORERS = {
    "mae": "neg_mean_absolute_error",
    "mse": "neg_mean_squared_error",
    "rmse": "neg_root_mean_squared_error",
}
_ERRORS = frozenset(_SCORERS)
