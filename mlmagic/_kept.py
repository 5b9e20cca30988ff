"""A run's model in memory, for as long as somebody holds a report of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._base import Outcome


class Kept:
    """Where reports have a run's outcome from.

    A run is listed and shown until its kernel ends, but its model may be large. So the run lets go of this at its end:
    from then on only its reports hold it, and the model goes with the last of them.

    Parameters
    ----------
    load
        Gives the outcome when it is first asked for; None where there is none yet.
    """

    def __init__(self, load: Callable[[], Outcome | None] | None = None) -> None:
        self._load = load
        self._outcome: Outcome | None = None
        self._lock = threading.Lock()

    @property
    def filled(self) -> bool:
        """Whether training has given an outcome."""
        return self._load is not None

    def take(self, load: Callable[[], Outcome | None]) -> None:
        """Keep what ``load()`` gives."""
        with self._lock:
            self._load, self._outcome = load, None

    def outcome(self) -> Outcome | None:
        """What training gave; None before, and where there was no model to keep."""
        with self._lock:
            if self._outcome is None and self._load is not None:
                self._outcome = self._load()
            return self._outcome
