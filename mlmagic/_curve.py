"""A curve of any length in a bounded number of points, its extremes kept.

Consecutive values fall into buckets of equal width, of which only the lowest and the highest value stay. When there are
more than ``LIMIT`` buckets, neighbours merge and the width doubles, so a value is touched once and merged
``log2(n / LIMIT)`` times at most. A spike of a single step survives any length, which an average would hide.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

LIMIT = 800


class Cursor(NamedTuple):
    """What a reader already has: how wide the buckets were, and how many of them were full."""

    width: int = 1
    full: int = 0


class Change(NamedTuple):
    """New points for a reader that keeps the first ``keep`` of those it has."""

    keep: int
    x: array[float]
    y: array[float]
    cursor: Cursor


class Curve:
    """Points (x, y) in the order of x; a y that is not finite leaves a gap. One thread may append while others read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0
        self.last = math.nan
        self._width = 1
        # One entry a bucket: (y, x) of its lowest and of its highest member.
        self._low: list[tuple[float, float]] = []
        self._high: list[tuple[float, float]] = []

    def extend(self, x: Sequence[float], y: Sequence[float]) -> None:
        """Append points."""
        with self._lock:
            self._extend(x, y)

    def since(self, cursor: Cursor) -> Change:
        """The points that a reader lacks, bounded by two a bucket."""
        with self._lock:
            return self._since(cursor)

    def _extend(self, x: Sequence[float], y: Sequence[float]) -> None:
        position = 0
        while position < len(y):
            room = self._width - self.count % self._width
            block = slice(position, position + room)
            self._add(x[block], y[block])
            position += len(y[block])
            self.count += len(y[block])
            if len(self._low) >= LIMIT and self.count % self._width == 0:
                self._halve()
        if len(y):
            self.last = y[-1]

    def _since(self, cursor: Cursor) -> Change:
        first = cursor.full if cursor.width == self._width else 0
        x, y = array("d"), array("d")
        for low, high in zip(self._low[first:], self._high[first:], strict=True):
            pair = (low,) if self._width == 1 else sorted((low, high), key=itemgetter(1))
            for value, where in pair:
                x.append(where)
                y.append(value if math.isfinite(value) else math.nan)
        each = 1 if self._width == 1 else 2
        return Change(first * each, x, y, Cursor(self._width, self.count // self._width))

    def _add(self, x: Sequence[float], y: Sequence[float]) -> None:
        low, high = _extremes(x, y)
        if self.count % self._width == 0:
            self._low.append(low)
            self._high.append(high)
        else:
            self._low[-1] = min(self._low[-1], low)
            self._high[-1] = max(self._high[-1], high)

    def _halve(self) -> None:
        self._low = [min(pair) for pair in zip(self._low[::2], self._low[1::2], strict=True)]
        self._high = [max(pair) for pair in zip(self._high[::2], self._high[1::2], strict=True)]
        self._width *= 2


def _extremes(x: Sequence[float], y: Sequence[float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """(y, x) of the lowest and of the highest value; where equal, of the first lowest and the last highest."""
    if math.isfinite(sum(y)):  # nearly always, and without a pair for each value it takes a quarter of the time
        low, high = min(y), max(y)
        return (low, x[y.index(low)]), (high, x[len(y) - 1 - y[::-1].index(high)])
    known = [point for point in zip(y, x, strict=True) if math.isfinite(point[0])]
    return min(known, default=(math.inf, x[0])), max(known, default=(-math.inf, x[0]))
