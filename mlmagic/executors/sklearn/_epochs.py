"""scikit-learn's neural networks, watched inside their one fit by what they print of each epoch."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from mlmagic._capture import captured
from mlmagic.events import Emit, Log, Plan, Row
from mlmagic.executors._base import Stop
from mlmagic.executors.sklearn import _weights
from mlmagic.executors.sklearn._watch import Watch

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
    X, y = inputs.matrix(inputs.train), inputs.target(inputs.train)
    watch = Watch(inputs, X, y) if inputs.data.watched else None
    weights = _weights.arguments(estimator, inputs.train)
    began = time.perf_counter()

    def read(text: str, level: str) -> None:
        nonlocal began
        if level != "output":
            if _INTERRUPTED not in text:
                emit(Log(text, level))
            return
        found = _EPOCH.match(text)
        if found is None:
            return
        values = {"train_loss": estimator.loss_}
        if watch is not None:
            values |= watch.scores(estimator, time.perf_counter() - began, int(found[1]), total) or {}
        emit(Row(int(found[1]), values))
        began = time.perf_counter()
        if stop.is_set():
            raise KeyboardInterrupt  # it ends its training by that, and keeps its weights

    verbose = estimator.verbose
    estimator.set_params(verbose=True)
    try:
        with captured(read):
            estimator.fit(X, y, **weights)
    finally:
        estimator.set_params(verbose=verbose)
    return estimator
