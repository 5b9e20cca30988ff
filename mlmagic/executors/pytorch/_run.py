"""One training, from split rows to an outcome."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mlmagic._units import duration
from mlmagic.events import Emit, Log, Metadata
from mlmagic.executors.pytorch import _device
from mlmagic.executors.pytorch._batches import Shuffled, Tensors
from mlmagic.executors.pytorch._checkpoints import Checkpoints
from mlmagic.executors.pytorch._inputs import dtype_of, matrix
from mlmagic.executors.pytorch._loop import Parts, Training, snapshot
from mlmagic.executors.pytorch._network import Network, network
from mlmagic.executors.pytorch._optimisers import optimiser
from mlmagic.executors.pytorch._outcome import TorchOutcome, nested
from mlmagic.executors.pytorch._progress import Progress
from mlmagic.executors.pytorch._scores import Accuracy, Confusion, Errors, Tally
from mlmagic.executors.pytorch._storage import plain
from mlmagic.executors.pytorch._threads import multiplications, threads, threads_for
from mlmagic.executors.pytorch._trial import ROWS
from mlmagic.executors.pytorch._watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._base import Stop
    from mlmagic.executors.pytorch._module import Source
    from mlmagic.executors.pytorch.config import TorchTrain


def fit(config: RunConfig, data: TrainingData, found: Source, preparation: Any, emit: Emit, stop: Stop) -> TorchOutcome:
    """Train a network.

    Raises
    ------
    MLError
        With the cause. Where an epoch was finished before, the outcome up to it is the error's ``outcome``.
    """
    train: TorchTrain = config.config  # type: ignore[assignment]
    device = _device.choose(config, emit)
    with _device.own_random_state(config.seed, device), _device.repeatable(config.deterministic):
        inputs = matrix(preparation, data.train)
        made = network(train, data, found, inputs)
        _remark(made, emit)
        number = 1 if config.deterministic else _threads(made, inputs, train.batch_size)
        emit(Metadata(_facts(train, found, made) | {"threads": number} | _device.facts(device)))
        about = _about(train, data, found, made)
        with threads(number):
            training = _training(config, data, made, inputs, preparation, device, about, emit, stop)
            outcome = partial(_outcome, training, made, data, preparation, about)
            try:
                with _device.gpu_errors(train.batch_size, _size(made)):
                    training.run(train.epochs)
            except Exception as error:
                if training.best is not None:
                    error.outcome = outcome()  # type: ignore[attr-defined]
                raise
            return outcome()


def metrics_of(data: TrainingData) -> list[str]:
    """Names that ``earlyStopping.metric`` can have."""
    names = ["loss", "accuracy", "f1"] if data.classes is not None else ["loss", "r2", "rmse", "mae"]
    return [f"{part}_{name}" for part in ("val", "train") if part == "train" or data.validation for name in names]


def _training(
    config: RunConfig,
    data: TrainingData,
    made: Network,
    inputs: Tensor,
    preparation: Any,
    device: torch.device,
    about: Mapping[str, Any],
    emit: Emit,
    stop: Stop,
) -> Training:
    train: TorchTrain = config.config  # type: ignore[assignment]
    kind = dtype_of(made.module)

    def tensors(values: Tensor, rows: Rows) -> Tensors:
        return Tensors(values.to(kind), made.target(data, rows)).to(device)

    module = made.module.to(device)
    new_tally = _new_tally(train, data, made)
    parts = Parts(
        module,
        optimiser(train, module),
        made.objective,
        Shuffled(tensors(inputs, data.train), train.batch_size, config.seed, device),
        tensors(matrix(preparation, data.validation), data.validation) if data.validation else None,
        new_tally,
        device,
    )
    directory = config.output_dir if train.checkpoint else None
    body = {**about, "target": made.units.to_plain() if made.units else None}
    checkpoints = Checkpoints(directory, train.checkpoint_interval, body, preparation, emit)
    progress = Progress(emit, new_tally, train.learning_rate)
    return Training(parts, progress, _watch(train, data), checkpoints, emit, stop)


def _watch(train: TorchTrain, data: TrainingData) -> Watch | None:
    early = train.early_stopping
    if early is not None:
        return Watch(early.metric, early.patience, early.min_delta)
    # Without validation rows nothing tells the epochs apart: the last one it is.
    return Watch("val_loss") if data.validation else None


def _new_tally(train: TorchTrain, data: TrainingData, made: Network) -> Callable[[], Tally]:
    if data.classes is None:
        return partial(Errors, made.units.scale.spread if made.units else 1.0)
    wants_f1 = train.early_stopping is not None and train.early_stopping.metric.endswith("f1")
    return partial(Confusion, len(data.classes)) if wants_f1 else Accuracy


def _threads(made: Network, inputs: Tensor, batch_size: int) -> int:
    made.module.eval()
    with torch.no_grad():
        rows = min(batch_size, len(inputs))
        work = multiplications(made.module, inputs[:ROWS].to(dtype_of(made.module)), rows)
    return threads_for(work, torch.get_num_threads())


def _remark(made: Network, emit: Emit) -> None:
    for text in made.remarks:
        emit(Log(text))
    if made.units is not None:
        scale = made.units.scale
        emit(
            Log(
                f"While training, the target is standardised (mean {scale.mean:g}, standard deviation {scale.spread:g}): "
                "the loss is in standard deviations; predictions, rmse and mae are in the target's own units"
            )
        )


def _size(made: Network) -> int:
    return sum(parameter.numel() for parameter in made.module.parameters())


def _facts(train: TorchTrain, found: Source, made: Network) -> dict[str, Any]:
    body = {
        "network": found.name,
        "modelParameters": _size(made),
        "epochs": train.epochs,
        "batchSize": train.batch_size,
        "optimizer": train.optimizer,
        "learningRate": train.learning_rate,
        "lossFunction": made.objective.name,
    }
    if made.units is not None:
        scale = made.units.scale
        body["targetScaling"] = {"method": "standard", "mean": scale.mean, "scale": scale.spread}
    return body


def _about(train: TorchTrain, data: TrainingData, found: Source, made: Network) -> dict[str, Any]:
    """What is needed to build the network again."""
    classes = data.classes
    return {
        "network": found.name,
        "arguments": plain(made.arguments.values),
        "optimizer_name": train.optimizer,
        "classes": None if classes is None else classes.tolist(),
        "classes_dtype": None if classes is None else str(classes.dtype),
    }


def _outcome(
    training: Training, made: Network, data: TrainingData, preparation: Any, about: Mapping[str, Any]
) -> TorchOutcome:
    if training.steps == 0:
        return TorchOutcome(None)
    watch, finished = training.watch, len(training.history)
    best = watch.epoch if watch is not None else finished
    facts = {
        "finalEpoch": finished,
        **({"bestEpoch": best} if best else {}),
        "earlyStopped": training.early_stopped,
        "trainingTime": duration(training.seconds),
        "samplesProcessed": len(data.train),
        **_device.facts(training.parts.device),
    }
    module, optimizer = made.module.to("cpu"), training.parts.optimiser.state_dict()
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
