"""One file an action or family. The table is of strings: nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.events import Emit

if TYPE_CHECKING:
    from mlmagic.executors._base import Outcome, Stop

ACTIONS: dict[str, str] = {
    "train": "mlmagic.actions.train:train",
}


@dataclass(frozen=True)
class Context:
    """What an action is given besides its config, the same in a thread and in a child.

    Attributes
    ----------
    emit
        Takes the events of the run.
    stop
        Set when somebody asked the run to stop and keep its best.
    release
        Hands the fitted model over, as soon as it is there and before pictures and hashes are made.
    """

    emit: Emit
    stop: Stop
    release: Callable[[Outcome], None]
