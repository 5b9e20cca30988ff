"""Runs in this process: the queue, their threads, stopping, timeouts.

Whoever asks a run to stop (button, magic, interrupt, another process, a timeout), it ends in :meth:`Job.stop`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic import _reuse, _transport
from mlmagic._attached import Attached
from mlmagic._failure import as_error, no_room
from mlmagic._inputs import bind, hold, locate, needs_of
from mlmagic.errors import DependencyFailed, MLError, TimeoutExceeded
from mlmagic.events import Artifact, Began, Ended, Event, Log, Metadata, Metrics, Stopping, Usage
from mlmagic.record import write_config, write_report
from mlmagic.run_directory import TEXT_LOG, RunDirectory
from mlmagic.state import RunState
from mlmagic.trackers.text_log import TextLog

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.executors._base import Outcome

TICK, HEARTBEAT = 0.2, 1.0
EXIT_GRACE = 2.0


class Job:
    """One run from submission to its end. Its members are safe to use from any thread."""

    def __init__(
        self, config: RunConfig, name: str, directory: RunDirectory, values: Mapping[str, Any], source: Any = None
    ) -> None:
        self.config = config
        self.name = name
        self.directory = directory
        self.id = directory.path.name
        self.state = RunState()
        self.state.metadata["seed"] = config.seed
        self.needs = needs_of(values)
        self.stop_event = threading.Event()
        self._values = values
        self._source = source
        self._release: _transport.Released | None = None
        self._trackers = (directory.append, TextLog(directory.path / TEXT_LOG).take)
        self._adopted: Attached | None = None
        self._write_failure: MLError | None = None
        self._lock = threading.RLock()
        self._watchers: list[Callable[[], None]] = []
        self._released = threading.Event()
        self._done = threading.Event()
        self._began = 0.0
        self.worker_pid: int | None = None

    @property
    def path(self) -> Path:
        """The run's directory."""
        return self._adopted.path if self._adopted else self.directory.path

    @property
    def elapsed(self) -> float:
        """Seconds since the run left the queue; 0 before, its duration after the end."""
        if self.state.seconds is not None:
            return self.state.seconds
        return time.monotonic() - self._began if self._began else 0.0

    @property
    def outcome(self) -> Outcome | None:
        """What training gave, as soon as it is released; None before, and where there was no model to keep."""
        if self._adopted is not None:
            return self._adopted.outcome
        return self._release.outcome() if self._release else None

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call ``watcher()`` after every event, from the run's threads: it must only set a flag. Gives its undo."""
        self._watchers.append(watcher)

        def undo() -> None:
            with contextlib.suppress(ValueError):
                self._watchers.remove(watcher)

        return undo

    def wait(self, timeout: float | None = None, *, results: bool = False) -> bool:
        """Whether the run (or, with ``results``, its model and metrics) is there within ``timeout`` seconds."""
        return (self._released if results else self._done).wait(timeout)

    def emit(self, event: Event) -> None:
        """Take one event of this run. Never raises: a stream that cannot be written stops the run with its cause."""
        with self._lock:
            seconds = self.elapsed
            self.state.apply(event, seconds)
            if self._write_failure is None:
                try:
                    for track in self._trackers:
                        track(event, seconds)
                except OSError as error:
                    self._write_failure = no_room(error)
                    self.stop_event.set()
        if isinstance(event, Metrics):
            self._released.set()
        self._tell()

    def stop(self, by: str = "report.stop()") -> None:
        """Ask the run to stop and keep its best; a queued run ends at once. Stopping twice is fine."""
        with self._lock:
            if self.state.finished or self.stop_event.is_set():
                return
            self.emit(Stopping(by))
            self.stop_event.set()
            queued = self.state.status == "queued"
        if queued:
            QUEUE.cancel(self)

    def run(self) -> None:
        """The whole life of the run after the queue, in the calling thread."""
        self._began = time.monotonic()
        self.emit(Began(time.time(), os.getpid()))
        error: MLError | None = None
        try:
            write_config(self)
            if not (self.config.reuse and self._reuse()):
                config = bind(self.config, self._values).model_copy(update={"output_dir": self.path})
                _transport.run(config, self._context(), self._note_worker)
        except BaseException as raised:
            error = locate(as_error(raised), self._source)
        self.finish(error)

    def finish(self, error: MLError | None = None) -> None:
        """End the run: the last event, then ``report.json``, then everybody who waits is woken."""
        if self._adopted is not None:
            self._close()
            return
        error = self._write_failure or error or self._timed_out()
        status = "error" if error else "stopped" if self.stop_event.is_set() else "success"
        try:
            with contextlib.suppress(OSError, _reuse.Incomparable):
                self._write_again(status)
            self.emit(Ended(status, self.elapsed, error.to_dict() if error else None))
            with contextlib.suppress(OSError):
                write_report(self)
        finally:  # whatever happens here, nobody waits for ever
            self._close()

    def _close(self) -> None:
        self._values = {}  # the run no longer needs the user's data in memory
        self.directory.release()
        self._released.set()
        self._done.set()
        self._tell()

    def _write_again(self, status: str) -> None:
        """The config once more, now that versions and the data's hash are known."""
        self.emit(Artifact("trainingLog", TEXT_LOG, (self.path / TEXT_LOG).stat().st_size))
        write_config(self)
        if status == "success" and (data := self.state.metadata.get("dataHash")):
            inputs = _reuse.inputs_hash(self.config, self._values)
            self.emit(Metadata({"hashes": {"inputs": inputs, "data": data}}))

    def _reuse(self) -> bool:
        """Take a finished run with equal inputs, if there is one, in place of this one."""
        try:
            hashes = {
                "inputs": _reuse.inputs_hash(self.config, self._values),
                "data": _reuse.data_hash(self.config, self._values),
            }
        except _reuse.Incomparable as error:
            self.emit(Log(f"cannot reuse a run: {error}", "warning"))
            return False
        found = _reuse.find(self.path, hashes)
        if found is None:
            return False
        self._adopted = Attached(self.directory.give_way_to(found))
        self.state, self.id = self._adopted.state, self._adopted.id
        return True

    def _context(self) -> _transport.Transport:
        return _transport.Transport(self.emit, self.stop_event, self._take)

    def _take(self, released: _transport.Released) -> None:
        self._release = released

    def _tell(self) -> None:
        for watcher in list(self._watchers):
            watcher()

    def _note_worker(self, pid: int) -> None:
        self.worker_pid = pid

    def _timed_out(self) -> MLError | None:
        if self.state.stopping != "timeout":
            return None
        return TimeoutExceeded(f"The run took longer than its timeout of {self.config.timeout:g} s")


