"""What is measured while a network trains, computed where its outputs are.

The names and definitions are those of ``mlmagic.evaluation.named``: precision, recall and F1 are of the second of two
classes, and weighted by how many rows each class has where there are more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
from keras import ops

from mlmagic.config._reference import Reference
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._networks._scale import Scale
from mlmagic.executors.keras._outputs import Kind


@dataclass(frozen=True)
class Reading:
    """How outputs and target are read.

    Attributes
    ----------
    kind
        What the outputs are.
    classes
        How many labels there are.
    one_hot
        Whether the target has a column a class.
    scale
        The target's scale, in which errors are taken: from the target where ``scaled``, else back into it.
    scaled
        Whether network and target are in that scale already.
    """

    kind: Kind
    classes: int
    one_hot: bool
    scale: Scale
    scaled: bool

    def truth(self, y: Any) -> Any:
        """The classes' positions, shape (n,)."""
        return ops.argmax(y, axis=-1) if self.one_hot else ops.cast(ops.reshape(y, (-1,)), "int32")

    def chosen(self, outputs: Any) -> Any:
        """The most probable class of each row, shape (n,)."""
        if len(outputs.shape) > 1 and outputs.shape[-1] > 1:
            return ops.cast(ops.argmax(outputs, axis=-1), "int32")
        border = 0.5 if self.kind == "probabilities" else 0.0
        return ops.cast(ops.reshape(outputs, (-1,)) > border, "int32")

    def standard(self, values: Any) -> Any:
        """Numbers in units of the target's standard deviation, shape (n,): sums of those lose no digits."""
        flat = ops.reshape(ops.cast(values, "float32"), (-1,))
        return flat if self.scaled else (flat - self.scale.mean) / self.scale.spread


class Accuracy(keras.metrics.Mean):
    """The share of rows whose class is the most probable one."""

    _direction = "up"  # which a callback that monitors it asks for

    def __init__(self, reading: Reading, name: str = "accuracy") -> None:
        super().__init__(name=name)
        self._reading = reading

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch; all rows count alike."""
        right = ops.cast(self._reading.truth(y_true), "int32") == self._reading.chosen(y_pred)
        super().update_state(ops.cast(right, "float32"))


class Confused(keras.metrics.Metric):
    """A score of the confusion matrix: "precision", "recall" or "f1"."""

    _direction = "up"

    def __init__(self, reading: Reading, name: str) -> None:
        super().__init__(name=name)
        self._reading = reading
        self._counts = self.add_weight(shape=(reading.classes,) * 2, initializer="zeros", name="counts")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch; all rows count alike."""
        count = self._reading.classes
        truth = ops.one_hot(self._reading.truth(y_true), count)
        chosen = ops.one_hot(self._reading.chosen(y_pred), count)
        self._counts.assign_add(ops.matmul(ops.transpose(truth), chosen))

    def result(self) -> Any:
        """The score of all rows so far."""
        right, truth = ops.diagonal(self._counts), ops.sum(self._counts, axis=1)
        chosen = ops.sum(self._counts, axis=0)
        base = {"precision": chosen, "recall": truth, "f1": (truth + chosen) / 2}[self.name]
        scores = right / ops.maximum(base, 0.5)
        if self._reading.classes == 2:
            return scores[1]
        return ops.sum(scores * truth) / ops.maximum(ops.sum(truth), 1.0)


class Error(keras.metrics.Mean):
    """A mean of errors: "mae", "mse" or "rmse", in the target's own units."""

    _direction = "down"

    def __init__(self, reading: Reading, name: str) -> None:
        super().__init__(name=name)
        self._reading = reading

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch; all rows count alike."""
        error = self._reading.standard(y_pred) - self._reading.standard(y_true)
        super().update_state(ops.abs(error) if self.name == "mae" else ops.square(error))

    def result(self) -> Any:
        """The mean error of all rows so far."""
        mean, spread = super().result(), self._reading.scale.spread
        return mean * spread**2 if self.name == "mse" else (ops.sqrt(mean) if self.name == "rmse" else mean) * spread


class R2(keras.metrics.Metric):
    """The coefficient of determination; NaN where all true values are equal."""

    _direction = "up"

    def __init__(self, reading: Reading, name: str = "r2") -> None:
        super().__init__(name=name)
        self._reading = reading
        self._sums = self.add_weight(shape=(4,), initializer="zeros", name="sums")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch; all rows count alike."""
        y = self._reading.standard(y_true)
        error = self._reading.standard(y_pred) - y
        sums = [ops.sum(ops.ones_like(y)), ops.sum(ops.square(error)), ops.sum(y), ops.sum(ops.square(y))]
        self._sums.assign_add(ops.stack(sums))

    def result(self) -> Any:
        """1 - squared error / variation, of all rows so far."""
        count, squared, total, square = (self._sums[place] for place in range(4))
        variation = square - ops.square(total) / ops.maximum(count, 1.0)
        return ops.where(variation > 1e-6 * square, 1 - squared / variation, float("nan"))


class InUnits(keras.metrics.Metric):
    """A metric of the notebook, given predictions and target in the target's own units."""

    def __init__(self, own: keras.metrics.Metric, scale: Scale) -> None:
        super().__init__(name=own.name)
        if hasattr(own, "_direction"):
            self._direction = own._direction
        self._own = own
        self._scale = scale

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Pass a batch on."""
        scale = self._scale
        self._own.update_state(y_true * scale.spread + scale.mean, y_pred * scale.spread + scale.mean, sample_weight)

    def result(self) -> Any:
        """The metric's own."""
        return self._own.result()

    def reset_state(self) -> None:
        """Begin anew."""
        self._own.reset_state()


_COUNTED: dict[str, Callable[[Reading], Any]] = {
    "accuracy": Accuracy,
    "precision": partial(Confused, name="precision"),
    "recall": partial(Confused, name="recall"),
    "f1": partial(Confused, name="f1"),
    "r2": R2,
    "rmse": partial(Error, name="rmse"),
    "mae": partial(Error, name="mae"),
    "mse": partial(Error, name="mse"),
}


def metrics(counted: Sequence[str], own: Sequence[Reference], reading: Reading) -> list[Any]:
    """Make them new for one training; those of the notebook are copies."""
    return [*(_COUNTED[name](reading) for name in counted), *(_own(reference, reading) for reference in own)]


def _own(reference: Reference, reading: Reading) -> Any:
    value: Any = reference.value
    if isinstance(value, keras.metrics.Metric) or (isinstance(value, type) and issubclass(value, keras.metrics.Metric)):
        metric = _made_anew(value, reference)
    elif callable(value) and not isinstance(value, type):  # keras.metrics.binary_accuracy and the like
        metric = keras.metrics.MeanMetricWrapper(value, name=getattr(value, "__name__", reference.name))
    else:
        message = f"metrics takes a keras metric or a function; {reference} is of type {type(value).__name__}"
        raise InvalidConfiguration([Fault("config.metrics", message, value=str(reference))])
    return InUnits(metric, reading.scale) if reading.scaled and reading.kind == "numbers" else metric


def _made_anew(value: Any, reference: Reference) -> keras.metrics.Metric:
    """A new metric of a class, or like one that is there."""
    try:
        made: keras.metrics.Metric = value() if isinstance(value, type) else value.from_config(value.get_config())
    except Exception as error:  # code of the user's own
        what = f"{reference} cannot be made anew for this training: {type(error).__name__}: {error}"
        raise InvalidConfiguration(
            [Fault("config.metrics", what, value=str(reference))],
            solution="Give the metric's class a get_config() that has all that its __init__ takes, or write a function",
        ) from None
    return made
