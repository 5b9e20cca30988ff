"""A run that another process runs or ran, from its directory alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic._kept import Kept
from mlmagic._watched import Watched
from mlmagic.errors import DataLoadingError, InvalidConfiguration, RunInterrupted
from mlmagic.record import read_config
from mlmagic.run_directory import CONFIG, EVENTS, LOCK, ask_to_stop, living, parse_line, read_events
from mlmagic.state import RunState

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.executors._base import Outcome

FOLLOW = 0.2
# Under these keys a run tells of its models.
MODELS = ("model", "bestModel", "lastModel", "savedModel", "checkpoint")


class Attached(Watched):
    """A run as its stream and artifacts tell it; one that still goes on is followed.

    Parameters
    ----------
    path
        The run's directory.
    trust
        Whether code found there may run. The person says so; the directory's own config has no say.
    names
        The objects that variables of the config stand for, by name, as far as the person gives them.

    Raises
    ------
    DataLoadingError
        If the directory holds no run.
    """

    def __init__(self, path: Path, *, trust: bool = False, names: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.path = path
        self.id = path.name
        _check(path)
        config, provenance = read_config(_text_of(path / CONFIG))
        self.config = config.model_copy(update={"trust": trust})
        self.name = str(provenance.get("name", path.name))
        self.table = f"{self.name}.predictions"
        self.state = RunState()
        self.state.metadata["seed"] = config.seed
        self._names = names or {}
        self._know_names()
        self._stream: BufferedReader | None = None
        self._rest = b""
        if living(path):
            self._catch_up()  # what is there already is known at once
            threading.Thread(target=self._follow, name=f"mlmagic follow {self.id}", daemon=True).start()
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
    def kept(self) -> Kept:
        """A new place for its model, which is loaded when it is first asked for."""
        return Kept(self.outcome)

    def outcome(self) -> Outcome | None:
        """Load the saved model; None where the run saved none."""
        from mlmagic.executors import load

        if not self.state.artifacts:
            return None
        return load(self.config.executor).load(self.path, self._bound(), self.state)

    def stop(self, by: str = "another process") -> None:
        """Ask the process that runs it to stop and keep its best; an ended run stays as it is."""
        if not self.state.finished:
            ask_to_stop(self.path, by)

    def _know_names(self) -> None:
        known = dict.fromkeys(reference.name for reference in self.config.references())
        for name in self._names:
            if name not in known:
                listed = ", ".join(f"${one}" for one in known) or "no variable"
                raise InvalidConfiguration(f"{self.id} names no variable ${name}; it names {listed}")

    def _bound(self) -> RunConfig:
        """The config with what the person gave in place of its variables.

        Attributes are not followed: the directory must not choose what of a given object runs.
        """
        from mlmagic.config import UNBOUND

        given = self._names
        return self.config.bind(lambda name: UNBOUND if name.attributes else given.get(name.name, UNBOUND))

    def _replay(self) -> None:
        if (self.path / EVENTS).exists():  # one that was ended in the queue has none
            for seconds, event in read_events(self.path):
                self.state.apply(event, seconds)
        self._finish()

    def _follow(self) -> None:
        try:
            while not self.state.finished:
                alive = living(self.path)
                self._catch_up()
                if not alive:
                    break
                time.sleep(FOLLOW)
        finally:  # nobody waits for ever
            if self._stream is not None:
                self._stream.close()
            self._finish()

    def _catch_up(self) -> None:
        if self._stream is None:
            if not (self.path / EVENTS).exists():
                return  # it waits in its queue
            self._stream = (self.path / EVENTS).open("rb")
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
                    f"The process that ran {self.id} is gone; it ended in phase {self.state.phase!r}",
                    solution=self._what_is_left(),
                ).to_dict()
            )
        self._tell(ended=True)

    def _what_is_left(self) -> str:
        found = [key for key in MODELS if key in self.state.artifacts]
        kept = f"; what it had kept is in {self.name}.model ({self.state.artifacts[found[0]].path})" if found else ""
        return f"Run the cell again{kept}"


def _text_of(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataLoadingError(
            f"Cannot read {str(path)!r}", stderr=f"{type(error).__name__}: {error}", solution="It is no run's any more"
        ) from None
    if not text.strip():
        raise DataLoadingError(f"{str(path)!r} is empty", solution="It is no run's any more")
    return text


def _check(path: Path) -> None:
    """Refuse what is no run's directory; one that waits in its queue has a lock and a config, and no events yet."""
    claimed = (path / LOCK).exists()
    if (path / CONFIG).exists() and ((path / EVENTS).exists() or claimed):
        return
    if claimed and living(path):
        raise DataLoadingError(
            f"The run in {str(path)!r} has not started yet", solution="Attach to it again in a moment"
        )
    raise DataLoadingError(
        f"{str(path)!r} holds no run: it lacks {EVENTS} or {CONFIG}",
        solution="Give a run's directory, such as one that %mljobs names",
    )
