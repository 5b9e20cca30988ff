"""An event that is set once, and that an interrupt of a waiting thread cannot break."""

from __future__ import annotations

import contextlib
import threading
import time

# Seconds between looks of one who waits without a limit.
LOOK = 1.0


class Latch:
    """What the main thread waits for, where ``threading.Event`` may be lost.

    ``Event.wait`` takes a lock in Python code: an interrupt that comes just then leaves it held, and the thread that
    sets the event waits for ever. Here the one lock is free once the latch is set, and nobody waits to set it.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def set(self) -> None:
        """Wake all who wait, now and later."""
        self._is_set = True
        with contextlib.suppress(RuntimeError):  # it is open already
            self._gate.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is set within ``timeout`` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._is_set:
            left = LOOK if end is None else min(LOOK, max(0.0, end - time.monotonic()))
            if self._gate.acquire(timeout=left):
                self.set()  # for the next who waits
            elif end is not None and time.monotonic() >= end:
                break
        return self._is_set
