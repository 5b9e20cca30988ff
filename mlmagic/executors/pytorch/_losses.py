"""What training makes small, and how a network's outputs are read."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
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

# Of probabilities, so that a logarithm is one; as Keras has it.
_LEAST = 1e-7


def _cross_entropy(outputs: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Of probabilities, shape (n, classes)."""
    return functional.nll_loss(_log(outputs), target, reduction=reduction)


def _binary_cross_entropy(outputs: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Of probabilities, shape (n,); torch's own is refused where half precision is mixed in."""
    each = -(target * _log(outputs) + (1 - target) * _log(1 - _wide(outputs)))
    return each.mean() if reduction == "mean" else each


def _log(shares: Tensor) -> Tensor:
    return torch.log(_wide(shares).clamp(min=_LEAST))


def _wide(shares: Tensor) -> Tensor:
    return shares.float() if shares.dtype in (torch.float16, torch.bfloat16) else shares


CLASSIFICATION: dict[str, Callable[..., Tensor]] = {
    "cross_entropy": functional.cross_entropy,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
}
# The same of a network that ends in a sigmoid or a softmax.
OF_PROBABILITIES: dict[str, Callable[..., Tensor]] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
}
REGRESSION: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
}


@dataclass(frozen=True)
class Objective:
    """A loss of a network's outputs, and what those outputs say.

    Attributes
    ----------
    name
        The loss, as the config names it.
    loss
        Of outputs, shape (n,), (n, 1) or (n, classes), and target, shape (n,).
    logit
        Whether one output stands for two classes.
    squashed
        Whether outputs are probabilities already.
    own
        The function of the notebook, if it is one.
    rows
        The loss of each row, shape (n,), of the same outputs and target; None for a function that only gives the mean.
    summed
        Whether steps go by the sum over the rows, as a function of the notebook gives it, and not by the mean.
    """

    name: str
    loss: Loss
    logit: bool = False
    own: Any = None
    rows: Loss | None = None
    squashed: bool = False
    summed: bool = False

    @property
    def border(self) -> float:
        """Above which the one output that stands for two classes says the second."""
        return 0.5 if self.squashed else 0.0

    def weighted(self, outputs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """The mean loss of rows that count for ``weight`` each, shape (n,)."""
        assert self.rows is not None
        # As torch does with the weights of classes: by their sum, not by how many rows there are.
        return (self.rows(outputs, target) * weight).sum() / weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)

    def of_rows(self) -> Objective:
        """The same of a function that gives the loss of each row, and no mean."""
        each = self.loss
        return replace(self, loss=lambda outputs, target: each(outputs, target).mean(), rows=each)

    def of_sum(self) -> Objective:
        """The same of a function that gives the sum of the rows' losses."""
        total = self.loss
        return replace(self, loss=lambda outputs, target: total(outputs, target) / len(target), summed=True)

    def to(self, device: torch.device) -> None:
        """Move what the loss holds (weights of classes) to the device."""
        if isinstance(self.own, nn.Module):
            self.own.to(device)


def objective(
    wanted: str | Reference | None, task: Task, width: int, scale: Scale | None, *, squashed: bool = False
) -> Objective:
    """Choose the loss for a network with ``width`` outputs a row.

    Parameters
    ----------
    wanted
        The config's ``lossFunction``.
    scale
        The target's scale in training, for a loss of the notebook, which is given the target's own units.
    squashed
        Whether the network gives probabilities already.
    """
    if isinstance(wanted, Reference):
        return _own(wanted, task, width, scale, squashed)
    if task == "regression":
        name = wanted or "mse"
        return Objective(name, _flat(REGRESSION[name]), rows=_flat(_each(REGRESSION[name])))
    losses = OF_PROBABILITIES if squashed else CLASSIFICATION
    if width == 1:
        loss = losses["binary_cross_entropy"]
        rows = _flat(_each(loss))
        return Objective("binary_cross_entropy", _flat(loss), logit=True, rows=rows, squashed=squashed)
    # Two outputs and their softmax are a logit and its sigmoid: binary cross-entropy is the same number there.
    loss = losses["cross_entropy"]
    return Objective(wanted or "cross_entropy", loss, rows=_each(loss), squashed=squashed)


def probabilities(outputs: Tensor, squashed: bool) -> Tensor:
    """Of each class, shape (n, classes); one output stands for the second of two.

    Parameters
    ----------
    squashed
        Whether these are probabilities already.
    """
    if outputs.ndim == 1 or outputs.shape[1] == 1:
        second = outputs.reshape(-1, 1) if squashed else torch.sigmoid(outputs.reshape(-1, 1))
        return torch.cat([1 - second, second], dim=1)
    # Those of 32 bits do not add up to 1.
    return outputs / outputs.sum(dim=1, keepdim=True) if squashed else torch.softmax(outputs, dim=1)


def _each(loss: Callable[..., Tensor]) -> Loss:
    return partial(loss, reduction="none")


def _flat(loss: Loss) -> Loss:
    # (n, 1) against (n,) would broadcast to (n, n).
    return lambda outputs, target: loss(outputs.reshape(-1), target)


def _own(reference: Reference, task: Task, width: int, scale: Scale | None, squashed: bool) -> Objective:
    function: Any = reference.value
    if isinstance(function, type) and issubclass(function, nn.Module):
        function = function()
    elif isinstance(function, nn.Module):
        function = copy.deepcopy(function)  # it may have to move to another device
    own = function
    if function is functional.nll_loss or isinstance(function, nn.NLLLoss):
        # It takes what log-softmax gives, which a second one leaves as it is.
        log = _log if squashed else partial(functional.log_softmax, dim=1)
        function = lambda outputs, target: own(log(outputs), target)  # noqa: E731
    logit = task == "classification" and width == 1
    if scale is not None:
        mean, spread = scale.mean, scale.spread
        return Objective(
            str(reference),
            lambda outputs, target: function(outputs.reshape(-1) * spread + mean, target * spread + mean),
            own=own,
        )
    loss = _flat(function) if logit or task == "regression" else function
    return Objective(str(reference), loss, logit, own=own, squashed=squashed)
