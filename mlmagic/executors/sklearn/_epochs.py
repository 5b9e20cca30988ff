"""scikit-learn's neural networks, watched inside their one fit by what they print of each epoch."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from mlmagic.events import Emit, Event, Log, Plan, Row
from mlmagic.executors._base import Stop
from mlmagic.executors.sklearn._prints import printing
from mlmagic.executors.sklearn._watch import begun

NETWORKS = {"MLPClassifier", "MLPRegressor"}
_EPOCH = re.compile(r"Iteration (\d+), loss = (\S+)$")
_INTERRUPTED = "Training interrupted by user."


def prints(name: str, parameters: Mapping[str, Any]) -> bool:
    """Whether an estimator prints its epochs, and nobody else wants to read them."""
    return name in NETWORKS and parameters.get("solver") != "lbfgs" and not parameters.get("verbose")


def train(estimator: Any, inputs: Any, emit: Emit, stop: Stop) -> Any:
    """Fit ``estimator`` to its ``max_iter``, or to the epochs that it has when ``stop`` is set."""
    total = estimator.max_iter
    emit(Plan("training", "epoch", total))
    X, y, weights, watch = begun(estimator, inputs)
    began = time.perf_counter()

    def log(event: Event) -> None:
        if not (isinstance(event, Log) and _INTERRUPTED in event.text):
            emit(event)

    def read(line: str) -> None:
        nonlocal began
        found = _EPOCH.match(line)
        if found is None:
            return
        values = {"train_loss": estimator.loss_}
        if watch is not None:
            values |= watch.scores(estimator, time.perf_counter() - began, int(found[1]), total) or {}
        emit(Row(int(found[1]), values))
        began = time.perf_counter()
        if stop.is_set():
            raise KeyboardInterrupt  # it ends its training by that, and keeps its weights

    with printing(estimator, 1, log, read):
        estimator.fit(X, y, **weights)
    return estimator
