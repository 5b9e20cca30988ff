"""A latch keeps its promise to those who wait, and to who sets it when an interrupt comes at the worst moment."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from mlmagic._latch import Latch


class Interrupt(Exception):
    """What a signal raises in the main thread, as Ctrl-C does."""


@pytest.fixture
def interrupts() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise Interrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def wait_until_interrupted(latch: Latch, seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    while True:
        latch.wait(0.0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_an_interrupt_of_who_waits_leaves_it_whole(interrupts: None) -> None:
    """With ``threading.Event`` in its place this ends within a few rounds: who sets it waits for a lock for ever."""
    moments = random.Random(0)
    for _ in range(300):
        latch = Latch()
        with pytest.raises(Interrupt):
            wait_until_interrupted(latch, moments.uniform(2e-5, 2e-4))
        setter = threading.Thread(target=latch.set, daemon=True)
        setter.start()
        setter.join(30)
        assert not setter.is_alive()
        assert latch.wait(0)


def test_all_who_wait_are_woken() -> None:
    latch, woken = Latch(), []
    waiting = [threading.Thread(target=lambda: woken.append(latch.wait())) for _ in range(5)]
    for thread in waiting:
        thread.start()
    assert not latch.wait(0.05)
    latch.set()
    for thread in waiting:
        thread.join(30)
    assert woken == [True] * 5
    latch.set()
    assert latch.wait(0)


def test_a_wait_with_a_limit_ends() -> None:
    latch, began = Latch(), time.monotonic()
    assert not latch.wait(0.2)
    assert time.monotonic() - began >= 0.2
