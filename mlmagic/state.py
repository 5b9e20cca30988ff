"""What the events of a run add up to; the one reader that report, dashboard and text share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mlmagic._curve import Curve
from mlmagic.events import (
    Artifact,
    Began,
    Best,
    Ended,
    Event,
    Log,
    Metadata,
    Metrics,
    Plan,
    Progress,
    Rounds,
    Row,
    Section,
    Steps,
    Stopping,
    Table,
    Usage,
)

LOG_LINES = 2_000
SERIES = {"train": "train", "val": "validation", "test": "test"}


class CurveKey(NamedTuple):
    """Which curve: a metric, of which rows, a point a step or a unit."""

    metric: str
    series: str
    grain: str


class LogLine(NamedTuple):
    """One line of a run's log; ``time`` in seconds since it began."""

    time: float
    level: str
    text: str


class RunState:
    """A fold over a run's events: feed it every event once, in order.

    One thread folds while others read: a mapping is replaced, never changed, so that nobody iterates one that grows.

    It holds numbers, names and paths, never a model or an array of the data.
    """

    def __init__(self) -> None:
        self.status = "queued"
        self.began: float | None = None
        self.pid: int | None = None
        self.phase = "queued"
        self.plan = Plan("queued")
        self.plan_time = 0.0
        self.time = 0.0
        self.done = 0.0
        self.rows: list[dict[str, float]] = []
        self.units: set[str] = set()
        self.best: Best | None = None
        self.curves: dict[CurveKey, Curve] = {}
        self.axis = Plan("")
        self.usage = Usage(0, 0)
        self.metadata: dict[str, Any] = {}
        self.metrics: dict[str, Any] | None = None
        self.sections: dict[str, dict[str, Any]] = {}
        self.released = False
        self.artifacts: dict[str, Artifact] = {}
        self.tables: dict[str, str] = {}
        self.log: list[LogLine] = []
        self.log_dropped = 0
        self.stopping: str | None = None
        # The phase that a stop came in.
        self.stopped_in: str | None = None
        self.seconds: float | None = None
        self.error: dict[str, Any] | None = None
        self.steps_seen = 0
        # The first lowest and highest value of each column of the axis' rows, and the unit it came from.
        self.lowest: dict[str, tuple[float, int]] = {}
        self.highest: dict[str, tuple[float, int]] = {}
        # Counts what comes once or now and then, so that a reader need not look again at what only this changes.
        self.facts = 0

    def apply(self, event: Event, time: float) -> None:
        """Take one event, ``time`` seconds after the run began."""
        self.time = max(self.time, time)
        self._fold(event, time)
        if not isinstance(event, (Steps, Row, Rounds, Progress, Usage)):
            self.facts += 1

    def _fold(self, event: Event, time: float) -> None:
        match event:
            case Steps():
                self._steps(event)
            case Row():
                self._units(event.index, 1, {name: (value,) for name, value in event.values.items()})
            case Rounds():
                self._units(event.start, len(next(iter(event.values.values()))), event.values)
            case Usage():
                self.usage = event
            case Progress():
                self.done = float(event.done)
            case Plan():
                self._phase(event, time)
            case Best():
                self.best = event
            case Log():
                self._lines(event, time)
            case Metadata():
                self.metadata = {**self.metadata, **event.values}
            case Metrics():
                self.metrics, self.released = dict(event.values), event.final
            case Section():
                self.sections = {**self.sections, event.name: dict(event.values)}
            case Artifact():
                self.artifacts = {**self.artifacts, event.key: event}
            case Table():
                self.tables = {**self.tables, event.name: event.path}
            case Began():
                self.status, self.began, self.pid = "running", event.at, event.pid
            case Stopping():
                self.stopping, self.stopped_in = event.by, self.phase
            case Ended():
                self.status, self.seconds, self.phase = event.status, event.seconds, event.status
                self.error = dict(event.error) if event.error else None

    def interrupt(self, error: dict[str, Any]) -> None:
        """End a run whose process is gone: its stream has no last event, so a reader says it."""
        self.status = self.phase = "interrupted"
        self.seconds, self.error = self.time, error
        self.facts += 1

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ("success", "stopped", "error", "interrupted")

    @property
    def fraction(self) -> float | None:
        """How much of the current phase is done, 0 to 1; None where nobody knows."""
        if self.finished:
            return 1.0 if self.status == "success" else None
        return min(1.0, self.done / self.plan.total) if self.plan.total else None

    @property
    def remaining(self) -> float | None:
        """Seconds that the current phase still takes at its pace so far."""
        fraction, spent = self.fraction, self.time - self.plan_time
        if not fraction or spent < 1.0:
            return None
        return spent * (1 - fraction) / fraction

    @property
    def steps_per_second(self) -> float | None:
        """Optimiser steps a second since the phase began; None where no steps are told."""
        spent = self.time - self.plan_time
        return self.steps_seen / spent if self.steps_seen and spent > 0 else None

    def _phase(self, plan: Plan, time: float) -> None:
        self.plan, self.phase, self.plan_time, self.done, self.steps_seen = plan, plan.phase, time, 0.0, 0
        if plan.unit and plan.unit != self.axis.unit:
            # What counts in another unit starts anew; a unit's own series, such as the folds', stays.
            self.curves = {key: curve for key, curve in self.curves.items() if key.series not in SERIES.values()}
            self.axis, self.best = plan, None
            self.lowest, self.highest = {}, {}

    def _steps(self, event: Steps) -> None:
        scale = 1 / self.plan.steps if self.plan.steps else 1.0
        for name, values in event.values.items():
            self.steps_seen = event.start + len(values)
            x = [step * scale for step in range(event.start + 1, self.steps_seen + 1)]
            self._curve(name, "step").extend(x, values)
        self.done = self.steps_seen * scale

    def _units(self, first: int, count: int, values: Mapping[str, Sequence[float]]) -> None:
        unit = self.plan.unit or "row"
        indices = range(first, first + count)
        self.units.add(unit)
        self.rows += [
            {unit: index, **{name: series[place] for name, series in values.items()}}
            for place, index in enumerate(indices)
        ]
        self.done = float(indices[-1])
        for name, series in values.items():
            self._curve(name, "unit").extend([float(index) for index in indices], series)
            self._extremes(name, indices, series)

    def _extremes(self, name: str, indices: Sequence[int], series: Sequence[float]) -> None:
        low, high = self.lowest.get(name, (math.inf, 0)), self.highest.get(name, (-math.inf, 0))
        for index, value in zip(indices, series, strict=True):
            if value < low[0]:
                self.lowest[name] = low = (value, index)
            if value > high[0]:
                self.highest[name] = high = (value, index)

    def _curve(self, name: str, grain: str) -> Curve:
        prefix, _, rest = name.partition("_")
        series, metric = (SERIES[prefix], rest) if prefix in SERIES and rest else (self.plan.unit or "value", name)
        key = CurveKey(metric, series, grain)
        if key not in self.curves:
            self.curves = {**self.curves, key: Curve()}
        return self.curves[key]

    def _lines(self, event: Log, time: float) -> None:
        lines = [LogLine(time, event.level, text) for text in event.text.splitlines()]
        surplus = max(0, len(self.log) + len(lines) - LOG_LINES)
        self.log = [*self.log, *lines][surplus:]
        self.log_dropped += surplus


def flatten(metrics: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Every single number of nested metrics under its dotted name; lists, tables and text are left out."""
    flat: dict[str, float] = {}
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            flat[prefix + key] = value
    return flat
