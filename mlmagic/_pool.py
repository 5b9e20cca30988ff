"""Child processes for runs that can only be stopped by ending them; one warm child is kept.

A child is started from one long-lived thread, because Linux sends the parent-death signal when the *thread* that
created the child ends.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from mlmagic import _pickling
from mlmagic._own_modules import Source, current
from mlmagic.errors import MLError, OutOfMemory, TrainingFailure, from_dict
from mlmagic.events import Artifact

if TYPE_CHECKING:
    from mlmagic._transport import Transport
    from mlmagic.config import RunConfig
    from mlmagic.executors._base import Outcome

POLL = 0.02
# A child that has seen the stop, or has a fitted model already, may finish what it keeps; any other is ended after
# KILL_AFTER.
KILL_AFTER, FINISH_WITHIN = 1.2, 60.0


class Arrived:
    """An outcome from a child, unpickled when it is first asked for."""

    def __init__(self, parcel: _pickling.Parcel) -> None:
        self._parcel: _pickling.Parcel | None = parcel
        self._outcome: Outcome | None = None
        self._lock = threading.Lock()

    def outcome(self) -> Outcome:
        """The outcome, its classes those of this process."""
        with self._lock:
            if self._parcel is not None:
                self._outcome = _pickling.unpack(self._parcel)
                self._parcel = None
        assert self._outcome is not None
        return self._outcome


class Child:
    """One process that runs one job at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mlmagic._child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                # Its own session: the notebook's interrupt reaches the whole process group of the kernel.
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())
        self._imported: dict[str, Source] = {}

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can take another run."""
        return self._process.poll() is None

    @property
    def current(self) -> bool:
        """Whether the user's modules that it has imported are those that it would import now."""
        return current(self._imported)

    def run(self, config: RunConfig, transport: Transport) -> None:
        """Run a job to its end. Ends the child where a stop is not answered in time."""
        parcel = _pickling.pack(config)
        try:
            self._connection.send(("place", (os.getcwd(), sys.path)))
            self._connection.send(("run", parcel))
            self._listen(transport)
        except (EOFError, OSError):
            raise self._died() from None
        finally:
            _pickling.discard(parcel)

    def warm(self, framework: str) -> None:
        """Let the idle child import a framework, so that its next run starts at once."""
        with contextlib.suppress(OSError):
            self._connection.send(("warm", framework))

    def kill(self) -> None:
        """End the process at once. Killing twice is fine."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        self._errors.close()

    def _listen(self, transport: Transport) -> None:
        deadline: float | None = None
        patience = KILL_AFTER
        while True:
            if self._connection.poll(POLL):
                kind, content = self._connection.recv()
                if kind == "ended":
                    if content is not None:
                        raise from_dict(content)
                    return
                if kind in ("stopping", "outcome"):
                    patience = FINISH_WITHIN
                    deadline = deadline and time.monotonic() + patience
                elif isinstance(content, Artifact):
                    patience = KILL_AFTER  # the model is written: a stop from now on loses nothing
                self._take(kind, content, transport)
            if transport.stop.is_set() and deadline is None:
                self._connection.send(("stop", None))
                deadline = time.monotonic() + patience
            if deadline is not None and time.monotonic() > deadline:
                self.kill()
                return

    def _take(self, kind: str, content: Any, transport: Transport) -> None:
        if kind == "event":
            transport.emit(content)
        elif kind == "outcome":
            transport.take(Arrived(content))
        elif kind == "imported":
            self._imported = content

    def _died(self) -> MLError:
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace")[-2000:]
        if code == -9:
            return OutOfMemory("The process that trained was killed, most likely for its use of memory", stderr=said)
        return TrainingFailure(f"The process that trained died with exit code {code}", stderr=said)


class Pool:
    """Children on demand; the first that becomes free is kept warm for the next run."""

    def __init__(self) -> None:
        self._idle: list[Child] = []
        self._lock = threading.Lock()
        self._orders: queue.SimpleQueue[queue.SimpleQueue[Child | Exception]] = queue.SimpleQueue()
        self._starter: threading.Thread | None = None

    def run(self, config: RunConfig, transport: Transport, note_worker: Callable[[int], None]) -> None:
        """Run a job in a child, which stays warm if it ends by itself."""
        child = self._get()
        note_worker(child.pid)
        try:
            child.run(config, transport)
        finally:
            self._put_back(child, config.executor)

    def close(self) -> None:
        """End the idle children."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()

    def _get(self) -> Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive and child.current:
                    return child
                child.kill()
        return self._start()

    def _put_back(self, child: Child, framework: str) -> None:
        if child.alive:
            with self._lock:
                if not self._idle:
                    self._idle.append(child)
                    return
            child.kill()
        elif not self._idle:
            # Its successor warms up now, not when the next run needs it.
            threading.Thread(target=self._replace, args=(framework,), name="mlmagic warm", daemon=True).start()

    def _replace(self, framework: str) -> None:
        child = self._start()
        child.warm(framework)
        self._put_back(child, framework)

    def _start(self) -> Child:
        with self._lock:
            if self._starter is None:
                self._starter = threading.Thread(target=self._start_children, name="mlmagic starter", daemon=True)
                self._starter.start()
        answer: queue.SimpleQueue[Child | Exception] = queue.SimpleQueue()
        self._orders.put(answer)
        child = answer.get()
        if isinstance(child, Exception):
            raise child
        return child

    def _start_children(self) -> None:
        _pickling.sweep()
        while True:
            answer = self._orders.get()
            try:
                answer.put(Child())
            except Exception as error:  # whoever waits for this child would wait for ever
                answer.put(error)


POOL = Pool()
