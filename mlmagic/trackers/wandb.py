"""Weights & Biases: the run in its own project, or below the run's directory where nobody is logged in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from mlmagic.events import Event, Metadata, Metrics, plain
from mlmagic.trackers._scalars import STEP, Reader, flat

PROJECT = "mlmagic"


class WandB:
    """Logs curves as ``epoch/val_loss`` over ``epoch``, the config, and the final metrics as the run's summary."""

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        import wandb

        # Never asks for a key: nobody sits at the terminal that the question would go to.
        mode: Literal["offline"] | None = None if wandb.login(prompt=False) else "offline"
        settings = wandb.Settings(silent=True, console="off", save_code=False)
        self._run = wandb.init(
            project=PROJECT, name=path.name, dir=path, config=config, mode=mode, settings=settings, reinit="create_new"
        )
        self._reader = Reader()
        self._units: set[str] = set()
        self._facts: dict[str, Any] = {}

    def take(self, event: Event) -> None:
        """Log the event's numbers, if it has any."""
        for unit, at, values in self._reader.scalars(event):
            if unit not in self._units:
                self._units.add(unit)
                self._run.define_metric(unit, hidden=unit == STEP)
                self._run.define_metric(f"{unit}/*", step_metric=unit)
            self._run.log({unit: at, **{f"{unit}/{name}": value for name, value in values.items()}})
        if isinstance(event, Metrics) and event.final:
            for name, value in flat(event.values).items():
                self._run.summary[name] = value
        if isinstance(event, Metadata):
            self._facts |= plain(event.values)
            self._run.config.update({"metadata": self._facts}, allow_val_change=True)  # type: ignore[no-untyped-call]

    def close(self, status: str) -> None:
        """Send or write what is left."""
        self._run.finish(exit_code=status == "error")
