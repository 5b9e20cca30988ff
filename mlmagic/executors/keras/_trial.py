"""A first call of network, loss and metrics on a few rows, so that what does not fit is found before training."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mlmagic._failure import user_frames
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors.keras import _backend
from mlmagic.executors.keras._copy import overrides
from mlmagic.executors.keras._outputs import kind_of, probabilities
from mlmagic.executors.keras._target import numpy_of

if TYPE_CHECKING:
    from mlmagic.data import Task
    from mlmagic.executors._networks._need import Need
    from mlmagic.executors._networks._source import Source


# How Keras tells of an error in a layer, and where in its graph TensorFlow does.
_WRAPPED = re.compile(r"Exception encountered when calling (\S+)\.\n\n\x1b\[1m(.*)\x1b\[0m", re.DOTALL)
_NODES = re.compile(r"^\{\{function_node .*?\}\} | \[Op:.*$| for '\{\{node .*$")

# A slip in the code; of shapes every backend tells in its own way.
_SLIPS = (KeyError, NameError, AttributeError)
_FIT = (
    "Make the network's first and last layer fit the data: rows are (batch, features), images (batch, "
    "height, width, channels), texts (batch, tokens), windows (batch, rows, columns)"
)
_MEND = "Mend the line shown above and run the cell again"


def forward(model: keras.Model, inputs: np.ndarray, wanted: Need, found: Source) -> np.ndarray:
    """Outputs for a few rows; they are what the labels need, and the model can be trained.

    Raises
    ------
    InvalidConfiguration
        If not: the model's shapes do not fit the data.
    """
    outputs = _outputs(model, inputs, found)
    if isinstance(outputs, (list, tuple, dict)):
        raise _unfit(found, f"{found.name} gives {len(outputs)} outputs, but a table has one target")
    values = numpy_of(outputs)
    if wanted.width(values.shape, len(inputs)) is None:
        message = f"{found.name} gives {values.shape} for inputs of shape {inputs.shape}, but {wanted}"
        raise _unfit(found, message)
    if not model.trainable_variables:
        raise InvalidConfiguration([Fault(f"config.{found.key}", f"{found.name} has no parameters to train")])
    return values


def _outputs(model: keras.Model, inputs: np.ndarray, found: Source) -> Any:
    try:
        return model(inputs, training=False)
    except Exception as error:
        message = f"{found.name} fails on inputs of shape {inputs.shape}: {_cause(error)}"
        raise _unfit(found, message, error) from None


def answers(found: Source, task: Task, inputs: np.ndarray) -> np.ndarray:
    """What a network that is there says of inputs: probabilities, shape (n, classes), or numbers, shape (n,).

    Raises
    ------
    InvalidConfiguration
        If it fails: its shapes do not fit the data.
    """
    outputs = _outputs(found.given, inputs, found)
    if isinstance(outputs, (list, tuple, dict)):
        return np.empty((len(inputs), 0))
    values = numpy_of(outputs)
    kind = kind_of(found.given, values, task)
    return values if kind == "numbers" else probabilities(values, kind)


def measure(model: keras.Model, name: str, inputs: np.ndarray, target: np.ndarray, outputs: np.ndarray) -> None:
    """Call loss and metrics once, eagerly: what fails in a compiled step is hard to read.

    Raises
    ------
    InvalidConfiguration
        If one fails, or the loss has no gradient.
    """
    if overrides(model, "train_step") or overrides(model, "compute_loss"):
        return
    x, y, given = (keras.ops.convert_to_tensor(part) for part in (inputs, target, outputs.astype(np.float32)))
    rows = f"a target of shape {tuple(y.shape)} and outputs of shape {tuple(given.shape)}"
    for key, call in (("lossFunction", model.compute_loss), ("metrics", model.compute_metrics)):
        try:
            call(x, y, given)
        except Exception as error:
            what = f"The loss {name}" if key == "lossFunction" else _failing(model, y, given)
            message = f"{what} fails on {rows}: {_cause(error)}"
            raise InvalidConfiguration([Fault(f"config.{key}", message)], stderr=_frames(error)) from None
    model.reset_metrics()
    if not _backend.has_gradient(lambda outputs: model.compute_loss(x, y, outputs), given):
        message = (
            f"The loss {name} has no gradient: it must depend on the outputs, and not by argmax, round or the like"
        )
        raise InvalidConfiguration([Fault("config.lossFunction", message)])


def _failing(model: keras.Model, y: Any, given: Any) -> str:
    """The metric that fails, by its name: Keras calls them all and does not say which one it was."""
    for metric in getattr(model._compile_metrics, "metrics", ()):
        try:
            metric.update_state(y, given)
            metric.result()
        except Exception:
            return f"The metric {metric.name}"
    return "A metric"


def _cause(error: Exception) -> str:
    """What failed and why: Keras wraps it between the name of a call and all its arguments, TensorFlow in its nodes."""
    wrapped = _WRAPPED.match(str(error))
    where, why = (f" in {wrapped[1]}", wrapped[2]) if wrapped else ("", str(error))
    why = why.rpartition("Error encountered:\n\n")[2].split("\n\n")[0]
    return f"{type(error).__name__}{where}: {_NODES.sub('', why)}"


def _unfit(found: Source, message: str, error: Exception | None = None) -> InvalidConfiguration:
    is_slip = isinstance(error, _SLIPS)
    return InvalidConfiguration(
        [Fault(f"config.{found.key}", message)],
        stderr=_frames(error) if error is not None else None,
        solution=_MEND if is_slip else _FIT,
    )


def _frames(error: Exception) -> str:
    return user_frames(error) or "".join(traceback.format_exception_only(error)).split("\n\n")[0]
