"""One training, from split rows to an outcome."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from mlmagic.data import Cancelled
from mlmagic.errors import TrainingDiverged
from mlmagic.events import Emit, Log, Metadata
from mlmagic.executors._networks._measures import Measures
from mlmagic.executors._networks._opened import Opened
from mlmagic.executors.pytorch import _device
from mlmagic.executors.pytorch._augmentation import augmented
from mlmagic.executors.pytorch._batches import Shuffled, Tensors
from mlmagic.executors.pytorch._checkpoints import TorchCheckpoints
from mlmagic.executors.pytorch._compile import compiled
from mlmagic.executors.pytorch._conclusion import conclude, facts, recipe, remark
from mlmagic.executors.pytorch._debug import anomalies, layers
from mlmagic.executors.pytorch._inputs import dtype_of, finish, taken, tensor
from mlmagic.executors.pytorch._loop import Parts, Training
from mlmagic.executors.pytorch._measures import tallies
from mlmagic.executors.pytorch._network import Network, network
from mlmagic.executors.pytorch._optimisers import optimiser
from mlmagic.executors.pytorch._outcome import TorchOutcome
from mlmagic.executors.pytorch._precision import Precision, half
from mlmagic.executors.pytorch._progress import TensorProgress
from mlmagic.executors.pytorch._recompute import recomputing
from mlmagic.executors.pytorch._schedules import Schedule
from mlmagic.executors.pytorch._threads import faster, multiplications, threads, threads_for
from mlmagic.executors.pytorch._trial import ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._base import Stop
    from mlmagic.executors._networks._inputs import Inputs
    from mlmagic.executors._networks._streamed import Streamed
    from mlmagic.executors.pytorch._module import Source
    from mlmagic.executors.pytorch.config import TorchTrain


def fit(config: RunConfig, data: TrainingData, found: Source, inputs: Inputs, emit: Emit, stop: Stop) -> TorchOutcome:
    """Train a network.

    Raises
    ------
    MLError
        With the cause. Where an epoch was finished before, the outcome up to it is the error's ``outcome``.
    """
    train: TorchTrain = config.config  # type: ignore[assignment]
    device = _device.choose(config, emit)
    with _device.own_random_state(config.seed, device), _device.repeatable(config.deterministic):
        try:
            opened = Opened.of(inputs, data, emit, stop)
        except Cancelled:
            return TorchOutcome(None)
        first = torch.from_numpy(opened.first)
        made = network(train, data, found, first, inputs.sizes)
        remark(made, data, emit)
        if config.debug:
            emit(Log(layers(made.module)))
        number = _threads(config, made, first, device)
        emit(Metadata(facts(train, found, made) | {"threads": number} | _device.facts(device)))
        about = recipe(train, data, found, made) | {
            "threads": number,
            "prepared": inputs.preparation is not None,
            "reading": inputs.to_plain(),
        }
        with threads(number):
            with _device.gpu_errors(train.batch_size, made.size):
                training = _training(config, data, made, inputs, opened, device, about, emit, stop)
            outcome = partial(conclude, training, made, data, inputs.preparation, about)
            try:
                with (
                    _device.gpu_errors(train.batch_size, made.size),
                    recomputing(made.module, train.gradient_checkpointing),
                    anomalies(training, config.debug, train.compile),
                ):
                    training.run(train.epochs)
            except Exception as error:
                if training.best is not None or (training.history and not isinstance(error, TrainingDiverged)):
                    error.outcome = outcome()  # type: ignore[attr-defined]
                raise
            return outcome()


def _training(
    config: RunConfig,
    data: TrainingData,
    made: Network,
    inputs: Inputs,
    opened: Opened,
    device: torch.device,
    about: Mapping[str, Any],
    emit: Emit,
    stop: Stop,
) -> Training:
    train: TorchTrain = config.config  # type: ignore[assignment]
    kind = dtype_of(made.module)

    done = finish(inputs, kind, device)

    def tensors(values: np.ndarray | Streamed, rows: Rows) -> Tensors:
        weight = None if rows.weight is None else torch.tensor(rows.weight.to_numpy(), dtype=kind)
        held = tensor(values, kind) if isinstance(values, np.ndarray) else values
        return Tensors(held, made.target(data, rows), weight, done).to(device)

    module = made.module.to(device)
    made.objective.to(device)
    measures = Measures.of(train, data)
    moved = optimiser(train, module)
    augment = augmented(train.augmentation, inputs.scale, kind, device, config.seed)
    rows = tensors(opened.train, data.train)
    batches = Shuffled(rows, train.batch_size, config.seed, device, augment, train.gradient_accumulation)
    of_train, of_validation = tallies(measures, data, made, batches)
    precision = Precision(device, half(device) if train.mixed_precision else None)
    if precision.name is not None:
        emit(Metadata({"precision": precision.name}))
    parts = Parts(
        module,
        moved,
        made.objective,
        batches,
        tensors(opened.validation, data.validation) if data.validation and opened.validation is not None else None,
        of_validation,
        device,
        precision,
        precision.forward(compiled(module, emit) if train.compile else module),
        _schedule(train, moved, len(batches)),
        train.gradient_clipping,
    )
    directory = config.output_dir if train.checkpoint else None
    body = {**about, "target": made.units.to_plain() if made.units else None}
    checkpoints = TorchCheckpoints(directory, train.checkpoint_interval, body, inputs.preparation, emit)
    progress = TensorProgress(emit, of_train, train.learning_rate)
    return Training(parts, progress, measures.watch(train.early_stopping), checkpoints, emit, stop)


def _schedule(train: TorchTrain, moved: Any, batches: int) -> Schedule | None:
    if train.scheduler is None:
        return None
    return Schedule(train.scheduler, moved, train.epochs, -(-batches // train.gradient_accumulation))


def _threads(config: RunConfig, made: Network, inputs: Tensor, device: torch.device) -> int:
    if config.deterministic or device.type != "cpu":
        return 1  # sums over other numbers of threads differ in the last bit; a GPU leaves nothing to do here
    train: TorchTrain = config.config  # type: ignore[assignment]
    made.module.eval()
    batch = taken(inputs[: train.batch_size], made.module)
    with torch.no_grad():
        work = multiplications(made.module, batch[:ROWS], len(batch))
    return faster(made.module, batch, threads_for(work, torch.get_num_threads()))
