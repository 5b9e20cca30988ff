"""Files that a killed process leaves behind: every so many epochs if asked, and now and then in any case."""

from __future__ import annotations

from abc import ABC, abstractmethod
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from mlmagic.events import Artifact, Emit
from mlmagic.executors._networks._preparation import write_preparation
from mlmagic.run_directory import CHECKPOINTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIRST, SECONDS = 5.0, 30.0
# A checkpoint that takes long to write is written more rarely: this share of the time at most.
SHARE = 0.02


class Checkpoints(ABC):
    """Writes a training below the run's directory while it goes on.

    Parameters
    ----------
    directory
        The run's directory; None writes nothing.
    interval
        Epochs between checkpoints that are kept; None for none.
    about
        What is needed to have the network again, as plain data.
    preparation
        The fitted transformer, written beside the first checkpoint; None where there is none.

    Attributes
    ----------
    suffix
        Of the files.
    """

    suffix: ClassVar[str]

    def __init__(
        self, directory: Path | None, interval: int | None, about: Mapping[str, Any], preparation: Any, emit: Emit
    ) -> None:
        self._directory = directory
        self._interval = interval
        self._about = about
        self._preparation = preparation
        self._emit = emit
        self._due = perf_counter() + FIRST

    @abstractmethod
    def save(self, path: Path, training: Any, *, last: bool) -> Path:
        """Write the training as it is now; gives the file, whose suffix may be another.

        Parameters
        ----------
        last
            Whether it is the file that a killed run is continued from or predicts with, not one of an epoch.
        """
        ...

    def epoch_ended(self, training: Any) -> None:
        """Write ``epoch-N`` if it is this epoch's turn."""
        epoch = len(training.history)
        if self._interval is not None and epoch % self._interval == 0:
            self._write(f"epoch-{epoch}", training)

    def block_ended(self, training: Any) -> None:
        """Write ``last`` if the last one is old."""
        if perf_counter() < self._due:
            return
        began = perf_counter()
        self._write("last", training)
        now = perf_counter()
        self._due = now + max(SECONDS, (now - began) / SHARE)

    def _write(self, name: str, training: Any) -> None:
        if self._directory is None:
            return
        if self._preparation is not None:
            self._tell("preparation", write_preparation(self._directory, self._preparation))
            self._preparation = None
        path = self._directory / CHECKPOINTS / f"{name}{self.suffix}"
        self._tell("checkpoint", self.save(path, training, last=name == "last"))

    def _tell(self, key: str, path: Path) -> None:
        assert self._directory is not None
        self._emit(Artifact(key, path.relative_to(self._directory).as_posix(), path.stat().st_size))
