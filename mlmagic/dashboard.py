"""The one widget: a reader of a run's state that tells the page what has changed, ten times a second at most."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anywidget

from mlmagic._curve import Cursor
from mlmagic._run import Run
from mlmagic._view import moving, settled
from mlmagic.state import CurveKey

LOG = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
# Seconds between messages: at most ten in any second, fewer where making them takes more than a share of a processor.
INTERVAL, LONGEST, SHARE = 0.11, 0.3, 0.01


class Dashboard(anywidget.AnyWidget):
    """A live view of one run. Traits stay untouched: the kernel talks in messages, the page asks and stops.

    Parameters
    ----------
    run
        What to show.
    stop_by
        How the run can be stopped from here: "button", or "interrupt" where the kernel is busy waiting for it.
    place
        Tells a waiting run's place in the queue.
    on_stage
        Called when the run has begun and when it has ended, from the thread that sends, after the page was told.
    """

    _esm = STATIC / "index.js"
    _css = STATIC / "index.css"

    def __init__(
        self,
        run: Run,
        *,
        stop_by: str = "button",
        place: Callable[[], dict[str, Any] | None] = lambda: None,
        on_stage: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._run = run
        self._stop_by = stop_by
        self._place = place
        self._on_stage = on_stage
        self._stage = self._stage_now()
        self._sent: dict[str, Any] = {}
        self._known: tuple[int, dict[str, Any]] = (-1, {})
        self._cursors: dict[CurveKey, Cursor] = {}
        self._log_sent = 0
        self._heard = False
        self._made, self._unasked = time.monotonic(), 0.5
        self._wanted = threading.Event()
        self._snapshot = threading.Event()
        self._pump: threading.Thread | None = None
        self._lock = threading.Lock()
        self._context = contextvars.copy_context()
        self.on_msg(self._command)
        _honour_subshells(self)
        run.watch(self._wake)
        self._wake()

    def __repr__(self) -> str:
        return ""  # where no widget can be shown, the saved report below it says everything

    def _command(self, _: Any, content: dict[str, Any], __: Any) -> None:
        # Runs on whichever kernel thread the message came in: it only sets flags.
        if content.get("type") == "stop":
            self._run.stop("the Stop button")
        elif content.get("type") == "ready":
            self._heard = True
            self._snapshot.set()
            self._wake()

    def _wake(self) -> None:
        self._wanted.set()
        with self._lock:
            if self._pump is None:
                # In the context of the cell that made it, whose outputs its messages belong to.
                work = partial(self._context.run, self._pump_changes)
                self._pump = threading.Thread(target=work, name="mlmagic dashboard", daemon=True)
                self._pump.start()

    def _pump_changes(self) -> None:
        """Send what changed until the run has ended; a page that asks later wakes a new pump."""
        pause = threading.Event()
        while True:
            self._wanted.wait()
            self._wanted.clear()
            stage = self._stage_now()
            if self.comm is None:
                return
            began = time.thread_time()
            self._try_to_send()
            spent = time.thread_time() - began
            self._reach(stage)
            if stage == "ended":
                with self._lock:
                    if not self._wanted.is_set():
                        self._pump = None
                        return
            pause.wait(min(LONGEST, max(INTERVAL, spent / SHARE)))

    def _stage_now(self) -> str:
        if self._run.wait(0):
            return "ended"
        return "queued" if self._run.state.began is None else "begun"

    def _reach(self, stage: str) -> None:
        """Tell of a new stage, once."""
        if stage == self._stage:
            return
        self._stage = stage
        try:
            self._on_stage()
        except Exception:
            LOG.exception("the saved report of %s could not be written", self._run.id)

    def _try_to_send(self) -> None:
        """Send; a fault in what is shown ends neither the run nor what is shown next."""
        try:
            self._send_changes(whole=self._snapshot.is_set() or self._speaks_first())
        except Exception:
            LOG.exception("the dashboard of %s missed a change", self._run.id)
            self._snapshot.set()  # what the page has is not known any more

    def _speaks_first(self) -> bool:
        """Whether to send everything unasked: without subshells a waiting cell keeps the page's question from us."""
        age = time.monotonic() - self._made
        due = self._stop_by == "interrupt" and not self._heard and age > self._unasked
        if due:
            self._unasked = 2 * age
        return due

    def _send_changes(self, *, whole: bool) -> None:
        if whole:
            self._snapshot.clear()
            self._sent, self._cursors, self._log_sent = {}, {}, 0
        now = moving(self._run, self._stop_by, self._place()) | self._settled()
        changed = {key: value for key, value in now.items() if key not in self._sent or self._sent[key] != value}
        self._sent = now
        buffers: list[bytes] = []
        content = {
            "type": "snapshot" if whole else "patch",
            "state": changed,
            "log": self._log(whole),
            "curves": self._curves(buffers),
        }
        if whole or changed or content["curves"]:
            self.send(content, buffers)

    def _settled(self) -> dict[str, Any]:
        facts = self._run.state.facts
        if self._known[0] != facts:
            self._known = facts, settled(self._run)
        return self._known[1]

    def _curves(self, buffers: list[bytes]) -> list[dict[str, Any]]:
        changes = []
        for key, curve in list(self._run.state.curves.items()):
            change = curve.since(self._cursors.get(key, Cursor()))
            if not change.x:
                continue
            self._cursors[key] = change.cursor
            buffers.append(change.x.tobytes() + change.y.tobytes())
            changes.append({**key._asdict(), "keep": change.keep, "count": len(change.x), "buffer": len(buffers) - 1})
        return changes

    def _log(self, whole: bool) -> dict[str, Any]:
        state = self._run.state
        first = max(0, self._log_sent - state.log_dropped)
        lines = [line._asdict() for line in state.log[first:]]
        keep = 0 if whole else self._log_sent
        self._log_sent = state.log_dropped + first + len(lines)
        return {"keep": keep, "lines": lines}


def _honour_subshells(widget: anywidget.AnyWidget) -> None:
    """Let a click on Stop through while a cell blocks the kernel's main thread.

    JupyterLab sends a widget's messages over a subshell, but ipykernel 7.4 hands them to the shell that last sent on
    the comm, which is the busy one. The attribute is private upstream, hence the guard; the browser tests click.
    """
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda data, default: default


def subshells() -> bool:
    """Whether this kernel can take a message while a cell blocks."""
    try:
        from ipykernel.kernelapp import IPKernelApp
    except ImportError:
        return False
    kernel = IPKernelApp.instance().kernel if IPKernelApp.initialized() else None
    return bool(getattr(kernel, "_supports_kernel_subshells", False))
