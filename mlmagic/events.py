"""What an executor tells about a run: frozen blocks of numbers and references, about ten a second.

An event never carries an array, a model or a picture: those are files in the run's directory, written before the
event that names them. Everything that shows a run is a reader of these events.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias, get_args


@dataclass(frozen=True, slots=True)
class Began:
    """The run left the queue. ``at`` is seconds since the epoch."""

    at: float
    pid: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A phase starts: ``total`` units to come (None where nobody knows), ``steps`` optimiser steps in each.

    ``unit`` is the field's word for one row of history: "epoch", "tree", "fold", "round". A plan without a unit is a
    phase that only has a name ("loading data"), and with a ``total`` how far it is.
    """

    phase: str
    unit: str | None = None
    total: int | None = None
    steps: int | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """Consecutive optimiser steps ``start, start + 1, ...`` (from 0), one value each for every series."""

    start: int
    values: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One finished unit of the current plan, counted from 1: an epoch, a fold, a forest of ``index`` trees."""

    index: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Consecutive finished units of the current plan that are too short to be told one by one, as boosting rounds are.

    ``start`` is the first of them, counted from 1; one value each for every series, of which there is at least one.
    """

    start: int
    values: Mapping[str, Sequence[float]]

    def rows(self) -> Iterator[Row]:
        """Give the units one by one."""
        for index, values in enumerate(zip(*self.values.values(), strict=True), self.start):
            yield Row(index, dict(zip(self.values, values, strict=True)))


@dataclass(frozen=True, slots=True)
class Progress:
    """So many units of the current plan are done; of those that leave no row of history, such as predicted rows."""

    done: int


@dataclass(frozen=True, slots=True)
class Best:
    """The unit that is best so far, and by which metric."""

    index: int
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Memory of the process that trains, in bytes. Doubles as the heartbeat of a quiet run.

    ``device`` tells of an accelerator, where there is one: "name", "utilisation" in per cent, "memoryUsed" and
    "memoryTotal" in bytes, each left out where nobody measured it.
    """

    memory: int
    peak: int
    device: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """Facts about the run, merged into what is known; the keys are the report's."""

    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics, nested as the report shows them. With the ``final`` ones the results are released."""

    values: Mapping[str, Any]
    final: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report beside metadata and metrics, such as "predictions"; it replaces an earlier one."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of the run, by the report's key; ``path`` is relative to the run's directory, ``size`` in bytes."""

    key: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table that panels and figures show; ``path`` is relative to the run's directory."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Log:
    """A line or more of text: ours, or what user code printed or warned."""

    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Stopping:
    """Somebody asked the run to stop and keep its best; ``by`` says who."""

    by: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event. ``status`` is "success", "stopped" or "error"; ``seconds`` counts from :class:`Began`."""

    status: str
    seconds: float
    error: Mapping[str, Any] | None = field(default=None)


Event: TypeAlias = (
    Began
    | Plan
    | Steps
    | Row
    | Rounds
    | Progress
    | Best
    | Usage
    | Metadata
    | Metrics
    | Section
    | Artifact
    | Table
    | Log
    | Stopping
    | Ended
)
Emit: TypeAlias = Callable[[Event], None]

EVENTS: dict[str, type[Any]] = {kind.__name__.lower(): kind for kind in get_args(Event)}


def encode(event: Event) -> str:
    """One line of JSON without its newline. What is not finite becomes null; numbers keep six significant digits.

    Raises
    ------
    TypeError
        If a value is neither plain data nor a number.
    """
    if isinstance(event, Steps):
        series = ",".join(f"{json.dumps(name)}:[{_floats(values)}]" for name, values in event.values.items())
        return f'{{"event":"steps","start":{event.start},"values":{{{series}}}}}'
    body = {"event": type(event).__name__.lower()}
    body.update({item.name: plain(getattr(event, item.name)) for item in fields(event)})
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def decode(body: dict[str, Any]) -> Event | None:
    """The event of one parsed line, or None for a kind that a later version wrote."""
    kind = EVENTS.get(body.pop("event"))
    if kind is None:
        return None
    if kind in (Steps, Row, Rounds):
        body["values"] = {key: _restore(value) for key, value in body["values"].items()}
    event: Event = kind(**body)
    return event


def plain(value: Any) -> Any:
    """The value as JSON can hold it: tuples as lists, NumPy scalars as Python's, what is not finite as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)  # torch's version is a subclass that YAML does not know
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, without importing NumPy
        return plain(value.tolist())
    return value


def _floats(values: Sequence[float]) -> str:
    if math.isfinite(sum(values)):  # one format for all takes half the time of one each
        return ",".join(["%.6g"] * len(values)) % tuple(values)
    return ",".join([f"{value:.6g}" if math.isfinite(value) else "null" for value in values])


def _restore(value: Any) -> Any:
    if value is None:
        return math.nan
    return [math.nan if item is None else item for item in value] if isinstance(value, list) else value
