"""A run that another process runs or ran, from its directory alone."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic._watched import Watched
from mlmagic.errors import DataLoadingError, RunInterrupted
from mlmagic.record import read_config
from mlmagic.run_directory import CONFIG, EVENTS, ask_to_stop, living, parse_line, read_events
from mlmagic.state import RunState

if TYPE_CHECKING:
    from mlmagic.executors._base import Outcome

FOLLOW = 0.2


class Attached(Watched):
    """A run as its stream and artifacts tell it; one that still goes on is followed.

    Parameters
    ----------
    path
        The run's directory.
    trust
        Whether code found there may run. The person says so; the directory's own config has no say.

    Raises
    ------
    DataLoadingError
        If the directory holds no run.
    """

    def __init__(self, path: Path, *, trust: bool = False) -> None:
        super().__init__()
        self.path = path
        self.id = path.name
        if not (path / EVENTS).exists() or not (path / CONFIG).exists():
            raise DataLoadingError(
                f"{str(path)!r} holds no run: it lacks {EVENTS} or {CONFIG}",
                solution="Give a run's directory, such as one that %mljobs names",
            )
        config, provenance = read_config((path / CONFIG).read_text(encoding="utf-8"))
        self.config = config.model_copy(update={"trust": trust})
        self.name = str(provenance.get("name", path.name))
        self.state = RunState()
        self._outcome: Outcome | None = None
        self._lock = threading.Lock()
        self._read = threading.Thread(target=self._follow, name=f"mlmagic follow {self.id}", daemon=True)
        if living(path):
            self._stream = (path / EVENTS).open("rb")
            self._rest = b""
            self._catch_up()  # what is there already is known at once
            self._read.start()
        else:
            self._replay()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began; its duration after the end."""
        if self.state.seconds is not None:
            return self.state.seconds
        if self.state.began is None or self.state.finished:
            return self.state.time
        return max(0.0, time.time() - self.state.began)

    @property
    def outcome(self) -> Outcome | None:
        """The saved model, loaded when it is first asked for; None where the run saved none."""
        from mlmagic.executors import load

        with self._lock:
            if self._outcome is None and self.state.artifacts:
                self._outcome = load(self.config.framework).load(self.path, self.config, self.state)
            return self._outcome

    def stop(self, by: str = "another process") -> None:
        """Ask the process that runs it to stop and keep its best; an ended run stays as it is."""
        if not self.state.finished:
            ask_to_stop(self.path, by)

    def _replay(self) -> None:
        for seconds, event in read_events(self.path):
            self.state.apply(event, seconds)
        self._finish()

    def _follow(self) -> None:
        try:
            with self._stream:
                while not self.state.finished:
                    alive = living(self.path)
                    self._catch_up()
                    if not alive:
                        break
                    time.sleep(FOLLOW)
        finally:  # nobody waits for ever
            self._finish()

    def _catch_up(self) -> None:
        while text := self._stream.readline():
            self._rest += text
            if self._rest.endswith(b"\n"):
                self._take(self._rest)
                self._rest = b""

    def _take(self, line: bytes) -> None:
        if found := parse_line(line):
            self.state.apply(found[1], found[0])
            self._tell(results=self.state.released)

    def _finish(self) -> None:
        if not self.state.finished:
            self.state.interrupt(
                RunInterrupted(
                    f"The process that ran {self.id} is gone; it ended in phase {self.state.phase!r}"
                ).to_dict()
            )
        self._tell(ended=True)
