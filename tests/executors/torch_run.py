"""Runs of the PyTorch executor without a job around it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mlmagic.config import RunConfig, resolve
from mlmagic.data import TrainingData, split
from mlmagic.events import Event, Log, Metadata, Row, Steps
from mlmagic.executors.pytorch.executor import TorchExecutor
from mlmagic.state import RunState


@dataclass
class Run:
    """One run: what went in, what it told, what it gave."""

    config: RunConfig
    data: TrainingData
    executor: TorchExecutor = field(default_factory=TorchExecutor)
    events: list[Event] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    on_event: Callable[[Event], None] = lambda event: None
    outcome: Any = None

    def check(self) -> Run:
        self.executor.check(self.config, self.data)
        return self

    def train(self) -> Run:
        self.outcome = self.executor.run(self.config, self.data, self._emit, self.stop)
        return self

    def train_into_the_second_epoch(self) -> Run:
        """Stop at its first step."""
        seen = threading.Event()

        def stop(event: Event) -> None:
            if isinstance(event, Row):
                seen.set()
            if isinstance(event, Steps) and seen.is_set():
                self.stop.set()

        self.on_event = stop
        return self.train()

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)

    @property
    def rows(self) -> list[dict[str, float]]:
        return [dict(event.values) for event in self.events if isinstance(event, Row)]

    @property
    def losses(self) -> list[float]:
        return [loss for event in self.events if isinstance(event, Steps) for loss in event.values["train_loss"]]

    @property
    def log(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, Log))

    @property
    def metadata(self) -> dict[str, Any]:
        told = {
            key: value for event in self.events if isinstance(event, Metadata) for key, value in event.values.items()
        }
        return told | dict(self.outcome.metadata)

    @property
    def state(self) -> RunState:
        state = RunState()
        for event in self.events:
            state.apply(event, 0.0)
        return state


def prepare(
    frame: pd.DataFrame, *, names: dict[str, Any] | None = None, directory: Path | None = None, **keys: Any
) -> Run:
    """A run on a table, its config checked as a cell's is; ``names`` are the notebook's variables."""
    values = {"frame": frame, **(names or {})}
    flat = {"action": "train", "framework": "pytorch", "data": "$frame", **keys}
    config = resolve(flat).bind(lambda reference: values[reference.name])
    config = config.model_copy(update={"output_dir": directory})
    task = TorchExecutor().task(config)
    return Run(config, split(frame, config.config, config.seed, config.config.default_validation_split, task))
