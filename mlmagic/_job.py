"""One run of this process, from submission to its end."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic import _reuse, _transport
from mlmagic._attached import Attached
from mlmagic._capture import captured
from mlmagic._code import Incomparable
from mlmagic._failure import as_error, no_room
from mlmagic._gpu import METER
from mlmagic._inputs import bind, locate, needs_of
from mlmagic._kept import Kept
from mlmagic._reserve import Reserve
from mlmagic._units import size
from mlmagic._watched import Watched
from mlmagic.actions import Context
from mlmagic.data import Cancelled
from mlmagic.errors import MLError, TimeoutExceeded, from_dict
from mlmagic.events import Artifact, Began, Ended, Event, Log, Metadata, Metrics, Stopping, Usage
from mlmagic.record import git_commit, write_config, write_report
from mlmagic.run_directory import TEXT_LOG, RunDirectory
from mlmagic.state import RunState
from mlmagic.trackers import trackers
from mlmagic.trackers.text_log import TextLog

if TYPE_CHECKING:
    from mlmagic.config import RunConfig


class Job(Watched):
    """One run from submission to its end. Its members are safe to use from any thread."""

    def __init__(
        self, config: RunConfig, name: str, directory: RunDirectory, values: Mapping[str, Any], source: Any = None
    ) -> None:
        super().__init__()
        self.config = config
        self.name = name
        self.table = f"{name}.predictions"
        self.directory = directory
        self.id = directory.path.name
        self.state = RunState()
        self.state.metadata["seed"] = config.seed
        self.needs = needs_of(values)
        self.stop_event = threading.Event()
        self._values = values
        self._source = source
        self._kept: Kept | None = Kept()
        self._kept_by_reports = weakref.ref(self._kept)
        self._reserve = Reserve(directory.path)
        self._trackers: list[Callable[[Event, float], None]] = [
            directory.append,
            TextLog(directory.path / TEXT_LOG).take,
        ]
        self._adopted: Attached | None = None
        self._moved: Path | None = None
        self._inputs_hash: str | None = None
        self._write_failure: MLError | None = None
        self._lock = threading.RLock()
        self.on_cancel: Callable[[Job], None] = Job.finish
        self._began = 0.0
        self.worker_pid: int | None = None
        self._peak = 0

    @property
    def path(self) -> Path:
        """The run's directory."""
        if self._adopted is not None:
            return self._adopted.path
        # What was set aside may have come back, when the run that took its place was a reuse of it.
        return self._moved if self._moved and self._moved.exists() else self.directory.path

    @property
    def elapsed(self) -> float:
        """Seconds since the run left the queue; 0 before, its duration after the end."""
        if self.state.seconds is not None:
            return self.state.seconds
        return time.monotonic() - self._began if self._began else 0.0

    @property
    def kept(self) -> Kept | None:
        """Where its outcome is; None once the run has ended and nobody holds a report of it."""
        return self._kept_by_reports()

    def announce(self) -> None:
        """Let other processes see a run that has to wait for its turn."""
        with self._lock:
            if self.state.status == "queued":
                with contextlib.suppress(OSError):  # the run will tell when it starts
                    write_config(self, None)

    def emit(self, event: Event) -> None:
        """Take one event of this run. Never raises: a stream that cannot be written stops the run with its cause."""
        with self._lock:
            if self.state.finished:
                return  # a heartbeat that came late
            seconds = self.elapsed
            self.state.apply(event, seconds)
            # The last event has room of its own, which is free by now.
            if self._write_failure is None or isinstance(event, Ended):
                try:
                    for track in self._trackers:
                        track(event, seconds)
                except OSError as error:
                    self._write_failure = no_room(error)
                    self.stop_event.set()
        self._tell(results=isinstance(event, Metrics) and event.final)

    def stop(self, by: str = "report.stop()") -> None:
        """Ask the run to stop and keep its best; a queued run ends at once. Stopping twice is fine."""
        with self._lock:
            if self.state.finished or self.stop_event.is_set():
                return
            self.emit(Stopping(by))
            self.stop_event.set()
            queued = self.state.status == "queued"
        if queued:
            self.on_cancel(self)

    def run(self) -> None:
        """The whole life of the run after the queue, in the calling thread."""
        self._began = time.monotonic()
        self.emit(Began(time.time(), os.getpid()))
        error: MLError | None = None
        try:
            write_config(self, self._commit)
            self._inputs_hash = self._hash_inputs()
            if not (self.config.reuse and self._reuse()):
                self._reserve.take()
                self._track()
                with captured(lambda text, level: self.emit(Log(text, level))):  # a model may come with a script
                    config = bind(self.config, self._values).model_copy(update={"output_dir": self.path})
                _transport.run(config, self._context(), self._note_worker)
        except BaseException as raised:
            # Made anew: the frames of the one that was raised hold the data.
            error = from_dict(locate(as_error(raised), self._source).to_dict())
        self.finish(error)

    def finish(self, error: MLError | None = None) -> None:
        """End the run: the last event, then ``report.json``, then everybody who waits is woken."""
        if self._adopted is not None:
            self._close()
            return
        error = self._write_failure or error or self._timed_out()
        status = "error" if error else "stopped" if self.stop_event.is_set() else "success"
        self._reserve.give_back()
        try:
            self._write_again(status)
            self.emit(Ended(status, self.elapsed, error.to_dict() if error else None))
            with contextlib.suppress(OSError):
                write_report(self)
        finally:  # whatever happens here, nobody waits for ever
            self._close()

    def moved_to(self, path: Path) -> None:
        """Know that what this ended run wrote was set aside, for a new run in its directory."""
        self._moved = path

    def _track(self) -> None:
        def complain(text: str) -> None:
            with self._lock:
                late = self.state.finished
                self.emit(Log(text, "warning"))
            if late:  # the stream has ended: a tracker may need longer than a short run
                warnings.warn(f"{self.name}: {text}", stacklevel=1)

        wanted = self.config.logging.wanted if self.config.logging else []
        self._trackers += [item.take for item in trackers(wanted, self.path, self.config.to_plain(), complain)]

    @functools.cached_property
    def _commit(self) -> str | None:
        return git_commit()

    def _close(self) -> None:
        self._values, self._kept = {}, None  # the run no longer needs data and model; its reports keep the model
        with self._lock:  # no event is being written
            self.directory.release()
        self._tell(ended=True)
        self._watchers.clear()

    def _write_again(self, status: str) -> None:
        """How much memory it took; the config once more, now that versions and the data's hash are known."""
        if self._began and (peak := self.measure().peak):
            self.emit(Metadata({"peakMemory": size(peak)}))
        with contextlib.suppress(OSError):
            self.emit(Artifact("trainingLog", TEXT_LOG, (self.path / TEXT_LOG).stat().st_size))
            write_config(self, self._commit)
        data = self.state.metadata.get("dataHash")
        if status == "success" and data and self._inputs_hash:
            self.emit(Metadata({"hashes": {"inputs": self._inputs_hash, "data": data}}))

    def _hash_inputs(self) -> str | None:
        """Hash of config and code as they are now; None, and a word in the log, where they cannot be compared."""
        if self.config.config.fitted is not None and not self.config.reuse:
            return None  # to look through a fitted model can take longer than to predict with it
        try:
            return _reuse.inputs_hash(self.config, self._values)
        except Incomparable as error:
            if self.config.reuse:
                self.emit(Log(f"cannot reuse a run: {error}", "warning"))
            return None

    def _reuse(self) -> bool:
        """Take a finished run with equal inputs, if there is one, in place of this one."""
        if self._inputs_hash is None:
            return False
        try:
            hashes = {"inputs": self._inputs_hash, "data": self._hash_data()}
        except Cancelled:
            return False
        found = _reuse.find(self.path, hashes)
        if found is None:
            return False
        self._adopted = Attached(
            self.directory.give_way_to(found), trust=self.config.trust, names=self._names_of_model()
        )
        self._take(self._adopted)
        self.state, self.id = self._adopted.state, self._adopted.id
        self.state.metadata["reused"] = True
        return True

    def _hash_data(self) -> str:
        context = Context(self.emit, self.stop_event, lambda outcome: None)
        return _reuse.data_hash(self.config, self._values, context)

    def _names_of_model(self) -> dict[str, Any]:
        """What a model that is loaded again may be built from: the variables of this run, but its data."""
        known = {name.name: self._values[str(name)] for name in self.config.references() if not name.attributes}
        data = self.config.config.data
        return {name: value for name, value in known.items() if data is None or name != data.name}

    def _context(self) -> _transport.Transport:
        return _transport.Transport(self.emit, self.stop_event, self._take)

    def _take(self, released: _transport.Released | Attached) -> None:
        assert self._kept is not None
        self._kept.take(released.outcome)

    def measure(self) -> Usage:
        """Memory of the process that trains, and how busy the GPU is if it uses one."""
        memory = _transport.memory(self.worker_pid)
        self._peak = max(self._peak, memory)
        return Usage(memory, self._peak, METER.latest() if self.state.metadata.get("gpuUsed") else None)

    def _note_worker(self, pid: int) -> None:
        self.worker_pid = pid
        self._peak = 0  # what was measured before is another process's

    def _timed_out(self) -> MLError | None:
        if self.state.stopping != "timeout":
            return None
        found = self._kept is not None and self._kept.filled
        kept = "the best model so far is kept" if found else "there was no model to keep yet"
        return TimeoutExceeded(
            f"The run took longer than its timeout of {self.config.timeout:g} s",
            solution=f"Raise timeout, or train less; {kept}",
        )
