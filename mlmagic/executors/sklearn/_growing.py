"""Ensembles that grow in chunks, so that their curve and the Stop button are live.

Only those for which growing gives the very model of one fit, which a test compares tree by tree.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

from mlmagic.events import Emit, Metadata, Plan, Progress, Row
from mlmagic.executors._base import Stop
from mlmagic.executors.sklearn._watch import begun

GROWING = {
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
}
CHUNK_SECONDS = 0.15
# Seconds between two events of progress, where scores are rarer.
TELL_EVERY = 0.1


def grows(name: str, parameters: Mapping[str, Any]) -> bool:
    """Whether an estimator grows in chunks without becoming another model.

    ``class_weight`` presets, the early stopping of boosting, ``warm_start`` and a generator of random numbers (a seed
    starts anew) make each fit depend on the fits before.
    """
    return (
        name in GROWING
        and not isinstance(parameters.get("class_weight"), str)
        and parameters.get("n_iter_no_change") is None
        and not parameters.get("warm_start", False)
        and not parameters.get("oob_score", False)
        and isinstance(parameters.get("random_state"), (int, type(None)))
    )


def grow(estimator: Any, inputs: Any, emit: Emit, stop: Stop) -> Any:
    """Grow ``estimator`` to its ``n_estimators``, or to what it has when ``stop`` is set; None if it has no tree."""
    total = estimator.n_estimators
    emit(Plan("training", "tree", total))
    X, y, weights, watch = begun(estimator, inputs)
    # All cores to fit, which changes nothing, but not to predict: threads add up trees in any order, and the last digit
    # of a probability would differ from call to call.
    cores = _cores(getattr(estimator, "n_jobs", 1) or -1)
    estimator.set_params(warm_start=True)
    alone = cores == 1
    growth = _in_turn(estimator, X, y, weights, stop) if alone else _side_by_side(estimator, cores, X, y, weights, stop)
    have, told = 0, 0.0
    began = time.perf_counter()
    with closing(growth):
        for have in growth:
            spent = time.perf_counter() - began
            if watch and (values := watch.scores(estimator, spent, have, total)) is not None:
                emit(Row(have, values))
            elif began > told + TELL_EVERY:
                emit(Progress(have))
                told = began
            began = time.perf_counter()
    if have == 0:
        return None
    emit(Metadata({"trees": have}))
    return estimator.set_params(warm_start=False)


def _in_turn(estimator: Any, X: Any, y: Any, weights: Mapping[str, Any], stop: Stop) -> Generator[int]:
    """Grow chunk after chunk; tells how many trees there are."""
    total, have, chunk = estimator.n_estimators, 0, 1
    while have < total and not stop.is_set():
        have = min(total, have + chunk)
        began = time.perf_counter()
        estimator.set_params(n_estimators=have).fit(X, y, **weights)
        chunk = _next(chunk, time.perf_counter() - began)
        yield have


def _side_by_side(forest: Any, cores: int, X: Any, y: Any, weights: Mapping[str, Any], stop: Stop) -> Generator[int]:
    """Grow a chunk on each core; tells how many trees there are.

    Growing ``forest`` itself chunk by chunk, cores would wait for each other at the end of each.
    """
    from sklearn.base import clone
    from sklearn.utils import check_array

    if stop.is_set():
        return
    total, n_jobs = forest.n_estimators, forest.n_jobs
    have = min(cores, total)
    forest.set_params(n_estimators=have, n_jobs=cores).fit(X, y, **weights).set_params(n_jobs=n_jobs)
    yield have
    X = check_array(X, dtype="float32", accept_sparse="csc", ensure_all_finite=False)  # once, as trees take it

    def grown(first: int, number: int) -> tuple[list[Any], float]:
        if stop.is_set():
            return [], 0.0
        began = time.perf_counter()
        part = clone(forest).set_params(n_estimators=first + number, n_jobs=1)
        part.estimators_ = [None] * first  # it draws the seeds of as many and leaves them alone
        return part.fit(X, y, **weights).estimators_[first:], time.perf_counter() - began

    pool = ThreadPoolExecutor(cores)
    parts, planned, chunk = deque[Future[tuple[list[Any], float]]](), have, 1
    try:
        while have < total:
            while planned < total and len(parts) < 2 * cores:  # so that none waits for its trees to be counted
                # The last ones are small, so that all end together.
                number = min(chunk, max(1, (total - planned) // (2 * cores)))
                parts.append(pool.submit(grown, planned, number))
                planned += number
            trees, spent = parts.popleft().result()
            if not trees:  # stopped
                break
            chunk = _next(len(trees), spent)
            forest.estimators_ += trees
            have += len(trees)
            forest.set_params(n_estimators=have)
            yield have
    finally:
        pool.shutdown(cancel_futures=True)


def _next(chunk: int, spent: float) -> int:
    """How many trees are grown next, after so many took so many seconds."""
    # At most doubling: the first chunks also pay for caches that are cold.
    return max(1, min(2 * chunk, round(chunk * CHUNK_SECONDS / max(spent, 1e-4))))


def _cores(n_jobs: int) -> int:
    """How many threads ``n_jobs`` means; below zero it counts down from all of them."""
    from joblib import cpu_count  # of those that this process may use

    return max(1, n_jobs if n_jobs > 0 else cpu_count() + 1 + n_jobs)
