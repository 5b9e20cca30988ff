"""Who waits for a run and who watches it, be it a job of this process or one that was attached."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from mlmagic._latch import Latch


class Watched:
    """A run that others wait for and watch, from any thread."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[], None]] = []
        self._released = Latch()
        self._done = Latch()

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call ``watcher()`` after every event, from the run's threads: it must only set a flag. Gives its undo."""
        self._watchers.append(watcher)

        def undo() -> None:
            with contextlib.suppress(ValueError):
                self._watchers.remove(watcher)

        return undo

    def wait(self, timeout: float | None = None, *, results: bool = False) -> bool:
        """Whether the run (or, with ``results``, its model and metrics) is there within ``timeout`` seconds."""
        return (self._released if results else self._done).wait(timeout)

    def _tell(self, *, results: bool = False, ended: bool = False) -> None:
        """Wake who watches, and who waits for the results or for the end."""
        if results or ended:
            self._released.set()
        if ended:
            self._done.set()
        for watcher in list(self._watchers):
            watcher()
