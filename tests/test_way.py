"""A run makes way for the main thread, within what it may lose, and its stop stays a stop."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
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
    text, end = bytes(2_000_000), time.perf_counter() + seconds
    while time.perf_counter() < end:
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
    answers = []
    for seconds in (0.0, SECONDS / 10, 10 * SECONDS):
        monkeypatch.setattr(_way, "AT_ONCE", seconds)
        answers.append(asked(WayMaker(threading.Event()), work))
    never, a_tenth, always = answers
    # Many times less; but on a busy machine the main thread may be kept from its work.
    assert always < never / 2
    assert a_tenth > never / 4


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
def test_a_network_trains_less_while_the_main_thread_works(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(_way, "AT_ONCE", 1000.0)
    X = np.random.default_rng(0).normal(size=(2000, 5))
    frame = pd.DataFrame(X, columns=list("abcde")).assign(target=(X[:, 0] > 0).astype(int))
    keys = {"framework": "pytorch", "architecture": "mlp", "epochs": 1_000_000, "checkpoint": False}
    before = sys.getswitchinterval()
    report = submit(None, {"df": frame}, **keys)
    until(lambda: len(report.run.state.rows) > 5)
    alone = _epochs(report, lambda: time.sleep(SECONDS))
    beside = _epochs(report, work)
    after = _epochs(report, lambda: time.sleep(SECONDS))
    report.stop()
    report.wait(30)
    assert beside < min(alone, after) / 2, "it goes on at full speed when the main thread rests again"
    assert sys.getswitchinterval() == before


def _epochs(report: Any, meanwhile: Callable[[], None]) -> int:
    first = len(report.run.state.rows)
    meanwhile()
    return len(report.run.state.rows) - first
