"""What training makes small, and how the target is given to it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np

from mlmagic.config._reference import Reference
from mlmagic.executors.keras._copy import overrides

if TYPE_CHECKING:
    from mlmagic.data import Task
    from mlmagic.executors.keras._outputs import Kind
    from mlmagic.executors.keras._target import Scale

Target = Literal["labels", "one-hot", "numbers"]

_CLASSIFYING: dict[str, Callable[..., Any]] = {
    "cross_entropy": keras.losses.SparseCategoricalCrossentropy,
    "binary_cross_entropy": keras.losses.BinaryCrossentropy,
}
_MEASURING: dict[str, Callable[..., Any]] = {
    "mse": keras.losses.MeanSquaredError,
    "mae": keras.losses.MeanAbsoluteError,
    "huber": keras.losses.Huber,
}
# What a function of Keras is called as a class.
_CLASSES = {name.lower(): kind for name, kind in vars(keras.losses).items() if inspect.isclass(kind)}


@dataclass(frozen=True)
class Objective:
    """A loss, as Keras compiles it.

    Attributes
    ----------
    name
        The loss, as a person would name it.
    loss
        Of target and outputs, in training.
    kept
        The same for the finished model, which speaks the target's own units.
    target
        How the target is given to it.
    """

    name: str
    loss: Any
    kept: Any
    target: Target

    def encode(self, positions: np.ndarray, classes: int, rank: int) -> np.ndarray:
        """The target as the loss takes it: of the outputs' rank, except for labels beside several outputs.

        Parameters
        ----------
        positions
            Of labels, or numbers, shape (n,).
        rank
            Of the outputs.
        """
        if self.target == "labels":
            return positions
        if self.target == "one-hot":
            columns: np.ndarray = np.eye(classes, dtype=np.float32)[positions]
            return columns
        numbers = positions.astype(np.float32)
        return numbers if rank == 1 else numbers.reshape(-1, 1)


def objective(
    wanted: str | Reference | None, own: Any, task: Task, width: int, kind: Kind, scale: Scale | None
) -> Objective:
    """Choose the loss for a network with ``width`` outputs a row.

    Parameters
    ----------
    wanted
        The config's ``lossFunction``.
    own
        What the model was compiled with, where the config names none; None for none.
    scale
        The target's scale in training, for a loss of the notebook, which is given the target's own units.
    """
    if isinstance(wanted, Reference):
        return _of_notebook(wanted, width, task, kind, scale)
    if wanted is None and own is not None:
        return Objective(name_of(own), own, own, _target(own, width, task))
    if task == "regression":
        name = wanted or "mse"
        return _named(name, _MEASURING[name](), "numbers")
    if width == 1:
        name = "binary_cross_entropy"
        return _named(name, _CLASSIFYING[name](from_logits=kind == "logits"), "numbers")
    # Two outputs and their softmax are a logit and its sigmoid: binary cross-entropy is the same number there.
    loss = _CLASSIFYING["cross_entropy"](from_logits=kind == "logits")
    return _named(wanted or "cross_entropy", loss, "labels")


def divided_by_rows(model: keras.Model) -> bool:
    """Whether the loss that training reports is a sum by the number of rows, whatever these count for."""
    usual = "sum_over_batch_size"
    return (
        model.loss is not None
        and not overrides(model, "train_step")
        and (getattr(model.loss, "reduction", usual) in (usual, "mean"))
    )


def name_of(loss: Any) -> str:
    """A loss's name, as Keras writes it."""
    if isinstance(loss, str):
        return loss
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None)
    return str(name or type(loss).__name__)


def _named(name: str, loss: Any, target: Target) -> Objective:
    return Objective(name, loss, loss, target)


def _of_notebook(reference: Reference, width: int, task: Task, kind: Kind, scale: Scale | None) -> Objective:
    value: Any = reference.value
    loss: Any = value() if inspect.isclass(value) else value
    target = _target(loss, width, task)
    if kind == "logits":
        loss = _of_logits(loss)
    if scale is None:
        return Objective(str(reference), loss, loss, target)
    if isinstance(loss, keras.losses.Loss):
        return Objective(str(reference), InUnits(loss, scale), loss, target)
    mean, spread = scale.mean, scale.spread

    def in_units(y_true: Any, y_pred: Any) -> Any:
        return loss(y_true * spread + mean, y_pred * spread + mean)

    return Objective(str(reference), in_units, loss, target)


class InUnits(keras.losses.Loss):
    """A loss of the notebook, given predictions and target in the target's own units; rows count as they do in it."""

    def __init__(self, own: keras.losses.Loss, scale: Scale) -> None:
        super().__init__(name=own.name, reduction=own.reduction)
        self._own = own
        self._scale = scale

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row."""
        scale = self._scale
        return self._own.call(y_true * scale.spread + scale.mean, y_pred * scale.spread + scale.mean)


def _of_logits(loss: Any) -> Any:
    """The same loss for logits, if it is one of Keras that takes probabilities, as they all do by default."""
    if inspect.isfunction(loss) and str(loss.__module__).startswith("keras."):
        same = _CLASSES.get(loss.__name__.replace("_", ""))
        loss = loss if same is None or "from_logits" not in inspect.signature(same).parameters else same()
    if isinstance(loss, keras.losses.Loss) and loss.get_config().get("from_logits") is False:
        return type(loss).from_config({**loss.get_config(), "from_logits": True})
    return loss


def _target(loss: Any, width: int, task: Task) -> Target:
    """Labels for what is sparse and for functions of the user's own, a column a class for all else of Keras."""
    if task == "regression" or width == 1:
        return "numbers"
    kind = loss if inspect.isfunction(loss) else type(loss)
    ours = isinstance(loss, str) or str(kind.__module__).startswith("keras.")
    return "one-hot" if ours and "sparse" not in name_of(loss).lower() else "labels"