class Queue:
    """Runs in the order they came, ``max_jobs`` at a time; one that waits for another run's result holds no slot."""

    def __init__(self) -> None:
        self.max_jobs = 1
        self.jobs: list[Job] = []
        self._running: set[Job] = set()
        self._waiting: list[Job] = []
        self._lock = threading.RLock()
        self._monitor: threading.Thread | None = None

    def add(self, job: Job) -> None:
        """Queue a run, and start it if there is room."""
        with self._lock:
            self.jobs.append(job)
            self._waiting.append(job)
        for need in job.needs:
            need.watch(self._dispatch)
        self._dispatch()

    def position(self, job: Job) -> int | None:
        """Place in the queue, from 1; None for a run that is not waiting."""
        with self._lock:
            return self._waiting.index(job) + 1 if job in self._waiting else None

    def resize(self, max_jobs: int) -> None:
        """Let so many runs train at the same time."""
        self.max_jobs = max_jobs
        self._dispatch()

    def cancel(self, job: Job) -> None:
        """Take a run that has not started out of the queue and end it."""
        with self._lock:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        job.finish()

    def _dispatch(self) -> None:
        failed: list[tuple[Job, MLError]] = []
        with self._lock:
            for job in list(self._waiting):
                if (failure := _failed_need(job)) is not None:
                    self._waiting.remove(job)
                    failed.append((job, failure))
                elif len(self._running) < self.max_jobs and all(need.wait(0) for need in job.needs):
                    self._waiting.remove(job)
                    self._start(job)
        for job, failure in failed:
            job.finish(failure)

    def _start(self, job: Job) -> None:
        self._running.add(job)
        threading.Thread(target=self._work, args=(job,), name=f"mlmagic {job.id}", daemon=True).start()
        if self._monitor is None or not self._monitor.is_alive():
            self._monitor = threading.Thread(target=self._watch_over, name="mlmagic monitor", daemon=True)
            self._monitor.start()

    def _work(self, job: Job) -> None:
        try:
            job.run()
        finally:
            with self._lock:
                self._running.discard(job)
            self._dispatch()

    def _watch_over(self) -> None:
        """Heartbeats, timeouts and stops asked for by other processes, while anything runs."""
        beat = 0.0
        while True:
            with self._lock:
                running = list(self._running)
                if not running:
                    self._monitor = None
                    return
            for job in running:
                _look_after(job, heartbeat=time.monotonic() - beat >= HEARTBEAT)
            if time.monotonic() - beat >= HEARTBEAT:
                beat = time.monotonic()
            time.sleep(TICK)

    def close(self) -> None:
        """Ask every run to stop and give them a moment: the kernel is shutting down."""
        for job in list(self._waiting) + list(self._running):
            job.stop("shutdown")
        deadline = time.monotonic() + EXIT_GRACE
        for job in list(self._running):
            job.wait(max(0.0, deadline - time.monotonic()))


QUEUE = Queue()
atexit.register(QUEUE.close)


def create(config: RunConfig, values: Mapping[str, Any], name: str = "report", source: Any = None) -> Job:
    """Make a run that :meth:`Queue.add` will start: its inputs held, its directory claimed.

    Parameters
    ----------
    config
        What to run.
    values
        The objects that the config's references name, by variable name. They are held as they are now: later
        changes to a DataFrame, an estimator or a module do not reach the run.
    name
        What the user calls the run.
    source
        The document that the config was written in: its positions go into errors.

    Raises
    ------
    InvalidConfiguration
        If a reference names nothing in ``values``.
    OutputError
        If the run's directory cannot be had.
    """
    held = hold(config, values, source)
    return Job(config, name, RunDirectory.claim(config.output_dir, name), held, source)


def _failed_need(job: Job) -> MLError | None:
    for need in job.needs:
        if need.wait(0) and need.state.error is not None:
            return DependencyFailed(
                f"{need.id} failed, whose result this run needs: {need.state.error['message']}",
                metadata={"run": need.id, "type": need.state.error["type"]},
            )
    return None


def _look_after(job: Job, heartbeat: bool) -> None:
    if job.config.timeout and job.elapsed > job.config.timeout:
        job.stop("timeout")
    if job.directory.stop_asked():
        job.stop("another process")
    if heartbeat:
        memory = _transport.memory(job.worker_pid)
        job.emit(Usage(memory, max(memory, job.state.usage.peak)))
