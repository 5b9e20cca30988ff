"""The same run in a thread or in a child process: a transport for events, stop and the outcome, nothing else."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlmagic._capture import captured
from mlmagic._way import making_way
from mlmagic.actions import ACTIONS, Context
from mlmagic.data import Cancelled
from mlmagic.errors import MLError
from mlmagic.events import Emit, Log
from mlmagic.executors import load, resolve

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.executors._base import Outcome, Stop


class Released(Protocol):
    """A fitted model that has arrived, unpacked when it is first asked for."""

    def outcome(self) -> Outcome:
        """What training gave."""
        ...


@dataclass(frozen=True)
class Transport:
    """Where a run's events and outcome go, and where it hears of a stop."""

    emit: Emit
    stop: Stop
    take: Callable[[Released], None]


@dataclass(frozen=True)
class Held:
    """An outcome that never left this process."""

    value: Outcome

    def outcome(self) -> Outcome:
        """The outcome itself."""
        return self.value


def run(config: RunConfig, transport: Transport, note_worker: Callable[[int], None]) -> None:
    """Run a bound config to its end, in this thread or, where only killing stops it, in a child.

    ``note_worker`` is told the process that trains, if it is not this one.
    """
    beside = ACTIONS[config.action].in_thread
    if config.deterministic or not (beside or load(config.executor).placement(config) == "thread"):
        from mlmagic._pool import POOL

        POOL.run(config, transport, note_worker)
    else:
        run_here(config, transport)


def run_here(config: RunConfig, transport: Transport) -> None:
    """Run a bound config in this thread; what it prints goes to its log."""
    context = Context(transport.emit, making_way(transport.stop), lambda outcome: transport.take(Held(outcome)))
    with captured(lambda text, level: transport.emit(Log(text, level))):
        try:
            resolve(ACTIONS[config.action].run)(config, context)
        except Cancelled:  # somebody stopped the run before there was anything to keep
            pass
        except Exception as raised:
            if not isinstance(raised, MLError):
                transport.emit(Log("".join(traceback.format_exception(raised)), "error"))
            raise


def memory(pid: int | None) -> int:
    """Resident memory of the process that trains, in bytes; 0 where it is gone."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
