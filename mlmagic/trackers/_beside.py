"""A sink in a thread of its own: a slow or broken tracker costs a run nothing."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Protocol

from mlmagic.events import Ended, Event

# Seconds between looks whether the program ends.
LOOK = 0.5


class Sink(Protocol):
    """Takes a run's events; made and called in one thread."""

    def take(self, event: Event) -> None:
        """Take the next event."""
        ...

    def close(self, status: str) -> None:
        """Write all that is left; the run ended with this status."""
        ...


class Beside:
    """Feeds a sink, which is made with the first event; what goes wrong there is a warning and ends the sink only.

    Parameters
    ----------
    make
        Gives the sink.
    complain
        Takes what went wrong, in words.
    """

    def __init__(self, make: Callable[[], Sink], complain: Callable[[str], None]) -> None:
        self._make = make
        self._complain = complain
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._broken = False

    def take(self, event: Event, time: float) -> None:
        """Put an event in line."""
        if self._broken:
            return
        if self._thread is None:
            # No daemon: the end of the program waits until all is written.
            self._thread = threading.Thread(target=self._work, name="mlmagic tracker", daemon=False)
            self._thread.start()
        self._events.put(event)

    def wait(self) -> None:
        """Wait until all is written, after the run's last event."""
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            sink = self._make()
            while not isinstance(event := self._next(), Ended):
                if event is not None:
                    sink.take(event)
            sink.close(event.status)
        except Exception as error:  # the libraries raise what they like
            self._broken = True
            self._complain(f"{type(error).__name__}: {error}")

    def _next(self) -> Event | None:
        """The next event; None when none came for a while, and an end where the program ends before the run."""
        try:
            return self._events.get(timeout=LOOK)
        except queue.Empty:
            return None if threading.main_thread().is_alive() else Ended("interrupted", 0.0)
