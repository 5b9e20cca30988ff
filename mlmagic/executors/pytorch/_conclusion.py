"""What a training says of itself, and what it gives when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from mlmagic._units import duration
from mlmagic.events import Emit, Log
from mlmagic.executors._history import nested
from mlmagic.executors._networks._plain import plain
from mlmagic.executors._weighed import losses_apart
from mlmagic.executors.pytorch import _device
from mlmagic.executors.pytorch._loop import snapshot
from mlmagic.executors.pytorch._outcome import TorchOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.data import TrainingData
    from mlmagic.executors._networks._source import Source
    from mlmagic.executors.pytorch._loop import Training
    from mlmagic.executors.pytorch._network import Network
    from mlmagic.executors.pytorch.config import TorchTrain


def remark(made: Network, data: TrainingData, emit: Emit) -> None:
    """Log what the user should know about the network and its curves."""
    for text in (*made.remarks, losses_apart(data)):
        if text is not None:
            emit(Log(text))
    if made.warning is not None:
        emit(Log(made.warning, "warning"))
    if made.units is not None:
        scale = made.units.scale
        unit = "the target's own units" if made.objective.own is not None else "standard deviations"
        emit(
            Log(
                f"In training the target is standardised (mean {scale.mean:g}, standard deviation {scale.spread:g}). "
                f"The loss is in {unit}; predictions, rmse and mae are in the target's own units"
            )
        )


def facts(train: TorchTrain, found: Source, made: Network) -> dict[str, Any]:
    """What is trained and how, under the report's keys."""
    body = {
        "network": found.name,
        "modelParameters": made.size,
        "epochs": train.epochs,
        "batchSize": train.batch_size,
        "optimizer": train.optimizer,
        "learningRate": train.learning_rate,
        "lossFunction": made.objective.name,
    }
    if made.trained is not None:
        body["pretrained"] = made.trained
    if made.units is not None:
        scale = made.units.scale
        body["targetScaling"] = {"method": "standard", "mean": scale.mean, "scale": scale.spread}
    return body


def recipe(train: TorchTrain, data: TrainingData, found: Source, made: Network) -> dict[str, Any]:
    """What is needed to build the network again."""
    classes = data.classes
    return {
        "network": found.name,
        "source": found.key,
        "arguments": plain(made.arguments.values),
        "optimizer_name": train.optimizer,
        "squashed": made.objective.squashed,
        "classes": None if classes is None else classes.tolist(),
        "classes_dtype": None if classes is None else str(classes.dtype),
    }


def conclude(
    training: Training, made: Network, data: TrainingData, preparation: Any, about: Mapping[str, Any]
) -> TorchOutcome:
    """The outcome of a training that ended, in whichever way: the best epoch's weights, else those there are."""
    if training.steps == 0:
        return TorchOutcome(None)
    watch, finished = training.watch, len(training.history)
    best = watch.best if watch is not None else finished
    facts = {
        "finalEpoch": finished,
        **({"bestEpoch": best} if best else {}),
        "earlyStopped": training.early_stopped,
        "trainingTime": duration(training.seconds),
        "samplesProcessed": len(data.train),
        **_device.facts(training.parts.device),
    }
    module, optimizer = made.module.to("cpu"), _on_cpu(training.parts.optimiser.state_dict())
    module.zero_grad(set_to_none=True)
    last = _in_units(made)
    if training.best is not None:
        module.load_state_dict(training.best)
        _in_units(made)
    return TorchOutcome(
        model=module.eval(),
        preparation=preparation,
        classes=data.classes,
        metrics=nested(training.history),
        metadata=facts,
        about={**about, "epoch": best},
        last={"epoch": finished, "state_dict": last},
        optimizer=optimizer,
    )


def _in_units(made: Network) -> dict[str, Any]:
    """Rescale the last layer where the target was scaled; the weights then."""
    if made.units is not None:
        made.units.restore(made.module)
    return snapshot(made.module)


def _on_cpu(value: Any) -> Any:
    """A copy of nested data whose tensors hold no memory of a GPU."""
    if isinstance(value, dict):
        return {key: _on_cpu(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_on_cpu(item) for item in value]
    return value.cpu() if isinstance(value, Tensor) else value
