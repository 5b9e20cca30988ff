"""What a run in the warm child costs beside the same run in a thread of this process."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlmagic import _transport
from mlmagic._pool import POOL
from mlmagic.config import RunConfig, resolve
from mlmagic.events import Event, Metrics
from tests.benchmarks._measure import note, rows, timed, turns

ROUNDS = 7
LIMIT = 3.0


def wide() -> pd.DataFrame:
    """100 MB of numbers."""
    import numpy as np

    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(1_000_000, 12)))
    frame.columns = [f"x{number}" for number in range(12)]
    return frame.assign(y=(frame.x0 > 0).astype(int))


@pytest.mark.parametrize(("what", "make"), [("500 rows", lambda: rows(500)), ("1,000,000 rows, 104 MB", wide)])
def test_the_warm_child_costs_little(what: str, make: Callable[[], pd.DataFrame], tmp_path: Path) -> None:
    config = _config(make(), tmp_path)
    in_child, in_thread = lambda: _until_metrics(config, _child), lambda: _until_metrics(config, _transport.run_here)
    in_child(), in_thread()  # both have imported everything now
    child, thread = turns(ROUNDS if len(config.config.data.value) < 10_000 else 3, in_child, in_thread)
    more = statistics.median(one - other for one, other in zip(child, thread, strict=True))
    reference = statistics.median(thread)
    ratio = note("warm child", f"{what}, added until the results", more, reference, "in a thread", "< 50 ms")
    assert ratio < LIMIT


def _child(config: RunConfig, transport: _transport.Transport) -> None:
    POOL.run(config, transport, lambda pid: None)


def _until_metrics(config: RunConfig, run: Callable[[RunConfig, _transport.Transport], None]) -> float:
    """Seconds to the released results; the rest of the run is the same work in either place."""
    results = threading.Event()

    def emit(event: Event) -> None:
        if isinstance(event, Metrics):
            results.set()

    transport = _transport.Transport(emit, threading.Event(), lambda released: None)
    worker = threading.Thread(target=run, args=(config, transport))

    def work() -> None:
        worker.start()
        assert results.wait(120)

    seconds = timed(work)
    worker.join()
    return seconds


def _config(frame: Any, directory: Path) -> RunConfig:
    body = {
        "action": "train", "framework": "sklearn", "algorithm": "GaussianNB", "data": "$frame", "target": "y",
        "testSplit": 0, "outputDir": str(directory),
    }  # fmt: skip
    return resolve(body).bind(lambda reference: frame)
