"""Files that a killed process leaves behind: every so many epochs if asked, and now and then in any case."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlmagic.events import Artifact, Emit
from mlmagic.executors._networks._preparation import write_preparation
from mlmagic.executors.keras import _storage
from mlmagic.run_directory import CHECKPOINTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlmagic.executors.keras._loop import Training, Weights
    from mlmagic.executors.keras._network import Network

FIRST, SECONDS = 5.0, 30.0
# A checkpoint that takes long to write is written more rarely: this share of the time at most.
SHARE = 0.02


class Checkpoints:
    """Writes the network below the run's directory while it trains, as it would be saved at this moment.

    Parameters
    ----------
    directory
        The run's directory; None writes nothing.
    interval
        Epochs between checkpoints that are kept; None for none.
    about
        What is needed to read the network again, as plain data.
    preparation
        The fitted transformer, written beside the first checkpoint; None where there is none.
    """

    def __init__(
        self,
        directory: Path | None,
        interval: int | None,
        made: Network,
        about: Mapping[str, Any],
        preparation: Any,
        emit: Emit,
    ) -> None:
        self._directory = directory
        self._interval = interval
        self._made = made
        self._about = about
        self._preparation = preparation
        self._emit = emit
        self._due = perf_counter() + FIRST

    def epoch_ended(self, training: Training) -> None:
        """Write ``epoch-N.keras`` if it is this epoch's turn."""
        epoch = len(training.history)
        if self._interval is not None and epoch % self._interval == 0:
            self._write(f"epoch-{epoch}.keras", training, None)

    def block_ended(self, training: Training) -> None:
        """Write ``last.keras``, the best so far, if the last one is old."""
        if perf_counter() < self._due:
            return
        began = perf_counter()
        self._write("last.keras", training, training.best)
        now = perf_counter()
        self._due = now + max(SECONDS, (now - began) / SHARE)

    def _write(self, name: str, training: Training, weights: Weights | None) -> None:
        if self._directory is None:
            return
        if self._preparation is not None:
            self._tell("preparation", write_preparation(self._directory, self._preparation))
            self._preparation = None
        self._tell("modelInfo", _storage.write_about(self._directory, self._about))
        path = self._directory / CHECKPOINTS / name
        now = training.model.get_weights()
        try:
            if weights is not None:
                training.model.set_weights(weights)
            self._made.to_units()
            self._tell("checkpoint", _storage.write(training.model, path))
        finally:  # to the last bit as they were: a checkpoint changes nothing
            training.model.set_weights(now)

    def _tell(self, key: str, path: Path) -> None:
        assert self._directory is not None
        self._emit(Artifact(key, path.relative_to(self._directory).as_posix(), path.stat().st_size))
