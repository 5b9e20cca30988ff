"""A run's progress as lines of text, for a terminal, the shell and logs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from mlmagic._html import text
from mlmagic._run import Run
from mlmagic._summary import summary
from mlmagic._units import duration
from mlmagic.state import RunState

EVERY = 1.0


@contextmanager
def tell(run: Run, stream: TextIO) -> Iterator[None]:
    """Print how a run goes, a line a second at most, while the block waits for it, and its report at the end."""
    ended = threading.Event()
    teller = threading.Thread(target=_tell, args=(run, stream, ended), name="mlmagic text", daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
        if run.wait(0):
            print(text(summary(run)), file=stream, flush=True)


def _tell(run: Run, stream: TextIO, ended: threading.Event) -> None:
    shown_log, last = 0, ""
    while True:
        over = ended.wait(EVERY)
        state = run.state
        for line in state.log[max(0, shown_log - state.log_dropped) :]:
            print(f"  {line.text}", file=stream)
        shown_log = state.log_dropped + len(state.log)
        if over:
            return
        now = progress(run)
        if now != last:
            print(now, file=stream, flush=True)
        last = now


def progress(run: Run) -> str:
    """One line: what it does, how far it is, the latest numbers, what is left."""
    state = run.state
    parts = [f"{run.name}: {state.phase}"]
    if far := how_far(state):
        parts.append(far)
    if state.rows:
        unit = next(iter(state.rows[-1]))
        parts += [f"{name} {value:.4g}" for name, value in state.rows[-1].items() if name != unit][:4]
    if state.remaining is not None:
        parts.append(f"{duration(state.remaining)} left")
    return " · ".join(parts)


def how_far(state: RunState) -> str:
    """How far a run is in its phase, such as "epoch 3 of 20"; empty where it counts nothing."""
    unit, total = state.plan.unit, state.plan.total
    if unit is None or state.finished:
        return ""
    return f"{unit} {state.done:.0f}" + (f" of {total}" if total else "")
