"""A first forward pass on a few rows, so that wrong shapes are found before training."""

from __future__ import annotations

import math
import traceback
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic._failure import user_frames
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._networks._need import ROWS as ROWS
from mlmagic.executors.pytorch._inputs import taken

if TYPE_CHECKING:
    from mlmagic.executors._networks._need import Need
    from mlmagic.executors._networks._source import Source
    from mlmagic.executors.pytorch._losses import Objective
    from mlmagic.executors.pytorch.config import TorchTrain

# What torch says of shapes; anything else is a slip in the code.
_OF_SHAPES = (RuntimeError, ValueError, IndexError)
_FIT = (
    "Make the network's first and last layer fit the data: rows are (batch, features), images (batch, "
    "channels, height, width), texts (batch, tokens), windows (batch, rows, columns)"
)
_MEND = "Mend the line shown above and run the cell again"


def forward(module: nn.Module, inputs: Tensor, found: Source) -> Tensor:
    """Outputs of a network for a few rows, without a trace in it.

    Raises
    ------
    InvalidConfiguration
        If it fails: its shapes do not fit the data.
    """
    module.eval()
    try:
        with torch.no_grad():
            outputs: Tensor = module(taken(inputs, module))
    except Exception as error:
        message = f"{found.name} fails on inputs of shape {shape(inputs)}: {type(error).__name__}: {error}"
        raise _unfit(found, message, error) from None
    return outputs


def width(outputs: Any, inputs: Tensor, wanted: Need, found: Source) -> int:
    """Outputs a row.

    Raises
    ------
    InvalidConfiguration
        If they are not what the labels need.
    """
    if isinstance(outputs, Tensor):
        wide = wanted.width(tuple(outputs.shape), len(inputs))
        if wide is not None:
            return wide
    seen = shape(outputs) if isinstance(outputs, Tensor) else f"no tensor but {type(outputs).__name__}"
    message = f"{found.name} gives {seen} for inputs of shape {shape(inputs)}, but {wanted}"
    raise _unfit(found, message)


def tried(objective: Objective, outputs: Tensor, target: Tensor) -> Objective:
    """Call a loss of the notebook: the objective that knows whether it gives a mean, a sum or a loss for each row.

    Raises
    ------
    InvalidConfiguration
        If it fails, or gives neither, or what does not depend on the outputs.
    """
    rows = f"outputs of shape {shape(outputs)} and a target of shape {shape(target)}"
    try:
        loss = objective.loss(outputs.clone().requires_grad_(), target)
    except Exception as error:
        message = f"lossFunction {objective.name} fails on {rows}: {type(error).__name__}: {error}"
        raise InvalidConfiguration([Fault("config.lossFunction", message)], stderr=_frames(error)) from None
    if isinstance(loss, Tensor) and loss.requires_grad:
        if loss.shape == target.shape:
            return objective.of_rows()
        if loss.numel() == 1:
            return objective.of_sum() if _adds_up(objective, loss, outputs, target) else objective
    given = f"shape {shape(loss)}" if isinstance(loss, Tensor) else type(loss).__name__
    message = (
        f"lossFunction {objective.name} must give one number, or one a row in the target's shape {shape(target)}, as a "
        f"tensor that depends on the outputs; got {given}"
    )
    raise InvalidConfiguration([Fault("config.lossFunction", message)])


def _adds_up(objective: Objective, loss: Tensor, outputs: Tensor, target: Tensor) -> bool:
    """Whether the loss of all rows is that of some and that of the others, as it is with reduction="sum"."""
    half = len(target) // 2
    if not half or not loss.item():
        return False
    try:
        parts = [objective.loss(outputs[rows], target[rows]).item() for rows in (slice(half), slice(half, None))]
    except Exception:  # a loss of the user's own may need more rows
        return False
    return math.isclose(loss.item(), sum(parts), rel_tol=1e-4)


def require_rows(objective: Objective, train: TorchTrain) -> None:
    """A loss of the notebook can count rows differently, where that is asked for.

    Raises
    ------
    InvalidConfiguration
        If it gives nothing but their mean.
    """
    weights = {"classWeight": train.class_weight, "sampleWeight": train.sample_weight}
    asked = {key: str(value) for key, value in weights.items() if value is not None}
    if objective.rows is None and asked:
        message = (
            f"lossFunction {objective.name} gives one number for all rows, which cannot count differently in it: "
            "let it give one a row, as torch's losses do with reduction='none'"
        )
        raise InvalidConfiguration([Fault(f"config.{key}", message, value=value) for key, value in asked.items()])


def are_probabilities(outputs: Tensor) -> bool:
    """Whether each row sums to 1, as after a softmax."""
    return outputs.ndim == 2 and bool((outputs >= 0).all() and ((outputs.sum(dim=1) - 1).abs() < 1e-4).all())


def shape(tensor: Tensor) -> str:
    """A tensor's shape as people write it."""
    return str(tuple(tensor.shape))


def _unfit(found: Source, message: str, error: Exception | None = None) -> InvalidConfiguration:
    is_slip = error is not None and not isinstance(error, _OF_SHAPES)
    return InvalidConfiguration(
        [Fault(f"config.{found.key}", message)],
        stderr=_frames(error) if error is not None else None,
        solution=_MEND if is_slip else _FIT,
    )


def _frames(error: Exception) -> str:
    return user_frames(error) or "".join(traceback.format_exception_only(error))
