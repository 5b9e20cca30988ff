"""What a run in the warm child costs beside the same run in a thread of this process."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlmagic import _pickling, _transport
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
    child, thread = turns(ROUNDS, in_child, in_thread)
    more = statistics.median(one - other for one, other in zip(child, thread, strict=True))
    reference = statistics.median(thread)
    ratio = note("warm child", f"{what}, added until the results", more, reference, "in a thread", "< 50 ms")
    assert ratio < LIMIT


@pytest.mark.skipif(not _pickling.SHARED.is_dir(), reason="no shared memory here")
def test_data_is_handed_over_as_fast_as_shared_memory_takes_it() -> None:
    """The bound of the figure above: shared memory is made of small pages, and making one takes longer than a copy."""
    import numpy as np

    frame = wide()
    block = np.ascontiguousarray(frame.to_numpy(dtype=np.float64))
    other, file = np.zeros_like(block), _pickling.SHARED / f"mlmagic-{os.getpid()}-bench.buffers"

    def hand_over() -> float:
        began = time.perf_counter()
        parcel = _pickling.pack(frame)
        arrived = _pickling.unpack(parcel)
        arrived.max()  # touches every page
        seconds = time.perf_counter() - began
        _pickling.discard(parcel)
        return seconds - timed(frame.max)

    def write() -> float:
        seconds = timed(lambda: file.write_bytes(block.data))
        file.unlink()
        return seconds

    handed, written, copied = turns(ROUNDS, hand_over, write, lambda: timed(lambda: np.copyto(other, block)))
    reference = statistics.median(written)
    note("warm child", "104 MB copied in memory", statistics.median(copied), reference, "written to shared memory")
    ratio = note("warm child", "104 MB handed over", statistics.median(handed), reference, "written to shared memory")
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
