"""From ``stop()`` to the run's end, in real runs: what can be asked, and what must be killed."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import pytest

import mlmagic
from mlmagic.report import Report
from tests.benchmarks._measure import note, rows, timed

ROUNDS = 3
# Of the time that was trained before the stop.
TRAINED, LIMIT = 2.0, 3.0
RUNS: dict[str, tuple[dict[str, Any], int, str]] = {
    "torch, in an epoch": (
        {"framework": "pytorch", "architecture": "mlp", "epochs": 1000, "batchSize": 64}, 200_000, "< 0.5 s",
    ),
    "a forest": (
        {"framework": "sklearn", "algorithm": "RandomForestClassifier", "hyperparameters": {"n_estimators": 100_000}},
        20_000, "< 0.5 s",
    ),
    "SVC, killed": (
        {"framework": "sklearn", "algorithm": "SVC", "hyperparameters": {"C": 1000.0}}, 60_000, "< 2 s",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", RUNS)
def test_stop_ends_a_run_soon(kind: str, tmp_path: Path) -> None:
    config, number, goal = RUNS[kind]
    frame = rows(number)
    seconds = []
    for turn in range(ROUNDS):
        body = {"action": "train", "data": "$frame", "outputDir": str(tmp_path / str(turn)), **config}
        report = mlmagic.submit(body, frame=frame)
        _until_it_trains(report)
        time.sleep(TRAINED)
        report.stop()
        seconds.append(timed(report.wait))
        assert report.status == "stopped"
    assert note("stop", kind, statistics.median(seconds), TRAINED, "trained before", goal) < LIMIT


def _until_it_trains(report: Report) -> None:
    while report.run.state.phase != "training":
        assert not report.run.wait(0.05), report.error
