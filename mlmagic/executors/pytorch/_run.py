"""One training, from split rows to an outcome."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mlmagic.errors import TrainingDiverged
from mlmagic.events import Emit, Metadata
from mlmagic.executors.pytorch import _device
from mlmagic.executors.pytorch._batches import Shuffled, Tensors
from mlmagic.executors.pytorch._checkpoints import Checkpoints
from mlmagic.executors.pytorch._compile import compiled
from mlmagic.executors.pytorch._conclusion import conclude, facts, recipe, remark
from mlmagic.executors.pytorch._inputs import dtype_of, matrix
from mlmagic.executors.pytorch._loop import Parts, Training
from mlmagic.executors.pytorch._network import Network, network
from mlmagic.executors.pytorch._optimisers import optimiser
from mlmagic.executors.pytorch._precision import Precision, half
from mlmagic.executors.pytorch._progress import Progress
from mlmagic.executors.pytorch._recompute import recomputing
from mlmagic.executors.pytorch._schedules import Schedule
from mlmagic.executors.pytorch._scores import Accuracy, Confusion, Errors, Tally
from mlmagic.executors.pytorch._threads import faster, multiplications, threads, threads_for
from mlmagic.executors.pytorch._trial import ROWS
from mlmagic.executors.pytorch._watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._base import Stop
    from mlmagic.executors.pytorch._module import Source
    from mlmagic.executors.pytorch._outcome import TorchOutcome
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
        remark(made, emit)
        number = _threads(config, made, inputs, device)
        emit(Metadata(facts(train, found, made) | {"threads": number} | _device.facts(device)))
        about = recipe(train, data, found, made) | {"threads": number, "prepared": preparation is not None}
        with threads(number):
            with _device.gpu_errors(train.batch_size, made.size):
                training = _training(config, data, made, inputs, preparation, device, about, emit, stop)
            outcome = partial(conclude, training, made, data, preparation, about)
            try:
                with (
                    _device.gpu_errors(train.batch_size, made.size),
                    recomputing(made.module, train.gradient_checkpointing),
                ):
                    training.run(train.epochs)
            except Exception as error:
                if training.best is not None or (training.history and not isinstance(error, TrainingDiverged)):
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
        weight = None if rows.weight is None else torch.tensor(rows.weight.to_numpy(), dtype=kind)
        return Tensors(values.to(kind), made.target(data, rows), weight).to(device)

    module = made.module.to(device)
    made.objective.to(device)
    new_tally = _new_tally(train, data, made)
    moved = optimiser(train, module)
    batches = Shuffled(tensors(inputs, data.train), train.batch_size, config.seed, device)
    precision = Precision(device, half(device) if train.mixed_precision else None)
    if precision.name is not None:
        emit(Metadata({"precision": precision.name}))
    parts = Parts(
        module,
        moved,
        made.objective,
        batches,
        tensors(matrix(preparation, data.validation), data.validation) if data.validation else None,
        new_tally,
        device,
        precision,
        precision.forward(compiled(module, emit) if train.compile else module),
        _schedule(train, moved, len(batches)),
        train.gradient_clipping,
        train.gradient_accumulation,
    )
    directory = config.output_dir if train.checkpoint else None
    body = {**about, "target": made.units.to_plain() if made.units else None}
    checkpoints = Checkpoints(directory, train.checkpoint_interval, body, preparation, emit)
    progress = Progress(emit, new_tally, train.learning_rate)
    return Training(parts, progress, _watch(train, data), checkpoints, emit, stop)


def _schedule(train: TorchTrain, moved: Any, batches: int) -> Schedule | None:
    if train.scheduler is None:
        return None
    return Schedule(train.scheduler, moved, train.epochs, -(-batches // train.gradient_accumulation))


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


def _threads(config: RunConfig, made: Network, inputs: Tensor, device: torch.device) -> int:
    if config.deterministic or device.type != "cpu":
        return 1  # sums over other numbers of threads differ in the last bit; a GPU leaves nothing to do here
    train: TorchTrain = config.config  # type: ignore[assignment]
    made.module.eval()
    batch = inputs[: train.batch_size].to(dtype_of(made.module))
    with torch.no_grad():
        work = multiplications(made.module, batch[:ROWS], len(batch))
    return faster(made.module, batch, threads_for(work, torch.get_num_threads()))
