"""What a network's outputs say: logits, probabilities or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np

if TYPE_CHECKING:
    from mlmagic.data import Task

Kind = Literal["logits", "probabilities", "numbers"]
_SQUASHING = {"sigmoid", "softmax"}


def kind_of(model: keras.Model, outputs: np.ndarray, task: Task) -> Kind:
    """Tell what the outputs are: by the last layer, else by what a compiled loss was told, else by their values.

    Parameters
    ----------
    outputs
        Those of some rows, shape (n,), (n, 1) or (n, classes).
    """
    if task == "regression":
        return "numbers"
    last = _last_activation(model)
    if last is not None:
        return "probabilities" if last in _SQUASHING else "logits"
    told = _told(model.loss) if model.compiled else None
    if told is not None:
        return "logits" if told else "probabilities"
    return "probabilities" if _are_probabilities(outputs) else "logits"


def probabilities(outputs: np.ndarray, kind: Kind) -> np.ndarray:
    """Of each class, shape (n, classes), float64; one output stands for the second of two."""
    from scipy.special import expit, softmax

    values = outputs.astype(np.float64)
    if values.ndim == 1 or values.shape[1] == 1:
        second = values.reshape(-1) if kind == "probabilities" else expit(values.reshape(-1))
        return np.stack([1 - second, second], axis=1)
    if kind == "probabilities":
        shares: np.ndarray = values / values.sum(axis=1, keepdims=True)  # 32 bits do not add up to 1
        return shares
    found: np.ndarray = softmax(values, axis=1)
    return found


def _told(loss: Any) -> bool | None:
    """Whether a loss takes logits; None where it does not say."""
    if isinstance(loss, str):
        return False if loss.endswith("crossentropy") else None
    told: bool | None = getattr(loss, "from_logits", getattr(loss, "_fn_kwargs", {}).get("from_logits"))
    return told


def _last_activation(model: keras.Model) -> str | None:
    """The name of the function after which nothing follows; None where the layers do not tell."""
    layer: Any = model
    while isinstance(layer, (keras.Sequential, keras.Model)):
        if not (isinstance(layer, keras.Sequential) or hasattr(layer, "operations")) or not layer.layers:
            return None
        layer = layer.layers[-1] if isinstance(layer, keras.Sequential) else _producer(layer)
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    activation = getattr(layer, "activation", None)
    return getattr(activation, "__name__", None)


def _producer(model: Any) -> Any:
    """The layer whose output is the functional model's."""
    history = getattr(model.outputs[0], "_keras_history", None)
    return history.operation if history is not None else None


def _are_probabilities(outputs: np.ndarray) -> bool:
    inside = bool(((outputs >= 0) & (outputs <= 1)).all())
    if outputs.ndim == 1 or outputs.shape[1] == 1:
        return inside
    return inside and bool((np.abs(outputs.sum(axis=1) - 1) < 1e-3).all())
