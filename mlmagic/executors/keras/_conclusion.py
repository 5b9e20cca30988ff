"""What a training says of itself, and what it gives when it ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic._units import duration
from mlmagic.events import Emit, Log
from mlmagic.executors._history import nested
from mlmagic.executors._networks._plain import plain
from mlmagic.executors._weighed import losses_apart
from mlmagic.executors.keras import _backend, _callbacks, _storage
from mlmagic.executors.keras._copy import own_objects
from mlmagic.executors.keras._model import build
from mlmagic.executors.keras._optimisers import learning_rate
from mlmagic.executors.keras._outcome import KerasOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import keras
    import numpy as np

    from mlmagic.data import TrainingData
    from mlmagic.executors._networks._source import Source
    from mlmagic.executors.keras._loop import Training
    from mlmagic.executors.keras._network import Network
    from mlmagic.executors.keras.config import KerasTrain


def remark(made: Network, data: TrainingData, emit: Emit) -> None:
    """Log what the user should know about the network and its curves."""
    for text in (*made.remarks, losses_apart(data)):
        if text is not None:
            emit(Log(text))
    if made.scale is not None:
        emit(
            Log(
                f"In training the target is standardised (mean {made.scale.mean:g}, standard deviation "
                f"{made.scale.spread:g}). A loss by name is in standard deviations; predictions, rmse and mae are in "
                "the target's own units"
            )
        )


def facts(train: KerasTrain, found: Source, made: Network) -> dict[str, Any]:
    """What is trained and how, under the report's keys."""
    optimizer = made.model.optimizer
    body = {
        "network": found.name,
        "modelParameters": made.size,
        "epochs": train.epochs,
        "batchSize": train.batch_size,
        "optimizer": type(getattr(optimizer, "inner_optimizer", optimizer)).__name__.lower(),
        "learningRate": learning_rate(optimizer),
        "lossFunction": made.objective.name,
    }
    if train.mixed_precision:
        body["precision"] = _precision(made.model)
    if made.scale is not None:
        body["targetScaling"] = {"method": "standard", "mean": made.scale.mean, "scale": made.scale.spread}
    return body


def _precision(model: keras.Model) -> str:
    """The policy of its layers; that of a copy's own is the default's."""
    names: list[str] = [layer.dtype_policy.name for layer in model._flatten_layers()]
    return next((name for name in names if name.startswith("mixed")), names[0])


def about(data: TrainingData, found: Source, made: Network, inputs: np.ndarray) -> dict[str, Any]:
    """What is needed to read the network again, as plain data; ``inputs`` are those of some rows."""
    classes = data.classes
    return {
        "network": found.name,
        "arguments": plain(made.arguments.values) if found.make is not None else None,
        # Whether Keras alone can read the file: it writes classes of the user's own as names.
        "whole": not own_objects(made.model),
        "inputs": list(inputs.shape[1:]),
        "inputsDtype": inputs.dtype.name,
        "outputs": made.kind,
        "classes": None if classes is None else classes.tolist(),
        "classesDtype": None if classes is None else str(classes.dtype),
    }


def conclude(
    training: Training,
    made: Network,
    found: Source,
    train: KerasTrain,
    data: TrainingData,
    preparation: Any,
    told: Mapping[str, Any],
    device: str,
    directory: Path | None,
    emit: Emit,
) -> KerasOutcome:
    """The outcome of a training that ended, in whichever way: the best epoch's weights, else those there are."""
    if training.steps == 0:
        return KerasOutcome(None)
    watch, finished = training.watch, len(training.history)
    best = watch.best if watch is not None else finished
    made.to_units()
    made.finish()
    artifacts = _last(training.model, directory, emit) if directory is not None and train.checkpoint else {}
    if training.best is not None:
        training.model.set_weights(training.best)
        made.to_units()
    mixed = train.mixed_precision
    return KerasOutcome(
        model=training.model,
        preparation=preparation,
        classes=data.classes,
        metrics=nested(training.history),
        metadata={
            "finalEpoch": finished,
            **({"bestEpoch": best} if best else {}),
            "earlyStopped": training.early_stopped,
            "trainingTime": duration(training.seconds),
            "samplesProcessed": len(data.train),
            **_backend.facts(device),
        },
        artifacts=artifacts | _callbacks.artifacts(directory),
        about={**told, "epoch": best},
        make=partial(build, found, made.arguments, mixed=mixed) if found.make is not None else None,
    )


def _last(model: keras.Model, directory: Path, emit: Emit) -> dict[str, Path]:
    try:
        return {"lastModel": _storage.write(model, directory / _storage.LAST)}
    except OSError as error:  # a full disk must not take the best model with it
        emit(Log(f"{_storage.LAST} was not written: {error}", "warning"))
        return {}
