"""The rounds of a training: told in blocks, since an event a round would cost more than training may lose."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from mlmagic.events import Best, Emit, Rounds, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmagic.executors._base import Stop
    from mlmagic.executors._boosting._library import Measured
    from mlmagic.executors._boosting._metrics import Metrics, Series
    from mlmagic.executors._boosting._watch import Watch

# Seconds to the first block, so that the curve moves at once, and between blocks.
FIRST, EVERY = 0.02, 0.1


class Progress:
    """Takes what a library measured each round, tells it, and says when training ends.

    Parameters
    ----------
    metrics
        What the series are called.
    watch
        Keeps the best round; None where every round is kept.

    Attributes
    ----------
    history
        All values so far, by series.
    round
        Rounds that are finished.
    ended_early
        Whether the watched metric ended it.
    """

    def __init__(self, metrics: Metrics, watch: Watch | None, emit: Emit, stop: Stop) -> None:
        self.history: dict[str, list[float]] = {}
        self.round = 0
        self.ended_early = False
        self._metrics = metrics
        self._series: dict[tuple[str, str], Series] = {}
        self._watch = watch
        self._emit = emit
        self._stop = stop
        self._told, self._told_best = 0, 0
        self._due = perf_counter() + FIRST

    @property
    def best(self) -> int | None:
        """The best round so far, counted from 1; None where nothing tells them apart."""
        return None if self._watch is None else self._watch.round

    def round_ended(self, measured: Iterable[Measured]) -> bool:
        """Take the values of a round; True if training shall end."""
        self.round += 1
        watch = self._watch
        for item in measured:
            series = self._series.get(item[:2]) or self._begin(item)
            value = 1.0 - item.value if series.complement else item.value
            self.history[series.name].append(value)
            if watch is not None and series.name == watch.series:
                self.ended_early = watch.take(self.round, value, higher=series.higher)
        if perf_counter() >= self._due:
            self.tell()
        return self._stop.is_set() or self.ended_early

    def tell(self) -> None:
        """Tell of the rounds that were not told yet, and of a new best one."""
        self._due = perf_counter() + EVERY
        if self.round > self._told:
            values = {series: known[self._told :] for series, known in self.history.items()}
            self._emit(Rounds(self._told + 1, values) if values else Row(self.round, {}))
            self._told = self.round
        if self._watch is not None and self._watch.round is not None and self._watch.round != self._told_best:
            self._told_best = self._watch.round
            self._emit(Best(self._watch.round, self._watch.series, self._watch.value))

    def _begin(self, item: Measured) -> Series:
        """Open a series; the loss comes first of those of its part."""
        series = self._metrics.series(item)
        self._series[item.part, item.metric] = series
        names = [*self.history, series.name]
        parts = list(dict.fromkeys(name.partition("_")[0] for name in names))
        names.sort(key=lambda name: (parts.index(name.partition("_")[0]), not name.endswith("_loss")))
        self.history = {name: self.history.get(name, []) for name in names}
        return series

    @contextmanager
    def hearing(self) -> Iterator[None]:
        """Ask for a stop beside the training, so that a child whose rounds are long is known to have heard it."""
        ended = threading.Event()

        def listen() -> None:
            while not ended.wait(EVERY):
                if self.round and self._stop.is_set():
                    return

        thread = threading.Thread(target=listen, name="mlmagic rounds", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
