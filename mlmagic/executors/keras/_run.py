"""One training, from split rows to an outcome."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.config._early_stopping import EarlyStopping
from mlmagic.data import Cancelled
from mlmagic.errors import TrainingDiverged
from mlmagic.events import Emit, Log, Metadata
from mlmagic.executors._base import batch_rows
from mlmagic.executors._networks._measures import MOST
from mlmagic.executors._networks._opened import Opened
from mlmagic.executors._networks._progress import Progress
from mlmagic.executors._watch import Watch
from mlmagic.executors.keras import _backend
from mlmagic.executors.keras._callbacks import callbacks, listens_to_batches
from mlmagic.executors.keras._checkpoints import KerasCheckpoints
from mlmagic.executors.keras._conclusion import about, conclude, facts, remark
from mlmagic.executors.keras._finish import augmented, finish
from mlmagic.executors.keras._gathered import gathered
from mlmagic.executors.keras._loop import Part, Training
from mlmagic.executors.keras._network import Network, measured, network
from mlmagic.executors.keras._objective import divided_by_rows
from mlmagic.executors.keras._optimisers import learning_rate
from mlmagic.executors.keras._outcome import KerasOutcome
from mlmagic.executors.keras._pace import Pace
from mlmagic.executors.keras._rows import Arrays
from mlmagic.executors.keras._steps import test_steps, train_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._base import Stop
    from mlmagic.executors._networks._inputs import Inputs
    from mlmagic.executors._networks._measures import Measures
    from mlmagic.executors._networks._source import Source
    from mlmagic.executors._networks._streamed import Streamed
    from mlmagic.executors.keras._steps import Logs
    from mlmagic.executors.keras.config import KerasTrain


# Epochs that the callback early_stopping waits, as the key earlyStopping does by default.
PATIENCE: int = EarlyStopping.model_fields["patience"].default


def fit(config: RunConfig, data: TrainingData, found: Source, inputs: Inputs, emit: Emit, stop: Stop) -> KerasOutcome:
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
        try:
            opened = Opened.of(inputs, data, emit, stop)
        except Cancelled:
            return KerasOutcome(None)
        with _backend.own_random_state(config.seed):
            made = network(train, data, found, opened.first, inputs.sizes)
        remark(made, data, emit)
        emit(Metadata(facts(train, found, made) | _backend.facts(device)))
        told = about(data, found, made, opened.first) | {"reading": inputs.to_plain()}
        directory = config.output_dir if train.checkpoint else None
        checkpoints = KerasCheckpoints(made, directory, _interval(train), told, inputs.preparation, emit)
        with _backend.device_errors(device, train.batch_size, made.size):
            training = _training(config, data, made, inputs, opened, checkpoints, emit, stop)
        rest = (made, found, train, data, inputs.preparation, told, device, config.output_dir, emit)
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
    inputs: Inputs,
    opened: Opened,
    checkpoints: KerasCheckpoints,
    emit: Emit,
    stop: Stop,
) -> Training:
    train: KerasTrain = config.config  # type: ignore[assignment]
    model = made.model
    measures = measured(train, data)
    watch = _watch(train, measures)
    own = callbacks(train, watch, config.output_dir)
    changed = augmented(train.augmentation, inputs, config.seed) or finish(inputs)
    rows = _arrays(made, data, data.train, opened.train, changed)
    size = min(train.batch_size, len(rows))
    part = Part(
        rows.inputs,
        size,
        train_steps(model, rows, size),
        Pace(1 if listens_to_batches(own) else None),
        _of_train(made, data, inputs, opened, rows, measures, emit),
        rows.counts if divided_by_rows(model) else 1.0,
    )
    return Training(
        model,
        part,
        _validation(made, data, inputs, opened, train.batch_size, measures),
        own,
        Progress(emit, learning_rate(model.optimizer)),
        watch,
        checkpoints,
        config.seed,
        emit,
        stop,
    )


def _validation(
    made: Network, data: TrainingData, inputs: Inputs, opened: Opened, batch: int, measures: Measures
) -> Part | None:
    if not data.validation or opened.validation is None:
        return None
    rows = _arrays(made, data, data.validation, opened.validation, finish(inputs)).balanced()
    size = min(max(_together(rows), batch), len(rows))
    steps = test_steps(made.model, rows, size)
    steps.order(None)
    assert data.validation.y is not None
    more = _at_once(made, data, data.validation.y.to_numpy(), inputs, opened, measures, lambda: rows.in_order(size))
    return Part(rows.inputs, size, steps, Pace(), more)


def _of_train(
    made: Network, data: TrainingData, inputs: Inputs, opened: Opened, rows: Arrays, measures: Measures, emit: Emit
) -> Callable[[], Logs] | None:
    """What measures the first training rows as the validation rows are; None where nobody looks at it."""
    decides = measures.watched is not None and measures.watched[0].startswith("train_")
    if not measures.gathered or not (data.watched or decides):
        return None
    names = ", ".join(f"train_{item if isinstance(item, str) else item[0]}" for item in measures.gathered)
    which = f"the first {MOST:,} training rows" if len(rows) > MOST else "the training rows"
    emit(Log(f"{names}: measured by one more pass over {which} after each epoch"))
    assert data.train.y is not None
    y = data.train.y.iloc[:MOST].to_numpy()
    return _at_once(made, data, y, inputs, opened, measures, lambda: rows.in_order(_together(rows), MOST))


def _at_once(
    made: Network,
    data: TrainingData,
    y: np.ndarray,
    inputs: Inputs,
    opened: Opened,
    measures: Measures,
    batches: Callable[[], Iterator[np.ndarray]],
) -> Callable[[], Logs] | None:
    if not measures.gathered:
        return None
    row = opened.first.shape[1:], opened.first.dtype.name
    return gathered(measures.gathered, made, data.task, y, data.classes, *row, lambda: map(inputs.finished, batches()))


def _together(rows: Arrays) -> int:
    return batch_rows(prod(rows.inputs.shape[1:]))


def _arrays(
    made: Network,
    data: TrainingData,
    rows: Rows,
    inputs: np.ndarray | Streamed,
    done: Callable[[Any], Any] | None,
) -> Arrays:
    weight = None if rows.weight is None else rows.weight.to_numpy(dtype=np.float32)
    return Arrays(inputs, made.target(data, rows), weight, done)


def _watch(train: KerasTrain, measures: Measures) -> Watch | None:
    if train.early_stopping is None and "early_stopping" in train.beside:
        metric, higher = measures.watched or ("train_loss", False)
        return Watch(metric, higher, PATIENCE)
    return measures.watch(train.early_stopping)


def _interval(train: KerasTrain) -> int | None:
    if train.checkpoint_interval is None and "model_checkpoint" in train.beside:
        return 1
    return train.checkpoint_interval
