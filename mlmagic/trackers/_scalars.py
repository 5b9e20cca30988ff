"""The numbers in a run's events, as trackers draw them: a name, a place on the axis, a value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mlmagic.events import Event, Plan, Rounds, Row, Steps

STEP = "step"


class Scalars(NamedTuple):
    """Values at one place: ``unit`` is "epoch", "round", ... or "step", ``at`` counts from 1, steps from 0."""

    unit: str
    at: int
    values: Mapping[str, float]


class Reader:
    """Gives the numbers of events, which have to come in order. Of a block of steps that is the last one."""

    def __init__(self) -> None:
        self._unit = "row"

    def scalars(self, event: Event) -> Iterator[Scalars]:
        """Give the numbers of the next event."""
        match event:
            case Plan():
                self._unit = event.unit or self._unit
            case Row():
                yield Scalars(self._unit, event.index, event.values)
            case Rounds():
                for row in event.rows():
                    yield Scalars(self._unit, row.index, row.values)
            case Steps():
                count = max(map(len, event.values.values()), default=0)
                if count:
                    last = {name: values[-1] for name, values in event.values.items() if values}
                    yield Scalars(STEP, event.start + count - 1, last)


def flat(metrics: Mapping[str, Any], above: str = "") -> dict[str, float]:
    """Nested metrics as one mapping, ``test/accuracy``; lists are left out, and what is no finite number."""
    found: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{above}{name}/")
        elif isinstance(value, (int, float)) and math.isfinite(value):
            found[f"{above}{name}"] = float(value)
    return found
