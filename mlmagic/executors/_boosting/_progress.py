"""The rounds of a training: told in blocks, since an event a round would cost more than training may lose."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from mlmagic.events import Best, Emit, Rounds, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlmagic.executors._base import Stop
    from mlmagic.executors._boosting._library import Measure
    from mlmagic.executors._boosting._metrics import Metrics, Series
    from mlmagic.executors._watch import Watch

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
    valueless
        Whether, for the rows of a part, a metric has no value, although some libraries give one.

    Attributes
    ----------
    history
        All values so far, by series.
    round
        Rounds that are finished.
    ended_early
        Whether the watched metric ended it.
    """

    def __init__(
        self, metrics: Metrics, watch: Watch | None, emit: Emit, stop: Stop, valueless: Callable[[str, str], bool]
    ) -> None:
        self.history: dict[str, list[float]] = {}
        self.round = 0
        self.ended_early = False
        self._metrics = metrics
        # Which of the values goes where, and what is made of it there.
        self._columns: list[tuple[int, Callable[[float], None], Callable[[float], float]]] = []
        self._watched: list[float] | None = None
        self._valueless = valueless
        self._watch = watch
        self._emit = emit
        self._stop = stop
        self._told, self._told_best = 0, 0
        self._due = perf_counter() + FIRST

    @property
    def best(self) -> int | None:
        """The best round so far, counted from 1; None where nothing tells them apart."""
        return None if self._watch is None else self._watch.best

    def begin(self, measures: Sequence[Measure]) -> None:
        """Open the series; the loss comes first of those of its part."""
        found = [self._metrics.series(measure) for measure in measures]
        known = [(place, series) for place, several in enumerate(found) for series in several]
        parts = list(dict.fromkeys(measure.part for measure in measures))
        ordered = sorted(known, key=lambda item: (parts.index(measures[item[0]].part), not _is_loss(item[1])))
        self.history = {series.name: [] for _, series in ordered}
        self._columns = [
            (place, self.history[series.name].append, self._made(series, measures[place])) for place, series in known
        ]
        if self._watch is not None:
            self._watched = self.history[self._watch.metric]
            higher = self._metrics.higher
            told = next(series.higher for _, series in known if series.name == self._watch.metric)
            self._watch.higher = told if higher is None else higher

    def round_ended(self, values: Iterable[float]) -> bool:
        """Take the values of a round; True if training shall end."""
        self.round += 1
        found = list(values)
        for place, keep, made in self._columns:
            keep(made(found[place]))
        if self._watch is not None and self._watched is not None:
            self._watch.improved(self.round, {self._watch.metric: self._watched[-1]})
            self.ended_early = self._watch.exhausted
        if perf_counter() >= self._due:
            self.tell()
        return self.ended_early or self._stop.is_set()

    def tell(self) -> None:
        """Tell of the rounds that were not told yet, and of a new best one."""
        self._due = perf_counter() + EVERY
        if self.round > self._told:
            values = {series: known[self._told :] for series, known in self.history.items()}
            self._emit(Rounds(self._told + 1, values) if values else Row(self.round, {}))
            self._told = self.round
        if self._watch is not None and self._watch.best is not None and self._watch.best != self._told_best:
            self._told_best = self._watch.best
            self._emit(Best(self._watch.best, self._watch.metric, self._watch.value))

    def _made(self, series: Series, measure: Measure) -> Callable[[float], float]:
        """What is made of a value for the history."""
        return _no_number if self._valueless(measure.part, measure.metric) else series.made

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


def _no_number(value: float) -> float:
    return math.nan


def _is_loss(series: Series) -> bool:
    return series.name.endswith("_loss")
