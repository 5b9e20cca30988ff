"""What a live dashboard sends for a long run, and what the whole stream costs the training."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks._measure import ROWS, answer, median_ratio, note, told
from tests.kernel._kernel import Kernel, Message

STEPS, SECONDS, BLOCKS = 1_000_000, 25, 10
ROUNDS = 7
# A run of a kernel without its training: the queue, the stream and the dashboard are the real ones.
TOLD = f"""
import random, time
from mlmagic import events, jobs, _place
from mlmagic.config import resolve
def a_job():
    body = {{"action": "train", "framework": "pytorch", "architecture": "mlp", "data": "$df"}}
    return jobs.create(resolve(body), globals())
def tell(job):
    job._began = time.monotonic()
    job.emit(events.Began(time.time(), 1))
    job.emit(events.Metadata({{"batchSize": 64, "samples": 60_000, "features": 10, "threads": 1}}))
    each = {STEPS // (SECONDS * BLOCKS)}
    job.emit(events.Plan("training", "epoch", {STEPS} // 1000, 1000))
    due = time.monotonic()
    for start in range(0, {STEPS}, each):
        losses = [random.gauss(0.5, 0.1) for _ in range(each)]
        job.emit(events.Steps(start, {{"train_loss": losses}}))
        if start // 1000 % 8 == 0:
            job.emit(events.Row(start // 1000 + 1, {{"train_loss": 0.5, "val_loss": random.gauss(0.5, 0.1)}}))
        due += {1 / BLOCKS}
        time.sleep(max(0, due - time.monotonic()))
    job.finish()
"""
# The same epochs of the same network beside a run with its dashboard, and told to nobody or to that run.
COST = """
import threading, torch, time
from mlmagic.data import split
from mlmagic.executors.pytorch.executor import TorchExecutor
config = resolve({"action": "train", "framework": "pytorch", "architecture": "mlp", "data": "$df", "epochs": 10,
                  "batchSize": 64, "checkpoint": False}).bind(lambda reference: df)
executor = TorchExecutor()
data = split(df, config.config, config.seed, 0.1, None)
def train(told):
    job = a_job()
    _place.live(job, waits=False)
    job._began = time.monotonic()
    job.emit(events.Began(time.time(), 1))
    time.sleep(0.5)
    wall, cpu = time.perf_counter(), time.process_time()
    executor.run(config, data, job.emit if told else lambda event: None, threading.Event())
    print(time.perf_counter() - wall, time.process_time() - cpu)
    job.finish()
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("stream"))
    told(kernel, ROWS + "df = rows(50_000)")
    answer(kernel, "%load_ext mlmagic")
    told(kernel, TOLD)
    yield kernel
    kernel.close()


def test_a_million_steps_stay_a_trickle(kernel: Kernel, tmp_path: Path) -> None:
    sent = len(kernel.messages)
    told(kernel, "job = a_job(); _place.live(job, waits=False); tell(job)", timeout=SECONDS * 5)
    told(kernel, "time.sleep(0.5)")
    messages = [message for message in kernel.messages[sent:] if message["header"]["msg_type"] == "comm_msg"]
    curves = sum(len(buffer) for message in messages for buffer in message.get("buffers", []))
    texts = sum(len(json.dumps(message["content"])) for message in messages)
    written = 8 * 2 * STEPS
    busiest = _busiest_second(messages)
    note("stream", "messages in the busiest second", busiest, STEPS / SECONDS, "steps a second", "<= 10", "")
    note("stream", "1,000,000 steps: curves sent", curves, written, "all points", "< 1,000 kB", "B")
    note("stream", f"  all else sent in {SECONDS} s", texts, written, "all points", "", "B")
    assert busiest <= 15
    assert curves < written / 8


def test_the_stream_costs_training_little(kernel: Kernel) -> None:
    told(kernel, COST + "train(False); train(True)")
    found: dict[bool, list[list[float]]] = {False: [], True: []}
    for number in range(ROUNDS):
        for is_told in (False, True) if number % 2 else (True, False):  # no side is always the first
            found[is_told].append(told(kernel, f"train({is_told})"))
    for place, what in ((0, "wall clock"), (1, "processor, all threads")):
        silent, shown = ([seconds[place] for seconds in found[side]] for side in (False, True))
        ratio = median_ratio(shown, silent)
        middle = statistics.median(silent)
        note("stream", f"torch epochs with it all: {what}", ratio * middle, middle, "told to nobody", "<= 1.02")
    assert ratio < 1.25


def _busiest_second(messages: list[Message]) -> int:
    times = sorted(message["header"]["date"].timestamp() for message in messages)
    return max(sum(first <= time < first + 1 for time in times) for first in times)
