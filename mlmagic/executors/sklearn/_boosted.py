"""Histogram gradient boosting, watched from inside its one fit: growing it in chunks would bin all rows for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from mlmagic.events import Emit, Plan, Progress, Row
from mlmagic.executors._base import Stop
from mlmagic.executors.sklearn._growing import TELL_EVERY
from mlmagic.executors.sklearn._prints import printing
from mlmagic.executors.sklearn._watch import Ensemble, begun

# Scoring may cost this share of what growing costs: to ask the new trees alone takes half of it where rounds are short.
SHARE = 0.05
_PRIVATE = ("_baseline_prediction", "_loss", "_predict_iterations", "_predictors", "_preprocess_X")
BOOSTED = {"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"}


class _Stopped(Exception):
    """Somebody asked to stop after a round."""


def boosts(name: str, parameters: Mapping[str, Any]) -> bool:
    """Whether an estimator can be watched: its reports of rounds are not the user's own to read."""
    return name in BOOSTED and not parameters.get("verbose")


def boost(estimator: Any, inputs: Any, emit: Emit, stop: Stop) -> Any:
    """Fit ``estimator`` to its ``max_iter``, or to the rounds that it has when ``stop`` is set."""
    total = estimator.max_iter
    emit(Plan("training", "round", total))
    X, y, weights, watch = begun(estimator, inputs, _Rounds, SHARE)
    began = told = time.perf_counter()
    last = 0

    def tell(have: int, of: int) -> None:
        nonlocal began, told, last
        now = time.perf_counter()
        values = watch.scores(estimator, now - began, have, of) if watch else None
        if values is not None:
            emit(Row(have, values))
            last = have
        elif now > told + TELL_EVERY:
            emit(Progress(have))
            told = now
        began = time.perf_counter()

    def round_ended(have: int) -> None:
        tell(have, total)
        if stop.is_set():
            raise _Stopped

    with _reporting(estimator, round_ended), printing(estimator, 2, emit):
        try:
            estimator.fit(X, y, **weights)
        except _Stopped:
            _conclude(estimator)
    if last < estimator.n_iter_:  # it ended sooner than planned
        tell(estimator.n_iter_, estimator.n_iter_)
    return estimator


class _Rounds:
    """What the ensemble says of the same rows: only the trees that are new are asked.

    scikit-learn has no public way to ask them; a version without the private one is asked as a whole.
    """

    def __init__(self, X: Any) -> None:
        self._X = X
        self._sums: Any = None
        self._asked = 0
        self._whole = Ensemble(X)

    def of(self, estimator: Any) -> np.ndarray:
        """See :class:`mlmagic.executors.sklearn._watch.Answers`."""
        if not all(hasattr(estimator, name) for name in _PRIVATE):
            return self._whole.of(estimator)
        if self._sums is None:
            self._X = estimator._preprocess_X(self._X, reset=False)
            start = estimator._baseline_prediction
            self._sums = np.asfortranarray(np.repeat(start, len(self._X), axis=0))
        # On one thread: the rows are few.
        estimator._predict_iterations(self._X, estimator._predictors[self._asked :], self._sums, False, 1)
        self._asked = len(estimator._predictors)
        loss = estimator._loss
        classifies = hasattr(estimator, "predict_proba")
        found: np.ndarray = loss.predict_proba(self._sums) if classifies else loss.link.inverse(self._sums.ravel())
        return found


@contextmanager
def _reporting(estimator: Any, round_ended: Callable[[int], None]) -> Iterator[None]:
    """Call ``round_ended(rounds)`` where scikit-learn would print of a round; the estimator answers there as fitted."""

    def report(began: float) -> None:
        # Inside its fit it takes what it is asked of for rows that are binned.
        estimator._in_fit = False
        round_ended(estimator.n_iter_)
        estimator._in_fit = True

    estimator._print_iteration_stats = report
    try:
        yield
    finally:
        del estimator._print_iteration_stats


def _conclude(estimator: Any) -> None:
    """What the end of a fit does."""
    estimator.train_score_ = np.asarray(estimator.train_score_)
    estimator.validation_score_ = np.asarray(estimator.validation_score_)
    del estimator._in_fit
