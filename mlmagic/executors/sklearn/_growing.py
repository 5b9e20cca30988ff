"""Ensembles that grow in chunks, so that their curve and the Stop button are live.

Only those for which growing gives the very model of one fit, which a test compares tree by tree.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from mlmagic.events import Emit, Metadata, Plan, Row
from mlmagic.executors._base import Stop
from mlmagic.executors.sklearn import _weights
from mlmagic.executors.sklearn._watch import Watch

GROWING = {
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
}
CHUNK_SECONDS = 0.25


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
    X, y = inputs.matrix(inputs.train), inputs.target(inputs.train)
    weights = _weights.arguments(estimator, inputs.train)
    watch = Watch(inputs, X, y) if inputs.data.watched else None
    estimator.set_params(warm_start=True)
    # All cores to fit, which changes nothing, but not to predict: threads add up trees in any order, and the last digit
    # of a probability would differ from call to call.
    unset = getattr(estimator, "n_jobs", 1) is None
    cores = {"n_jobs": os.cpu_count()} if unset else {}
    # A chunk is a multiple of the cores that grow it, else some of them wait.
    cut = _cores(cores.get("n_jobs") or getattr(estimator, "n_jobs", 1) or 1)
    have, chunk = 0, cut
    while have < total and not stop.is_set():
        have = min(total, have + chunk)
        began = time.perf_counter()
        estimator.set_params(n_estimators=have, **cores).fit(X, y, **weights)
        estimator.set_params(**dict.fromkeys(cores))
        spent = time.perf_counter() - began
        # At most doubling: the first chunks also pay for threads and caches that are cold.
        chunk = cut * max(1, min(2 * chunk, round(chunk * CHUNK_SECONDS / max(spent, 1e-4))) // cut)
        if watch and (values := watch.scores(estimator, spent, last=have == total)) is not None:
            emit(Row(have, values))
    if have == 0:
        return None
    emit(Metadata({"trees": have}))
    return estimator.set_params(warm_start=False)


def _cores(n_jobs: int) -> int:
    """How many threads ``n_jobs`` means; below zero it counts down from all of them."""
    return max(1, n_jobs if n_jobs > 0 else (os.cpu_count() or 1) + 1 + n_jobs)
