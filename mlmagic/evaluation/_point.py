"""Metrics by name as points of a curve: numbers only, and which way each gets better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.errors import Fault
from mlmagic.evaluation._comparison import Comparison
from mlmagic.evaluation._metrics import METRICS, SPELLINGS, TABLES, grows
from mlmagic.evaluation._named import Asked, named
from mlmagic.evaluation._ranking import Ranking, places
from mlmagic.evaluation._scorers import score, takes_estimator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from mlmagic.evaluation._metrics import Measured

# Rows that a function of the user's own is tried on.
TRIED = 200


def point(metrics: Sequence[Asked], given: Comparison) -> dict[str, float]:
    """Measure predictions by these metrics, which are as :func:`mlmagic.evaluation.named` takes them.

    Returns
    -------
    dict
        By name, NaN where a metric has no value. What is no number, the confusion matrix and the
        report by label, is left out.
    """
    found = named([item for item in metrics if item not in TABLES], given).values
    return {name: math.nan if value is None else value for name, value in found.items()}


class Points:
    """Measures predictions of the same rows again and again.

    Parameters
    ----------
    metrics, task
        Metrics as :func:`point` takes them, and what they measure.
    y_true
        Labels or numbers, shape (n,).
    classes
        Labels in the order of the probabilities, shape (k,); None where numbers are predicted.
    group
        What each row belongs to, shape (n,). A ranking needs it.
    """

    def __init__(
        self,
        metrics: Sequence[Asked],
        task: Measured,
        y_true: np.ndarray,
        classes: np.ndarray | None,
        group: np.ndarray | None = None,
    ) -> None:
        self._task = task
        self._y = y_true
        self._ranking = None if group is None else Ranking(y_true, group)
        self._classes = classes
        self._names = [item for item in metrics if isinstance(item, str) or classes is None]
        self._functions = [item for item in metrics if item not in self._names]
        # Finding labels of text among the classes takes longer than most metrics: it is done once.
        self._codes = y_true if classes is None else pd.Index(classes).get_indexer(pd.Index(y_true))

    def of_numbers(self, values: np.ndarray) -> dict[str, float]:
        """Measure numbers, shape (n,)."""
        if self._ranking is None:
            return point(self._names, Comparison(self._task, self._y, values))
        # Which rows belong together is found out once.
        found = {item: self._ranking.ndcg(values, places(item)) for item in self._names if isinstance(item, str)}
        functions = [item for item in self._names if not isinstance(item, str)]
        return found | (point(functions, Comparison(self._task, self._y, values)) if functions else {})

    def of_probabilities(self, shares: np.ndarray) -> dict[str, float]:
        """Measure probabilities, shape (n, k); the label is the most probable one."""
        assert self._classes is not None
        if self._names == ["accuracy"] and not self._functions:  # the usual curve
            return {"accuracy": _accuracy(shares, self._codes)}
        chosen, places = shares.argmax(axis=1), np.arange(len(self._classes))
        found: dict[str, float] = {}
        if self._names:
            found = point(self._names, Comparison(self._task, self._codes, chosen, shares, places))
        if self._functions:  # which see labels
            seen = Comparison(self._task, self._y, self._classes[chosen], shares, self._classes)
            found |= point(self._functions, seen)
        return found


def _accuracy(shares: np.ndarray, codes: np.ndarray) -> float:
    """How often the most probable label, of equal ones the first, is the true one; each round anew."""
    if shares.flags.f_contiguous:  # column by column the greatest are found in a fraction of argmax's time
        top = shares.max(axis=1)
        if np.count_nonzero(shares == top[:, None]) == len(shares):  # no labels tie
            return float(np.mean((shares[np.arange(len(codes)), codes] == top) & (codes >= 0)))
    return float(np.mean(shares.argmax(axis=1) == codes))


def better_higher(item: Asked) -> bool | None:
    """Whether more of it is better; None for a function whose name does not tell. A scorer always grows."""
    if isinstance(item, str):
        return grows(item)
    name, function = item
    return True if takes_estimator(function) else grows(name)


def misplaced(metrics: Sequence[Asked], task: Measured) -> list[Fault]:
    """The names that measure another task."""
    wrong = [item for item in metrics if isinstance(item, str) and METRICS[SPELLINGS[item]].task != task]
    told = {item: f"{item} measures a {METRICS[SPELLINGS[item]].task}, but this is a {task}." for item in wrong}
    return [Fault("config.metrics", message, value=item) for item, message in told.items()]


def tried(function: Callable[..., Any], y: np.ndarray, classes: np.ndarray | None) -> float:
    """What a function of the user's own gives for some rows that are predicted partly right.

    Parameters
    ----------
    y
        A target, shape (n,).

    Raises
    ------
    Exception
        Whatever it raises, or that it gives no number.
    """
    some = y[:: max(1, len(y) // TRIED)]
    values = np.where(np.arange(len(some)) % 3 == 0, np.roll(some, 1), some)
    if not takes_estimator(function):
        return float(function(some, values))
    return float(score(function, _guessed(some, values, classes)))


def _guessed(y: np.ndarray, values: np.ndarray, classes: np.ndarray | None) -> Comparison:
    """Predictions of a model to which all classes are equally likely."""
    if classes is None:
        return Comparison("regression", y, values)
    shares = np.full((len(y), len(classes)), 1 / len(classes))
    decision = np.zeros(len(y)) if len(classes) == 2 else np.zeros_like(shares)
    return Comparison("classification", y, values, shares, classes, decision=decision)
