"""What our loop costs beside the best loop a person writes, DataLoader, skorch and Lightning.

The candidates take turns, each on one thread, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from mlmagic._way import making_way  # noqa: E402
from mlmagic.config import Reference, RunConfig, resolve  # noqa: E402
from mlmagic.data import Rows, TrainingData  # noqa: E402
from mlmagic.events import Event, Row, encode  # noqa: E402
from mlmagic.executors.pytorch.executor import TorchExecutor  # noqa: E402
from tests.benchmarks._measure import SLACK, median_ratio, note, turns  # noqa: E402

ROWS, COLUMNS, BATCH = 100_000, 30, 64
ROUNDS, EPOCHS = 5, 2
GOALS = {"by hand": 1.05, "DataLoader": 0.5, "skorch": 0.4, "Lightning": 0.35}

X = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(np.int64)


def network() -> torch.nn.Sequential:
    """Two hidden layers of 64."""
    relu, linear = torch.nn.ReLU, torch.nn.Linear
    return torch.nn.Sequential(linear(COLUMNS, 64), relu(), linear(64, 64), relu(), linear(64, 2))


def by_hand(_: Path) -> float:
    """The loop of a person who knows torch: shuffled once an epoch, fused Adam, the loss kept."""
    inputs, target = torch.from_numpy(X), torch.from_numpy(Y)
    return _timed(lambda: _shuffled(inputs, target))


def by_loader(_: Path) -> float:
    """The loop of the tutorials."""
    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    loader = torch.utils.data.DataLoader(rows, batch_size=BATCH, shuffle=True)
    return _timed(lambda: loader)


def by_skorch(_: Path) -> float:
    """The scikit-learn face of torch, silent."""
    skorch = pytest.importorskip("skorch")
    given = skorch.NeuralNetClassifier(
        network(), criterion=torch.nn.CrossEntropyLoss, optimizer=torch.optim.Adam, optimizer__fused=True, lr=1e-3,
        max_epochs=1, batch_size=BATCH, iterator_train__shuffle=True, train_split=None, verbose=0,
    )  # fmt: skip
    began = perf_counter()
    given.fit(X, Y)
    return perf_counter() - began


def by_lightning(directory: Path) -> float:
    """Its Trainer with a progress bar and a logger as it has them, and nothing to save or to validate."""
    lightning = pytest.importorskip("pytorch_lightning")

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.model = network()

        def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
            loss = torch.nn.functional.cross_entropy(self.model(batch[0]), batch[1])
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), fused=True)

    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    loader = torch.utils.data.DataLoader(rows, batch_size=BATCH, shuffle=True)
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", default_root_dir=directory, enable_checkpointing=False,
        enable_model_summary=False,
    )  # fmt: skip
    began = perf_counter()
    trainer.fit(Module(), loader)
    return perf_counter() - began


def by_mlmagic(directory: Path) -> float:
    """A whole run in a thread, its events written to a file; an epoch's time is that between two rows of history."""
    moments: list[float] = []
    with (directory / "events.jsonl").open("ab", buffering=0) as stream:

        def emit(event: Event) -> None:
            stream.write(encode(event).encode() + b"\n")
            if isinstance(event, Row):
                moments.append(perf_counter())

        def run() -> None:
            TorchExecutor().run(_config(directory), _data(), emit, making_way(threading.Event()))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    return statistics.median(after - before for before, after in pairwise(moments))


def test_our_loop_costs_no_more_than_a_hand_written_one(tmp_path: Path) -> None:
    others = {"by hand": by_hand, "DataLoader": by_loader, "skorch": by_skorch, "Lightning": by_lightning}
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours, *theirs = turns(ROUNDS, *(partial(measure, tmp_path) for measure in (by_mlmagic, *others.values())))
    finally:
        torch.set_num_threads(before)
    ratios = {name: median_ratio(ours, seconds) for name, seconds in zip(others, theirs, strict=True)}
    for (name, ratio), seconds in zip(ratios.items(), theirs, strict=True):
        middle = statistics.median(seconds)
        note("torch", f"an epoch of {ROWS:,} rows, batch {BATCH}", ratio * middle, middle, name, f"<= {GOALS[name]}")
    missed = {name: ratio for name, ratio in ratios.items() if ratio > SLACK * GOALS[name]}
    assert not missed


def _shuffled(inputs: torch.Tensor, target: torch.Tensor) -> object:
    order = torch.randperm(len(inputs))
    return zip(inputs[order].split(BATCH), target[order].split(BATCH), strict=True)


def _timed(batches: Callable[[], object]) -> float:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    losses: list[float] = []
    began = perf_counter()
    for inputs, target in batches():  # type: ignore[attr-defined]
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return perf_counter() - began


def _config(directory: Path) -> RunConfig:
    body = {
        "action": "train", "framework": "pytorch", "data": "$frame", "architecture": "mlp", "featureScaling": "none",
        "epochs": EPOCHS + 1, "batchSize": BATCH, "checkpoint": True, "outputDir": str(directory),
    }  # fmt: skip
    return resolve(body).bind(lambda reference: Reference(reference.name))


def _data() -> TrainingData:
    frame = pd.DataFrame(X, columns=[f"x{number}" for number in range(COLUMNS)])
    return TrainingData(Rows(frame, pd.Series(Y)), None, None, "classification", "y", np.array([0, 1]))
