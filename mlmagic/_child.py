"""The child process: runs one job at a time for its parent and dies with it.

Started as ``python -m mlmagic._child FD``; ``FD`` is one end of a socket pair. The notebook's interrupt does not reach
it: the parent says stop, or ends it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from mlmagic import _pickling
from mlmagic._failure import as_error
from mlmagic._own_modules import OwnModules
from mlmagic._transport import Transport, run_here
from mlmagic.executors import load

if TYPE_CHECKING:
    from mlmagic._transport import Released

PR_SET_PDEATHSIG = 1


class ToldStop:
    """The parent's stop, as an executor sees it; says back once that it was seen."""

    def __init__(self, seen: Any) -> None:
        self._event = threading.Event()
        self._seen = seen
        self._said = False

    def set(self) -> None:
        """Ask the run to stop."""
        self._event.set()

    def is_set(self) -> bool:
        """Whether the parent asked."""
        if not self._event.is_set():
            return False
        if not self._said:
            self._said = True
            self._seen()
        return True


class Session:
    """The child's side of the socket: a reader thread hears stops while the main thread trains."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._modules = OwnModules()

    def serve(self) -> None:
        """Run what the parent sends, until it hangs up."""
        threading.Thread(target=self._hear, daemon=True).start()
        while True:
            self._orders.get()()

    def _work(self, parcel: _pickling.Parcel, stop: ToldStop) -> None:
        began = time.time_ns()
        failure = self._run(parcel, stop)
        self._modules.look(began)
        self._say("imported", self._modules.sources)
        self._say("ended", failure)

    def _run(self, parcel: _pickling.Parcel, stop: ToldStop) -> dict[str, Any] | None:
        try:
            config = _pickling.unpack(parcel)
            _pickling.discard(parcel)  # now: the parent may be killed, and the file is shared memory
            run_here(config, Transport(lambda event: self._say("event", event), stop, self._hand_over))
        except BaseException as raised:
            return as_error(raised).to_dict()
        return None

    def _hand_over(self, released: Released) -> None:
        self._say("outcome", _pickling.pack_whole(released.outcome()))

    def _say(self, kind: str, content: Any = None) -> None:
        with self._sending:
            self._connection.send((kind, content))

    def _hear(self) -> None:
        stop = ToldStop(lambda: self._say("stopping"))
        while True:
            try:
                kind, content = self._connection.recv()
            except (EOFError, OSError):
                os._exit(0)  # the parent is gone
            if kind == "place":
                _move(*content)
            elif kind == "warm":
                self._orders.put(partial(_warm, content))
            elif kind == "run":
                stop = ToldStop(lambda: self._say("stopping"))
                self._orders.put(partial(self._work, content, stop))
            else:
                stop.set()


def _warm(framework: str) -> None:
    with contextlib.suppress(Exception):  # the run that needs it will tell
        load(framework).versions()


def _move(directory: str, path: list[str]) -> None:
    """Look for files and modules where the parent does now."""
    sys.path[:] = path
    with contextlib.suppress(OSError):
        os.chdir(directory)


def main() -> None:
    """Serve the parent at the other end of the given socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    Session(Connection(int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
