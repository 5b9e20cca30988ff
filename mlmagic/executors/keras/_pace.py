"""How many steps a call takes."""

from __future__ import annotations

from time import perf_counter

from mlmagic.executors._networks._progress import EVERY

# Before anything is known of a model's speed; each call takes at most so many times more steps than the last.
_GROWTH = 4


class Pace:
    """How many steps to take in a call, from how long the last ones took: a stop is heard between two of them.

    Parameters
    ----------
    most
        Steps to a call at most; 1 where somebody listens to every batch.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._count = 1
        self._known = False
        self._began = 0.0

    def next(self, left: int) -> int:
        """Steps for the next call, of ``left``."""
        self._began = perf_counter()
        return min(self._count, left, self._most or left)

    def took(self, count: int) -> None:
        """Learn from the call that ended now. The first one compiles, and says nothing."""
        seconds = perf_counter() - self._began
        if self._known:
            fitting = int(EVERY * count / max(seconds, 1e-6))
            self._count = max(1, min(fitting, _GROWTH * self._count))
        self._known = True
