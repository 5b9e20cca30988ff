"""What an epoch of a network is measured by, and which of it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic._suggest import closest, listed
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.evaluation import METRICS, SPELLINGS, TABLES, Asked
from mlmagic.executors._direction import direction
from mlmagic.executors._history import grows
from mlmagic.executors._watch import Watch, unvalidated, valueless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.config._early_stopping import EarlyStopping
    from mlmagic.data import Task, TrainingData
    from mlmagic.executors._networks.config import NetworkTrain

# What every epoch is measured by, and what sums over its batches give besides: those of the training rows cost nothing.
ALWAYS: Mapping[Task, tuple[str, ...]] = {"classification": ("accuracy",), "regression": ("r2", "rmse", "mae")}
COUNTED: Mapping[Task, tuple[str, ...]] = {
    "classification": ("accuracy", "precision", "recall", "f1"),
    "regression": ("r2", "rmse", "mae", "mse"),
}


# Training rows that are measured where that takes a pass over them: of more the first are.
MOST = 50_000


@dataclass(frozen=True)
class Measures:
    """The metrics of one training.

    Attributes
    ----------
    counted
        Names that are added up batch by batch, for the training rows as well.
    gathered
        What needs all predictions at once, for the training rows as well.
    watched
        The column whose best epoch is kept, and whether more of it is better; None where the last epoch it is.
    reason
        Why that column has no value for the validation rows; None where nothing is known against it.
    """

    counted: tuple[str, ...]
    gathered: tuple[Asked, ...] = ()
    watched: tuple[str, bool] | None = None
    reason: str | None = None

    @classmethod
    def of(cls, train: NetworkTrain, data: TrainingData, *, own: bool = False) -> Measures:
        """The metrics that a config asks for.

        Parameters
        ----------
        own
            Whether the network may measure more by itself, so that early stopping may watch what nobody knows yet.

        Raises
        ------
        InvalidConfiguration
            If early stopping watches what is not measured.
        """
        asked: dict[str, Asked] = {item if isinstance(item, str) else item[0]: item for item in train.asked}
        early = train.early_stopping
        watched = ("val_loss", False) if data.validation else None
        if early is not None:
            part, name = _split(early.metric)
            known = name if name in asked else SPELLINGS.get(name, name)
            if known in METRICS and METRICS[known].task == data.task and known not in TABLES:
                asked.setdefault(known, known)
            watched = f"{part}_{known}", _higher(early, known, asked)
            if not own or (part == "val" and not data.validation):
                _require(early, part, known, data, asked)
        names = [*ALWAYS[data.task], *(name for name in asked if name in COUNTED[data.task])]
        counted = tuple(dict.fromkeys(names))
        gathered = tuple(asked[name] for name in asked if name not in (*counted, *TABLES))  # no curve
        return cls(counted, gathered, watched, _valueless(watched, data))

    def watch(self, early: EarlyStopping | None) -> Watch | None:
        """What follows the column that decides, for one training."""
        if self.watched is None:
            return None
        if early is None:
            return Watch(*self.watched)
        return Watch(*self.watched, early.patience, early.min_delta, self.reason)


def _valueless(watched: tuple[str, bool] | None, data: TrainingData) -> str | None:
    rows = data.validation
    if watched is None or rows is None or rows.y is None or data.classes is None:
        return None
    part, name = _split(watched[0])
    return valueless(name, rows.y.to_numpy(), data.classes) if part == "val" else None


def _split(metric: str) -> tuple[str, str]:
    part, _, name = metric.partition("_")
    return part, name


def _higher(early: EarlyStopping, name: str, asked: Mapping[str, Asked]) -> bool:
    """Whether more of what early stopping watches is better."""
    higher = direction(early, asked.get(name))
    return grows(name) if higher is None else higher


def _require(early: EarlyStopping, part: str, name: str, data: TrainingData, asked: Mapping[str, Asked]) -> None:
    counted = COUNTED[data.task]
    names = ["loss", *(name for name in dict.fromkeys([*counted, *asked]) if name not in TABLES)]
    parts = ["val", "train"] if data.validation else ["train"]
    if part in parts and name in names:
        return
    known = [f"{part}_{name}" for part in parts for name in names]
    why = "" if data.validation else f"; {unvalidated(data)}"
    more = f", or any other metric after {' or '.join(f'{part}_' for part in parts)}"
    message = f"earlyStopping.metric must be {listed(known)}{more}, got {early.metric!r}{why}."
    suggestion = closest(early.metric, known)
    raise InvalidConfiguration(
        [Fault("config.earlyStopping.metric", message, value=early.metric, suggestion=suggestion)]
    )
