"""One training, from split rows to an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.config._early_stopping import EarlyStopping
from mlmagic.errors import TrainingDiverged
from mlmagic.events import Emit, Metadata
from mlmagic.executors._base import batch_rows
from mlmagic.executors._networks._inputs import matrix
from mlmagic.executors._networks._watch import Watch
from mlmagic.executors.keras import _backend
from mlmagic.executors.keras._callbacks import callbacks, listens_to_batches
from mlmagic.executors.keras._checkpoints import Checkpoints
from mlmagic.executors.keras._conclusion import about, conclude, facts, remark
from mlmagic.executors.keras._loop import Part, Training
from mlmagic.executors.keras._network import Network, network
from mlmagic.executors.keras._optimisers import learning_rate
from mlmagic.executors.keras._progress import Pace, Progress
from mlmagic.executors.keras._rows import Arrays
from mlmagic.executors.keras._steps import test_steps, train_steps

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._base import Stop
    from mlmagic.executors._networks._source import Source
    from mlmagic.executors.keras._outcome import KerasOutcome
    from mlmagic.executors.keras.config import KerasTrain


# Epochs that the callback early_stopping waits, as the key earlyStopping does by default.
PATIENCE: int = EarlyStopping.model_fields["patience"].default


def fit(config: RunConfig, data: TrainingData, found: Source, preparation: Any, emit: Emit, stop: Stop) -> KerasOutcome:
    """Train a network.

    Raises
    ------
    MLError
        With the cause. Where an epoch was finished before, the outcome up to it is the error's ``outcome``.
    """
    train: KerasTrain = config.config  # type: ignore[assignment]
    device = _backend.choose(config, emit)
    if config.deterministic:
        _backend.repeat_exactly()
    with _backend.on(device):
        inputs = matrix(preparation, data.train)
        with _backend.own_random_state(config.seed):
            made = network(train, data, found, inputs)
        remark(made, emit)
        emit(Metadata(facts(train, found, made) | _backend.facts(device)))
        told = about(data, found, made, inputs.shape[1])
        checkpoints = Checkpoints(
            config.output_dir if train.checkpoint else None, _interval(train), made, told, preparation, emit
        )
        with _backend.device_errors(device, train.batch_size, made.size):
            training = _training(config, data, made, inputs, preparation, checkpoints, emit, stop)
        rest = (made, found, train, data, preparation, told, device, config.output_dir)
        try:
            with _backend.device_errors(device, train.batch_size, made.size):
                training.run(train.epochs)
        except Exception as error:
            if training.best is not None or (training.history and not isinstance(error, TrainingDiverged)):
                error.outcome = conclude(training, *rest)  # type: ignore[attr-defined]
            raise
        return conclude(training, *rest)


def _training(
    config: RunConfig,
    data: TrainingData,
    made: Network,
    inputs: np.ndarray,
    preparation: Any,
    checkpoints: Checkpoints,
    emit: Emit,
    stop: Stop,
) -> Training:
    train: KerasTrain = config.config  # type: ignore[assignment]
    model = made.model
    watch = _watch(train, data)
    own = callbacks(train, watch.metric if watch is not None else "train_loss", config.output_dir)
    rows = _arrays(made, data, data.train, inputs)
    size = min(train.batch_size, len(rows))
    part = Part(len(rows), size, train_steps(model, rows, size), Pace(1 if listens_to_batches(own) else None))
    return Training(
        model,
        part,
        _validation(made, data, preparation, train.batch_size),
        own,
        Progress(emit, learning_rate(model.optimizer)),
        watch,
        checkpoints,
        config.seed,
        emit,
        stop,
    )


def _validation(made: Network, data: TrainingData, preparation: Any, batch: int) -> Part | None:
    if not data.validation:
        return None
    rows = _arrays(made, data, data.validation, matrix(preparation, data.validation))
    size = min(max(batch_rows(rows.inputs.shape[1]), batch), len(rows))
    steps = test_steps(made.model, rows, size)
    steps.order(None)
    return Part(len(rows), size, steps, Pace())


def _arrays(made: Network, data: TrainingData, rows: Rows, inputs: np.ndarray) -> Arrays:
    weight = None if rows.weight is None else rows.weight.to_numpy(dtype=np.float32)
    return Arrays(inputs, made.target(data, rows), weight)


def _watch(train: KerasTrain, data: TrainingData) -> Watch | None:
    early = train.early_stopping
    if early is not None:
        return Watch(early.metric, early.patience, early.min_delta)
    # Without validation rows nothing tells the epochs apart: the last one it is.
    metric = "val_loss" if data.validation else None
    if "early_stopping" in train.callbacks:
        return Watch(metric or "train_loss", PATIENCE)
    return Watch(metric) if metric else None


def _interval(train: KerasTrain) -> int | None:
    if train.checkpoint_interval is None and "model_checkpoint" in train.callbacks:
        return 1
    return train.checkpoint_interval
