"""Runs of any executor without a job around them, in a thread and in a child."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from mlmagic._pool import POOL
from mlmagic._transport import Released, Transport, run_here
from mlmagic.config import RunConfig, resolve
from mlmagic.data import Rows
from mlmagic.events import Event, Rounds, Row
from mlmagic.state import RunState
from tests.executors.contract.cases import SEED, frame, own_metric

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlmagic.executors._base import Outcome


def weights(task: str) -> np.ndarray:
    """How much each row of the usual table counts, 0 among it."""
    return np.resize([0.0, 1.0, 0.5, 3.0, 1.0], len(frame(task)))


def bound(framework: str, task: str, directory: Path, keys: Mapping[str, Any], **names: Any) -> RunConfig:
    """A config on the usual table of a task; ``names`` are the notebook's other variables."""
    directory.mkdir(parents=True, exist_ok=True)
    head = {"action": "train", "framework": framework, "data": "$df", "target": "target", "outputDir": str(directory)}
    known = {"df": frame(task), "w": weights(task), "own": own_metric(task), **names}
    return resolve({**head, "seed": SEED, **keys}).bind(lambda reference: known[reference.name])


@dataclass
class Run:
    """All that comes out of a run."""

    stop: threading.Event = field(default_factory=threading.Event)
    events: list[Event] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    stop_at: str | None = None

    def emit(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, (Row, Rounds)) and self.stop_at == "row":
            self.stop.set()

    def through(self, place: str, config: RunConfig) -> Run:
        transport = Transport(self.emit, self.stop, self.released.append)
        if place == "thread":
            run_here(config, transport)
        else:
            POOL.run(config, transport, lambda pid: None)
        return self

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def outcome(self) -> Outcome:
        return self.released[0].outcome()

    @property
    def state(self) -> RunState:
        state = RunState()
        for event in self.events:
            state.apply(event, 0.0)
        return state

    @property
    def history(self) -> pd.DataFrame:
        """A row an epoch, round or chunk, by its number."""
        told = [
            row
            for event in self.of(Row) + self.of(Rounds)
            for row in ([event] if isinstance(event, Row) else event.rows())
        ]
        return pd.DataFrame([dict(row.values) for row in told], index=[row.index for row in told])


def rows(task: str, places: pd.Index | None = None) -> Rows:
    """Rows of the usual table to predict; all of them, or those at ``places``."""
    table = frame(task).drop(columns="target")
    return Rows(table if places is None else table.loc[places], None)


def leaves(value: Any) -> list[Any]:
    """Names and numbers of nested data, in order."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in (key, *leaves(item))]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, (list, tuple)) else [value]


def same(first: Any, second: Any) -> None:
    """Equal but for the last digit: how a library adds up a batch depends on where in memory it lies."""
    one, other = leaves(first), leaves(second)
    assert len(one) == len(other)
    assert all(
        a == (pytest.approx(b, rel=1e-12, abs=1e-12, nan_ok=True) if isinstance(b, float) else b)
        for a, b in zip(one, other, strict=True)
    )
