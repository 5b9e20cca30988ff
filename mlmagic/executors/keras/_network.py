"""A network that fits the data, compiled as it is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mlmagic.data import Rows, TrainingData
from mlmagic.executors._networks._inputs import labels, numbers
from mlmagic.executors._networks._measures import Measures
from mlmagic.executors._networks._need import ROWS, need
from mlmagic.executors._networks._source import Arguments, Source, arguments
from mlmagic.executors.keras import _trial
from mlmagic.executors.keras._copy import overrides
from mlmagic.executors.keras._metrics import Reading, metrics
from mlmagic.executors.keras._model import build
from mlmagic.executors.keras._objective import Objective, objective
from mlmagic.executors.keras._optimisers import optimiser
from mlmagic.executors.keras._outputs import Kind, kind_of
from mlmagic.executors.keras._target import Scale, knows_units, last_linear

if TYPE_CHECKING:
    from mlmagic.executors.keras.config import KerasTrain


@dataclass(frozen=True)
class Network:
    """A network, tried on a few rows and compiled.

    Attributes
    ----------
    arguments
        What its class was called with.
    objective
        Its loss.
    kind
        What its outputs are.
    rank
        Of its outputs.
    scale
        The target's scale in training; None where it is trained on the target as it is.
    last
        The layer that holds the scale in the end.
    own_metrics
        What the model was compiled with.
    remarks
        What the user should know about it.
    """

    model: keras.Model
    arguments: Arguments
    objective: Objective
    kind: Kind
    rank: int
    scale: Scale | None
    last: Any
    own_metrics: tuple[Any, ...]
    remarks: tuple[str, ...]

    @property
    def size(self) -> int:
        """Parameters, frozen ones too."""
        return int(self.model.count_params())

    def target(self, data: TrainingData, rows: Rows) -> np.ndarray:
        """What the loss compares outputs with."""
        if data.classes is not None:
            return self.objective.encode(labels(rows.y, data.classes), len(data.classes), self.rank)
        y = numbers(rows.y)
        if self.scale is not None:
            y = (y - self.scale.mean) / self.scale.spread
        return self.objective.encode(y, 1, self.rank)

    def to_units(self) -> None:
        """Rescale the last layer where the target was scaled."""
        if self.scale is not None:
            self.scale.to_units(self.last)

    def finish(self) -> None:
        """Compile it as a person would who goes on with it: no metric of mlmagic's in its file."""
        self.model.compile(
            optimizer=self.model.optimizer,
            loss=self.objective.kept,
            metrics=list(self.own_metrics) or None,
            run_eagerly=self.model.run_eagerly,
            jit_compile=self.model.jit_compile,
        )


def network(
    train: KerasTrain,
    data: TrainingData,
    found: Source,
    inputs: np.ndarray,
    known: Mapping[str, Any] | None = None,
) -> Network:
    """Build a network, try it on the first rows, compile it.

    Parameters
    ----------
    inputs
        The training rows, prepared, shape (n, columns).
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
    measures = measured(train, data)
    given = arguments(found, train, tuple(inputs.shape[1:]), count, last=True, known=known)
    model = build(found, given, mixed=train.mixed_precision)
    outputs = _trial.forward(model, inputs[:ROWS], need(data, train.loss_function), found)
    last = _scalable(train, data, model, inputs)
    made = Network(
        model=model,
        arguments=given,
        objective=_objective(train, data, model, outputs, last),
        kind=kind_of(model, outputs, data.task),
        rank=outputs.ndim,
        scale=Scale.of(numbers(data.train.y)) if last is not None else None,
        last=last,
        own_metrics=_own_metrics(model, measures.counted),
        remarks=_remarks(train, given, found, model),
    )
    _compile(made, train, [*made.own_metrics, *metrics(measures.counted, train.of_keras, _reading(made, data, count))])
    first = Rows(data.train.X.iloc[:ROWS], data.train.y.iloc[:ROWS] if data.train.y is not None else None)
    _trial.measure(model, made.objective.name, inputs[:ROWS], made.target(data, first), outputs)
    if made.scale is not None and found.given is not None:
        _take_units(made, data, inputs)
    return made


def measured(train: KerasTrain, data: TrainingData) -> Measures:
    """What an epoch is measured by; a model of the user's own may measure what it likes besides.

    Raises
    ------
    InvalidConfiguration
        If early stopping watches what is not measured.
    """
    own = bool(train.model_script or train.compiled_model or train.model or train.of_keras)
    return Measures.of(train, data, own=own)


def _scalable(train: KerasTrain, data: TrainingData, model: keras.Model, inputs: np.ndarray) -> Any:
    """The layer that can hold the target's scale; None where the target stays as it is."""
    as_it_is = data.task != "regression" or train.prepare == "none" or model.compiled
    return None if as_it_is else last_linear(model, inputs[:64])


