"""Scores of an ensemble while it grows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from mlmagic.data import Rows
from mlmagic.evaluation import Comparison, point, scores
from mlmagic.executors.sklearn import _weights

# Scoring again and again may cost this share of what growing costs.
SHARE = 0.03
# ... or this many seconds, so that a small forest has a curve too: half of them by the square root of its trees, and so
# on, since more is learned from the first trees than from the last, and some must be left for these.
SECONDS = 0.03
ROWS = 2_000


class Answers(Protocol):
    """What an ensemble says of the same rows, again and again."""

    def of(self, estimator: Any) -> np.ndarray:
        """Probabilities, shape (n, classes), or numbers, shape (n,): equal to the ensemble's own."""
        ...


def begun(
    estimator: Any, inputs: Any, answers: Callable[[Any], Answers] | None = None, share: float | None = None
) -> tuple[Any, Any, Mapping[str, Any], Watch | None]:
    """What a watched estimator is fitted on, shapes (n, columns) and (n,), how rows count, and who watches it.

    Parameters
    ----------
    answers
        Makes of some rows who asks the estimator about them; None for who knows forests.
    share
        What scoring may cost of what growing costs; None for the usual.
    """
    X, y = inputs.matrix(inputs.train), inputs.target(inputs.train)
    watch = Watch(inputs, X, y, answers or Ensemble, SHARE if share is None else share) if inputs.data.watched else None
    return X, y, _weights.arguments(estimator, inputs.train), watch


class Watch:
    """Scores a growing ensemble on a sample of rows, within a share of the time that growing takes.

    Parameters
    ----------
    inputs
        The split rows, :class:`mlmagic.executors.sklearn._inputs.Inputs`.
    X, y
        Those that are fitted, shapes (n, columns) and (n,).
    answers
        Makes of some rows who asks the estimator about them.
    share
        What scoring may cost of what growing costs.
    """

    def __init__(self, inputs: Any, X: Any, y: Any, answers: Callable[[Any], Answers], share: float) -> None:
        self._share = share
        self._task = inputs.task
        self._asked = inputs.asked
        self._parts = {"train": (answers(X[:ROWS]), y[:ROWS])}
        if inputs.watched is not None:
            prefix, rows = inputs.watched
            self._parts[prefix] = (answers(inputs.matrix(Rows(rows.X.iloc[:ROWS]))), inputs.target(rows)[:ROWS])
        self._growing = self._scoring = 0.0
        self._last = 0.0

    def scores(self, estimator: Any, spent: float, have: int, total: int) -> dict[str, float] | None:
        """Scores by name, or None where there is no time for them now.

        Parameters
        ----------
        spent
            Seconds of growing since the last call.
        have, total
            Trees there are and trees there will be; with the last it is scored in any case.
        """
        self._growing += spent
        seconds = SECONDS * math.log1p(have) / math.log1p(total)
        if self._scoring + self._last > max(seconds, self._share * self._growing) and have < total:
            return None
        began = time.thread_time()  # what it costs: waiting for the lock while trees grow beside it costs nothing
        found: dict[str, float] = {}
        for prefix, (answers, y) in self._parts.items():
            found |= {f"{prefix}_{name}": value for name, value in self._of(estimator, answers, y).items()}
        self._last = time.thread_time() - began
        self._scoring += self._last
        return found

    def _of(self, estimator: Any, answers: Answers, y: Any) -> dict[str, float]:
        given = answers.of(estimator)
        classes = getattr(estimator, "classes_", None)
        probabilities = None if classes is None else given
        values = given if classes is None else classes[given.argmax(axis=1)]
        compared = Comparison(self._task, y, values, probabilities, classes)
        usual = scores(compared)
        more = [item for item in self._asked if item not in usual]
        return usual | (point(more, compared) if more else {})


class Ensemble:
    """What a growing ensemble says of the same rows.

    A forest answers with the mean of its trees, so only those that are new are asked: all scores together cost what
    one at the end would.
    """

    def __init__(self, X: Any) -> None:
        self._X = X
        self._narrow: np.ndarray | None = None
        self._sum: Any = 0.0
        self._asked = 0

    def of(self, estimator: Any) -> np.ndarray:
        """See :class:`Answers`."""
        if not isinstance(getattr(estimator, "estimators_", None), list):  # boosting, whose trees do not count alike
            ask = estimator.predict_proba if hasattr(estimator, "predict_proba") else estimator.predict
            return np.asarray(ask(self._X))
        if self._narrow is None:
            self._narrow = np.asarray(self._X, dtype=np.float32)  # as trees take them
        for tree in estimator.estimators_[self._asked :]:
            ask = tree.predict_proba if hasattr(tree, "predict_proba") else tree.predict
            self._sum = self._sum + ask(self._narrow, check_input=False)
        self._asked = len(estimator.estimators_)
        answers: np.ndarray = self._sum / self._asked
        return answers
