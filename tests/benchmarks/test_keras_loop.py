"""What an epoch costs in our loop of Keras' steps, beside plain ``fit`` and the best that ``fit`` can be told.

``pytest -s tests/benchmarks/test_keras_loop.py`` prints the table. The candidates take turns, and medians are compared,
so that a busy machine slows all of them alike. Each model's first epoch, which compiles, is left out.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("tensorflow")

from mlmagic.config import Reference, RunConfig, resolve
from mlmagic.data import Rows, TrainingData
from mlmagic.events import Event, Row, Steps, encode
from mlmagic.executors.keras.executor import KerasExecutor
from tests.benchmarks._measure import note

ROWS, COLUMNS, BATCH = 100_000, 30, 64
ROUNDS, EPOCHS = 3, 2
GOAL = 0.65

X = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(np.int64)


def by_fit(_: Path, steps: int = 1) -> float:
    """The model as a person trains it."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((COLUMNS,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(2),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], steps_per_execution=steps)
    moments: list[float] = []
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: moments.append(perf_counter()))
    model.fit(X, Y, batch_size=BATCH, epochs=EPOCHS + 1, verbose=0, callbacks=[told])
    return statistics.median(after - before for before, after in pairwise(moments))


def by_mlmagic(directory: Path) -> float:
    """A whole run, its events written to a file; an epoch's time is that between two rows of history."""
    moments: list[float] = []
    with (directory / "events.jsonl").open("ab", buffering=0) as stream:

        def emit(event: Event) -> None:
            stream.write(encode(event).encode() + b"\n")
            if isinstance(event, Row):
                moments.append(perf_counter())

        KerasExecutor().run(_config(directory), _data(), emit, threading.Event())
    return statistics.median(after - before for before, after in pairwise(moments))


def test_an_epoch_costs_far_less_than_plain_fit(tmp_path: Path) -> None:
    candidates: dict[str, Callable[[Path], float]] = {
        "fit": by_fit,
        "mlmagic": by_mlmagic,
        "fit, steps_per_execution=32": lambda path: by_fit(path, 32),
    }
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name, measure in candidates.items():
            seconds[name].append(measure(tmp_path))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        goal = f"<= {GOAL} x" if name == "mlmagic" else ""
        note("Keras epoch", f"{name}, MLP {COLUMNS}-64-64-2, batch {BATCH}", median, medians["fit"], "plain fit", goal)
    assert medians["mlmagic"] <= GOAL * medians["fit"]


def test_a_stop_is_heard_within_a_few_blocks(tmp_path: Path) -> None:
    stop, asked, blocks = threading.Event(), [], []

    def emit(event: Event) -> None:
        if isinstance(event, Steps):
            blocks.append(perf_counter())
            if len(blocks) == 5:
                threading.Timer(0.03, lambda: (asked.append(time.perf_counter()), stop.set())).start()

    KerasExecutor().run(_config(tmp_path, epochs=1000), _data(), emit, stop)
    between = statistics.median(after - before for before, after in pairwise(blocks))
    # What is left after the stop: the rest of a block, and what ends any training.
    note("Keras stop", "until the outcome is there", perf_counter() - asked[0], between, "a block", "< 500 ms")
    assert perf_counter() - asked[0] < 20 * between


def _config(directory: Path, epochs: int = EPOCHS + 1) -> RunConfig:
    body = {
        "action": "train", "framework": "keras", "data": "$frame", "architecture": "mlp", "featureScaling": "none",
        "epochs": epochs, "batchSize": BATCH, "checkpoint": False, "outputDir": str(directory), "gpuEnabled": False,
    }  # fmt: skip
    return resolve(body).bind(lambda reference: Reference(reference.name))


def _data() -> TrainingData:
    frame = pd.DataFrame(X, columns=[f"x{number}" for number in range(COLUMNS)])
    return TrainingData(Rows(frame, pd.Series(Y)), None, None, "classification", "y", np.array([0, 1]))
