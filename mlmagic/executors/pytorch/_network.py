"""A network that fits the data, and how its outputs are trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic.config._reference import Reference
from mlmagic.data import Rows, TrainingData
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._networks._inputs import labels, numbers
from mlmagic.executors._networks._need import ROWS, need
from mlmagic.executors._networks._source import Arguments, Source, arguments
from mlmagic.executors.pytorch._inputs import dtype_of, taken
from mlmagic.executors.pytorch._losses import Objective, objective
from mlmagic.executors.pytorch._module import build
from mlmagic.executors.pytorch._resnet import start_trained
from mlmagic.executors.pytorch._squashed import Watch
from mlmagic.executors.pytorch._target import Scale, Units, last_linear
from mlmagic.executors.pytorch._trial import forward, require_rows, tried, width
from mlmagic.executors.pytorch.config import PRETRAINED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.executors.pytorch.config import TorchTrain

_SUM = "gives the sum of its rows' losses: steps go by the sum, and the curves show it divided by the rows"


@dataclass(frozen=True)
class Network:
    """A network on the CPU, tried on a few rows.

    Attributes
    ----------
    arguments
        What its class was called with.
    objective
        Its loss.
    units
        How it comes to speak the target's units; None where it is trained on them as they are.
    remarks
        What the user should know about it.
    trained
        Whether it starts from trained weights; None where nobody asked.
    warning
        Why it does not start from the weights that were asked for.
    """

    module: nn.Module
    arguments: Arguments
    objective: Objective
    units: Units | None
    remarks: tuple[str, ...]
    trained: bool | None
    warning: str | None = None

    @property
    def size(self) -> int:
        """Parameters, frozen ones too."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    def target(self, data: TrainingData, rows: Rows) -> Tensor:
        """What the loss compares outputs with, shape (n,)."""
        if data.classes is not None:
            found = torch.from_numpy(labels(rows.y, data.classes))
            return found.float() if self.objective.logit else found
        y = numbers(rows.y)
        if self.units is not None:
            y = (y - self.units.scale.mean) / self.units.scale.spread
        return torch.tensor(y, dtype=dtype_of(self.module))


def network(
    train: TorchTrain, data: TrainingData, found: Source, inputs: Tensor, known: Mapping[str, Any] | None = None
) -> Network:
    """Build a network and try it on the first rows.

    Parameters
    ----------
    inputs
        Of the first training rows, finished, shape (n, ...); the network is built for rows of this shape.
    known
        What its class may be told of the rows besides.

    Raises
    ------
    InvalidConfiguration
        If it does not fit the data.
    ModelLoadingError
        If it cannot be built.
    """
    count = 1 if data.classes is None else len(data.classes)
    given = arguments(found, train, tuple(inputs.shape[1:]), count, known=known)
    module = build(found, given)
    trained, said = start_trained(module, PRETRAINED[found.name]) if train.pretrained else (None, "")
    sample = inputs[:ROWS]
    with Watch() as seen:
        outputs = forward(module, sample, found)
    wide = width(outputs, sample, need(data, train.loss_function), found)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise InvalidConfiguration([Fault(f"config.{found.key}", f"{found.name} has no parameters to train")])
    scaling = _units(train, data, module, inputs)
    scale, squashed = scaling.scale if scaling else None, data.task == "classification" and seen.squashed(outputs)
    chosen = objective(train.loss_function, data.task, wide, scale, squashed=squashed)
    remarks = (*_remarks(given, found, chosen), *([said] if trained else []))
    made = Network(module, given, chosen, scaling, remarks, trained, said if trained is False else None)
    if isinstance(train.loss_function, Reference):
        first = Rows(data.train.X.iloc[:ROWS], data.train.y.iloc[:ROWS] if data.train.y is not None else None)
        known_loss = tried(chosen, outputs, made.target(data, first))
        told = (f"lossFunction {chosen.name} {_SUM}",) if known_loss.summed else ()
        made = replace(made, objective=known_loss, remarks=(*made.remarks, *told))
        require_rows(made.objective, train)
    if scaling is not None and found.given is not None:
        _take_units(made, data, inputs)
    return made


def _units(train: TorchTrain, data: TrainingData, module: nn.Module, inputs: Tensor) -> Units | None:
    if data.task != "regression" or train.prepare == "none":
        return None
    layer = last_linear(module, taken(inputs[:64], module))
    return None if layer is None else Units(Scale.of(numbers(data.train.y)), layer)


def _take_units(made: Network, data: TrainingData, inputs: Tensor) -> None:
    assert made.units is not None
    kind = dtype_of(made.module)
    first = inputs[:1000]
    y = torch.tensor(numbers(data.train.y)[: len(first)], dtype=kind)
    made.units.take(made.module, taken(first, made.module), y)


def _remarks(given: Arguments, found: Source, chosen: Objective) -> tuple[str, ...]:
    remarks = []
    if given.filled and found.key != "architecture":
        filled = ", ".join(f"{name}={value}" for name, value in given.filled.items())
        remarks.append(f"{found.name} was given {filled}, taken from the data")
    if chosen.squashed:
        last = "sigmoid" if chosen.logit else "softmax"
        remarks.append(f"{found.name} ends in a {last}: what it gives is taken for probabilities")
    return tuple(remarks)