def _take_units(made: Network, data: TrainingData, inputs: np.ndarray) -> None:
    """Begin in training's scale where the model speaks the target's units already."""
    assert made.scale is not None
    if knows_units(made.model, inputs[:1000], numbers(data.train.y)[:1000]):
        made.scale.from_units(made.last)


def _objective(train: KerasTrain, data: TrainingData, model: keras.Model, outputs: np.ndarray, last: Any) -> Objective:
    scale = Scale.of(numbers(data.train.y)) if last is not None else None
    own = model.loss if model.compiled and "loss_function" not in train.model_fields_set else None
    width = outputs.shape[1] if outputs.ndim > 1 else 1
    return objective(train.loss_function, own, data.task, width, kind_of(model, outputs, data.task), scale)


def _reading(made: Network, data: TrainingData, count: int) -> Reading:
    scale = Scale.of(numbers(data.train.y)) if data.classes is None else Scale(0.0, 1.0)
    return Reading(made.kind, count, made.objective.target == "one-hot", scale, scaled=made.scale is not None)


def _own_metrics(model: keras.Model, ours: Sequence[str]) -> tuple[Any, ...]:
    """What a compiled model is measured by already, without what we measure under the same name."""
    if not model.compiled:
        return ()
    given = getattr(model._compile_metrics, "_user_metrics", None)
    listed = keras.tree.flatten(given) if given is not None else []
    return tuple(metric for metric in listed if metric is not None and _metric_name(metric) not in ours)


def _metric_name(metric: Any) -> str:
    name = metric if isinstance(metric, str) else getattr(metric, "name", getattr(metric, "__name__", ""))
    return {"acc": "accuracy"}.get(name, str(name))


def _compile(made: Network, train: KerasTrain, measured: list[Any]) -> None:
    model = made.model
    own = model.optimizer if model.compiled else None
    how = {"run_eagerly": model.run_eagerly, "jit_compile": model.jit_compile} if model.compiled else {}
    # A model with a train_step of its own that is compiled without a loss has one in there.
    loss = None if model.compiled and model.loss is None and overrides(model, "train_step") else made.objective.loss
    model.compile(optimizer=optimiser(train, own), loss=loss, metrics=measured, **how)
    if not model.optimizer.built:
        # Here: TensorFlow traces a step twice that makes variables.
        model.optimizer.build(model.trainable_variables)


def _remarks(train: KerasTrain, given: Arguments, found: Source, model: keras.Model) -> tuple[str, ...]:
    remarks = []
    if found.key == "compiledModel" and train.model_script is not None:
        script = Path(train.model_script).name
        remarks.append(f"{found.name} is the model that trains; {script} only has the classes that it may need")
    if given.filled and found.key != "architecture":
        filled = ", ".join(f"{name}={value}" for name, value in given.filled.items())
        remarks.append(f"{found.name} was given {filled}, taken from the data")
    if overrides(model, "train_step"):
        remarks.append(f"{found.name} has a train_step of its own: the curves show what it reports")
    return tuple(remarks)
