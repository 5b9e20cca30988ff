"""One file an action or family. The table is of strings: nothing is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.events import Emit

if TYPE_CHECKING:
    from mlmagic.executors._base import Outcome, Stop


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes
    ----------
    run
        The function that does it, as "module:name".
    config
        The model of its keys, as "module:name"; None where the framework's own training keys are taken.
    in_thread
        Whether it always runs beside the notebook, where the model is. Else the executor says where.
    """

    run: str
    config: str | None = None
    in_thread: bool = False


ACTIONS: dict[str, Action] = {
    "train": Action("mlmagic.actions.train:train"),
    "evaluate": Action("mlmagic.actions.evaluate:evaluate", "mlmagic.config._inference:EvaluateConfig", in_thread=True),
    "predict": Action("mlmagic.actions.predict:predict", "mlmagic.config._inference:PredictConfig", in_thread=True),
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
