"""A run makes way for the main thread, within what it may lose, and its stop stays a stop."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlmagic import _way
from mlmagic._way import WayMaker, making_way
from tests.runs import submit, until

pytestmark = [
    pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="the main thread's work cannot be seen here"),
    pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="needs the main thread"),
]

SECONDS = 0.4


def work(seconds: float = SECONDS) -> None:
    """Use a processor without holding Python's lock, which nobody then has to wait for."""
    text, end = bytes(2_000_000), time.thread_time() + seconds
    while time.thread_time() < end:
        hashlib.sha256(text)


def asked(stop: Any, meanwhile: Callable[[], None]) -> int:
    """How often another thread gets an answer while this one does something."""
    over = threading.Event()

    def ask() -> int:
        for number in count():
            if over.is_set():
                return number
            stop.is_set()
        raise AssertionError

    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(ask)
        meanwhile()
        over.set()
        return answers.result()


def test_it_is_the_stop_that_it_was_given() -> None:
    event = threading.Event()
    stop = WayMaker(event)
    assert not stop.is_set()
    event.set()
    assert stop.is_set()


def test_who_asks_while_the_main_thread_works_is_held_up_as_long_as_a_run_may_lose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_way, "SHARE", 0.0)
    lost = {}
    for seconds in (0.0, SECONDS / 10, 100 * SECONDS):
        monkeypatch.setattr(_way, "AT_ONCE", seconds)
        stop = WayMaker(threading.Event())
        asked(stop, work)
        lost[seconds] = seconds - stop._may_lose
    assert lost[0.0] == 0
    # Seconds slept; a busy machine makes each of them longer, never shorter.
    assert lost[SECONDS / 10] >= SECONDS / 10
    assert lost[100 * SECONDS] > SECONDS / 2


def test_a_stop_is_heard_while_it_makes_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_way, "AT_ONCE", 1000.0)
    event = threading.Event()
    stop, heard = WayMaker(event), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            pass
        heard.set()

    threading.Thread(target=ask, daemon=True).start()
    work(0.1)
    event.set()
    end = time.perf_counter() + 20
    while not heard.is_set() and time.perf_counter() < end:
        hashlib.sha256(bytes(2_000_000))  # the main thread never rests meanwhile
    assert heard.is_set()


def test_the_main_thread_does_not_make_way_for_itself() -> None:
    event = threading.Event()
    assert making_way(event) is event
    with ThreadPoolExecutor(1) as pool:
        assert isinstance(pool.submit(making_way, event).result(), WayMaker)


@pytest.mark.usefixtures("here")
def test_a_network_makes_way_and_goes_on(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    made: list[WayMaker] = []

    def make(stop: Any) -> WayMaker:
        made.append(WayMaker(stop))
        return made[-1]

    monkeypatch.setattr(_way, "WayMaker", make)
    monkeypatch.setattr(_way, "AT_ONCE", 1000.0)
    monkeypatch.setattr(_way, "SHARE", 0.0)
    X = np.random.default_rng(0).normal(size=(2000, 5))
    frame = pd.DataFrame(X, columns=list("abcde")).assign(target=(X[:, 0] > 0).astype(int))
    keys = {"framework": "pytorch", "architecture": "mlp", "epochs": 1_000_000, "checkpoint": False}
    before = sys.getswitchinterval()
    report = submit(None, {"df": frame}, **keys)
    rows = report.run.state.rows
    until(lambda: len(rows) > 5)
    (stop,) = made
    may_lose = stop._may_lose
    work()
    assert may_lose - stop._may_lose > SECONDS / 4, "it slept while the main thread worked"
    seen = len(rows)
    until(lambda: len(rows) > seen + 5)
    report.stop()
    report.wait(30)
    assert sys.getswitchinterval() == before
