"""What training makes small, and how a network's outputs are read."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlmagic.config._reference import Reference

if TYPE_CHECKING:
    from mlmagic.data import Task
    from mlmagic.executors.pytorch._target import Scale

Loss = Callable[[Tensor, Tensor], Tensor]

CLASSIFICATION: dict[str, Callable[..., Tensor]] = {
    "cross_entropy": functional.cross_entropy,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
}
REGRESSION: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
}


@dataclass(frozen=True)
class Objective:
    """A loss of raw outputs, and what those outputs say.

    Attributes
    ----------
    name
        The loss, as the config names it.
    loss
        Of outputs, shape (n,), (n, 1) or (n, classes), and target, shape (n,).
    logit
        Whether one output stands for two classes.
    own
        The function of the notebook, if it is one.
    rows
        The loss of each row, shape (n,), of the same outputs and target; None for a function that only gives the mean.
    """

    name: str
    loss: Loss
    logit: bool = False
    own: Any = None
    rows: Loss | None = None

    def weighted(self, outputs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """The mean loss of rows that count for ``weight`` each, shape (n,)."""
        assert self.rows is not None
        # As torch does with the weights of classes: by their sum, not by how many rows there are.
        return (self.rows(outputs, target) * weight).sum() / weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)

    def to(self, device: torch.device) -> None:
        """Move what the loss holds (weights of classes) to the device."""
        if isinstance(self.own, nn.Module):
            self.own.to(device)


def objective(wanted: str | Reference | None, task: Task, width: int, scale: Scale | None) -> Objective:
    """Choose the loss for a network with ``width`` outputs a row.

    Parameters
    ----------
    wanted
        The config's ``lossFunction``.
    scale
        The target's scale in training, for a loss of the notebook, which is given the target's own units.
    """
    if isinstance(wanted, Reference):
        return _own(wanted, task, width, scale)
    if task == "regression":
        name = wanted or "mse"
        return Objective(name, _flat(REGRESSION[name]), rows=_flat(_each(REGRESSION[name])))
    if width == 1:
        loss = CLASSIFICATION["binary_cross_entropy"]
        return Objective("binary_cross_entropy", _flat(loss), logit=True, rows=_flat(_each(loss)))
    # Two outputs and their softmax are a logit and its sigmoid: binary cross-entropy is the same number there.
    loss = CLASSIFICATION["cross_entropy"]
    return Objective(wanted or "cross_entropy", loss, rows=_each(loss))


def probabilities(outputs: Tensor) -> Tensor:
    """Of each class, shape (n, classes); one output stands for the second of two."""
    if outputs.ndim == 1 or outputs.shape[1] == 1:
        second = torch.sigmoid(outputs.reshape(-1, 1))
        return torch.cat([1 - second, second], dim=1)
    return torch.softmax(outputs, dim=1)


def _each(loss: Callable[..., Tensor]) -> Loss:
    return partial(loss, reduction="none")


def _flat(loss: Loss) -> Loss:
    # (n, 1) against (n,) would broadcast to (n, n).
    return lambda outputs, target: loss(outputs.reshape(-1), target)


def _own(reference: Reference, task: Task, width: int, scale: Scale | None) -> Objective:
    function: Any = reference.value
    if isinstance(function, type) and issubclass(function, nn.Module):
        function = function()
    elif isinstance(function, nn.Module):
        function = copy.deepcopy(function)  # it may have to move to another device
    own = function
    if function is functional.nll_loss or isinstance(function, nn.NLLLoss):
        # It takes what log-softmax gives, which a second one leaves as it is.
        function = lambda outputs, target: own(functional.log_softmax(outputs, dim=1), target)  # noqa: E731
    logit = task == "classification" and width == 1
    if scale is not None:
        mean, spread = scale.mean, scale.spread
        return Objective(
            str(reference),
            lambda outputs, target: function(outputs.reshape(-1) * spread + mean, target * spread + mean),
            own=own,
        )
    return Objective(str(reference), _flat(function) if logit or task == "regression" else function, logit, own=own)
