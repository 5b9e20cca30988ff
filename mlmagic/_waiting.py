"""How long one waits for a run, and what an interrupt means meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlmagic.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic._run import Run

WAIT_STEP = 0.1


class WaitingEnded(KeyboardInterrupt):
    """An interrupt of a cell that waited for a result; the run goes on."""

    def _render_traceback_(self) -> list[str]:
        # As with our errors: where we waited tells a user nothing.
        return [f"KeyboardInterrupt: {self}"]


class Touch:
    """Whether touching a result that is not there yet may wait for it. A shell replaces the rule."""

    allowed: Callable[[], bool] = staticmethod(lambda: True)


def touch(run: Run, *, results: bool) -> None:
    """Wait for the end of a run or, with ``results``, for its model and metrics; an interrupt ends the waiting alone.

    Raises
    ------
    NotReady
        If it is not there yet and waiting would freeze the editor.
    """
    if run.wait(0, results=results):
        return
    if not Touch.allowed():
        raise NotReady(f"{run.id} is {run.state.status}: this result is not there yet")
    try:
        # In steps, so that an interrupt of the cell gets through; it ends the waiting, not the run.
        while not run.wait(WAIT_STEP, results=results):
            pass
    except KeyboardInterrupt:
        raise WaitingEnded(f"you stopped waiting for {run.id}, which goes on; %mlstop stops it") from None


def wait_and_keep(run: Run, timeout: float | None = None) -> bool:
    """Whether a run has ended within ``timeout`` seconds.

    The first interrupt meanwhile stops the run and keeps its best; the second is raised, and the run goes on stopping.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    interrupted = False
    while True:
        try:
            # In steps: an interrupt is only seen between them.
            while not run.wait(_step(deadline)):
                if deadline is not None and time.monotonic() >= deadline:
                    return False
            return True
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            run.stop("interrupt")


def _step(deadline: float | None) -> float:
    return WAIT_STEP if deadline is None else min(WAIT_STEP, max(0.0, deadline - time.monotonic()))
