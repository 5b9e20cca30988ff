"""Keras behind the executor protocol. The library is imported on first use, in the modules beside this one."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlmagic._capture import once
from mlmagic.data import Rows, Task, TrainingData
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.events import Emit, Metadata, Plan
from mlmagic.executors._skops import import_early
from mlmagic.executors.keras import _backend

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mlmagic.config import RunConfig
    from mlmagic.executors._base import Outcome, Predictions, Stop
    from mlmagic.executors._networks._inputs import Inputs
    from mlmagic.executors._networks._source import Source
    from mlmagic.executors.keras.config import KerasTrain
    from mlmagic.state import RunState

_CLASSIFYING = ("crossentropy", "cross_entropy", "hinge", "focal")
_MEASURING = ("mse", "mae", "huber", "meansquared", "meanabsolute", "mean_squared", "mean_absolute", "logcosh")


class KerasExecutor:
    """Trains a network by Keras' own steps, many to a call, and looks for a stop between calls.

    An object may remember what it has prepared, so that a check and the run after it read a script and fit a
    preparation once; the results are the same without.
    """

    def __init__(self) -> None:
        self._sources: list[tuple[KerasTrain, Source]] = []
        self._fitted: list[tuple[KerasTrain, TrainingData, Inputs]] = []
        self._warned: set[str] = set()

    def placement(self, config: RunConfig) -> Literal["thread", "child"]:
        """Where Keras is imported already, or the model is an object of the notebook, beside it; else in a child.

        The import takes seconds, of which the notebook would be still for more than one.
        """
        return "thread" if "keras" in sys.modules or _train(config).model is not None else "child"

    def versions(self) -> dict[str, str]:
        """Versions of Keras, of its backend, and of scikit-learn, which prepares the data."""
        import sklearn

        return {**_backend.versions(), "scikit-learn": sklearn.__version__}

    def task(self, config: RunConfig) -> Task | None:
        """What the loss is made for, the config's or that of a compiled model."""
        train = _train(config)
        model = train.model.value if train.model is not None and train.model.bound else None
        loss: Any = train.loss_function if train.loss_function is not None else getattr(model, "loss", None)
        value = getattr(loss, "value", loss)
        name = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
        if any(word in name.lower() for word in _CLASSIFYING):
            return "classification"
        return "regression" if any(word in name.lower() for word in _MEASURING) else None

    def check(self, config: RunConfig, data: TrainingData) -> None:
        """The network can be built, takes the rows, and gives what the labels need."""
        _backend.load()
        from mlmagic.executors.keras._network import network

        train = _train(config)
        faults = _faults(train, data)
        try:
            inputs = self._inputs(config, data)
            first = inputs.first(data.train)
            with _backend.own_random_state(config.seed), self._warning_once():
                network(train, data, self._source(config), first, inputs.sizes)
        except InvalidConfiguration as error:
            more = [fault for fault in error.faults if fault not in faults]
            raise (InvalidConfiguration(faults + more) if faults else error) from None

    def run(self, config: RunConfig, data: TrainingData, emit: Emit, stop: Stop) -> Outcome:
        """Fit what makes inputs of rows, and train the network on the training rows."""
        _backend.load()
        from mlmagic.executors.keras._run import fit

        emit(Plan("preparing"))
        import_early()
        inputs = self._inputs(config, data)
        emit(Metadata(inputs.facts()))
        with self._warning_once():
            return fit(config, data, self._source(config), inputs, emit, stop)

    def predict(self, outcome: Outcome, rows: Rows) -> Predictions:
        """Labels and probabilities, or numbers in the target's own units."""
        _backend.load()
        from mlmagic.executors.keras._predict import predict

        with self._warning_once():
            return predict(outcome, rows)

    def save(self, outcome: Outcome, config: RunConfig) -> dict[str, Path]:
        """Keras' own file, a SavedModel, and plain data; the preparation beside them."""
        from mlmagic.executors.keras._storage import save

        assert config.output_dir is not None
        with self._warning_once():
            return save(outcome, config.output_dir, everything=_train(config).checkpoint)

    def _warning_once(self) -> AbstractContextManager[None]:
        """Keras warns anew each time that it traces a network."""
        import keras

        return once(str(Path(keras.__file__).parent), self._warned)

    def load(self, path: Path, config: RunConfig, state: RunState) -> Outcome | None:
        """The best model that a run saved, or its last checkpoint where it was cut off."""
        _backend.load()
        from mlmagic.executors.keras._load import load

        return load(path, config, state)

    def adopt(self, model: Any) -> Outcome | None:
        """An outcome around a model of the notebook; None where it is none of Keras'."""
        keras = sys.modules.get("keras")
        if keras is None or not isinstance(model, keras.Model):
            return None
        from mlmagic.executors.keras._read import adopt

        return adopt(model)

    def read(self, path: Path, config: RunConfig) -> Outcome:
        """A .keras or .h5 file, a SavedModel, or weights with the class that ``modelScript`` names."""
        _backend.load()
        from mlmagic.executors.keras._read import read

        return read(path, config)

    def place(self, outcome: Outcome, config: RunConfig) -> Outcome:
        """On the GPU, or off it, where ``gpuEnabled`` says so."""
        _backend.load()
        from mlmagic.executors.keras._predict import place

        return place(outcome, config)

    def _source(self, config: RunConfig) -> Source:
        from mlmagic.executors.keras._model import source

        train = _train(config)
        if not (self._sources and self._sources[0][0] is train):
            self._sources = [(train, source(train, trust=config.trust))]
        return self._sources[0][1]

    def _inputs(self, config: RunConfig, data: TrainingData) -> Inputs:
        from mlmagic.executors._networks._inputs import are_images, are_texts, fit_inputs
        from mlmagic.executors._networks._known import fit_known
        from mlmagic.executors.keras._model import image_shape, scales_itself, text_tokens
        from mlmagic.executors.keras._trial import answers

        train, known = _train(config), self._fitted
        if not (known and known[0][0] is train and known[0][1] is data):
            found = self._source(config)
            shaped = found.given if are_images(data.train) or are_texts(data.train, train) else None
            fit = partial(
                fit_inputs, train, data.train, expected=image_shape(shaped), tokens=text_tokens(shaped), last=True
            )
            if found.given is None or not found.given.built:  # asked, it would be built: outside the run's seed
                inputs = fit()
            else:
                said, own = partial(answers, found, data.task), scales_itself(found.given)
                with self._warning_once():
                    inputs = fit_known(found.name, train, data, fit, said, own=own)
            self._fitted = [(train, data, inputs)]
        return self._fitted[0][2]


def _train(config: RunConfig) -> KerasTrain:
    train: KerasTrain = config.config  # type: ignore[assignment]
    return train


def _faults(train: KerasTrain, data: TrainingData) -> list[Fault]:
    """What is wrong between the config and the data, before any network is built."""
    from mlmagic.executors.keras._network import measured

    try:
        measured(train, data)
    except InvalidConfiguration as error:
        return error.faults
    return []
