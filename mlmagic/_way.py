"""A run in a thread makes way for the cell that somebody runs meanwhile.

A small training step lets go of Python's lock dozens of times, for microseconds each; the kernel's threads, which need
the lock for every message, wake up too late to get it, again and again. Nobody waits so long that a shorter switch
interval would help, and a nice value helps a little. What helps is a training that sleeps while the main thread works.
Executors know nothing of that: they ask before every step whether to stop, and are kept waiting for the answer.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._base import Stop

# Seconds between looks at the main thread, each of which takes a microsecond, and to sleep until the next one.
LOOK, NAP = 0.0005, 0.001
# What a run may lose: so many seconds at once, a hundred small cells, and such a share of its time in the long run.
AT_ONCE, SHARE = 1.0, 0.02


def making_way(stop: Stop) -> Stop:
    """Give a stop for a run in this thread that makes way for the main thread, where its work can be seen."""
    if threading.current_thread() is threading.main_thread() or not hasattr(time, "pthread_getcpuclockid"):
        return stop
    return WayMaker(stop)


class WayMaker:
    """A run's stop. Who asks while the main thread works waits for the answer, within what a run may lose.

    Parameters
    ----------
    stop
        What is asked.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._clock = time.pthread_getcpuclockid(threading.main_thread().ident or 0)
        self._worked = self._main_thread_worked()
        self._looked = time.perf_counter()
        self._may_lose = AT_ONCE

    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        if time.perf_counter() > self._looked + LOOK:
            self._make_way()
        return self._stop.is_set()

    def _make_way(self) -> None:
        now = time.perf_counter()
        self._may_lose = min(AT_ONCE, self._may_lose + SHARE * (now - self._looked))
        while (worked := self._main_thread_worked()) > self._worked and self._may_lose > 0 and not self._stop.is_set():
            self._worked = worked
            time.sleep(NAP)
            now, before = time.perf_counter(), now
            self._may_lose -= now - before
        self._worked, self._looked = worked, now

    def _main_thread_worked(self) -> float:
        """Seconds of a processor that the main thread has used."""
        return time.clock_gettime(self._clock)
