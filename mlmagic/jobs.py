"""Runs in this process: the queue, their threads, heartbeats and timeouts.

Whoever asks a run to stop (button, magic, interrupt, another process, a timeout), it ends in :meth:`Job.stop`.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlmagic._inputs import hold
from mlmagic._job import Job
from mlmagic.errors import DependencyFailed, MLError
from mlmagic.run_directory import RunDirectory

if TYPE_CHECKING:
    from mlmagic.config import RunConfig

TICK, HEARTBEAT = 0.2, 1.0
EXIT_GRACE = 2.0


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
        job.on_cancel = self.cancel
        with self._lock:
            self.jobs.append(job)
            self._waiting.append(job)
            if self._monitor is None or not self._monitor.is_alive():
                self._monitor = threading.Thread(target=self._watch_over, name="mlmagic monitor", daemon=True)
                self._monitor.start()
        for need in job.needs:
            need.watch(self._dispatch)
        self._dispatch()
        if self.position(job) is not None:
            job.announce()

    @property
    def running(self) -> list[Job]:
        """The runs that hold a slot."""
        with self._lock:
            return list(self._running)

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

    def _work(self, job: Job) -> None:
        try:
            job.run()
        finally:
            with self._lock:
                self._running.discard(job)
            self._dispatch()

    def _watch_over(self) -> None:
        """Heartbeats, timeouts and stops asked for by other processes, while anything runs or waits."""
        beat = 0.0
        while True:
            with self._lock:
                running, waiting = list(self._running), list(self._waiting)
                if not (running or waiting):
                    self._monitor = None
                    return
            for job in running + waiting:
                if job.directory.stop_asked():
                    job.stop("another process")
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
    directory = RunDirectory.claim(config.output_dir, name)
    for job in QUEUE.jobs:
        if directory.set_aside is not None and job.path == directory.path:
            job.moved_to(directory.set_aside)
    return Job(config, name, directory, held, source)


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
    if heartbeat:
        job.emit(job.measure())
