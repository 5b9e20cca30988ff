"""Predictions for raw rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import Outcome, Predictions, most_probable
from mlmagic.executors._networks._inputs import restored
from mlmagic.executors.keras import _backend
from mlmagic.executors.keras._model import image_shape, scales_itself
from mlmagic.executors.keras._outcome import KerasOutcome
from mlmagic.executors.keras._outputs import probabilities

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.data import Rows


def predict(outcome: Outcome, rows: Rows) -> Predictions:
    """Predict with the model as it is, on the device that :func:`place` chose, else on the one that Keras takes.

    Raises
    ------
    ModelLoadingError
        If it gives something else than a number or a number a class for each row.
    """
    assert isinstance(outcome, KerasOutcome)
    inputs = restored(
        outcome.preparation,
        outcome.about.get("reading"),
        rows,
        expected=image_shape(outcome.model),
        last=True,
        scaling="none" if scales_itself(outcome.model) else "minmax",
    )
    device = outcome.device or ("gpu:0" if _backend.has_gpu() else "cpu:0")
    size = inputs.together(rows)
    with _backend.on(device), _backend.device_errors(device, min(size, len(rows)), outcome.model.count_params()):
        parts = map(inputs.finished, inputs.batches(rows, size))
        outputs = np.concatenate([_function(outcome, part)(part) for part in parts])
    return _read(outcome, outputs, _backend.facts(device))


def place(outcome: Outcome, config: RunConfig) -> Outcome:
    """The model for the device that the config wants; the same where it wants none, or there is no such device."""
    assert isinstance(outcome, KerasOutcome)
    if config.gpu_enabled is None or (config.gpu_enabled and not _backend.has_gpu()):
        return outcome
    return replace(outcome, device="gpu:0" if config.gpu_enabled else "cpu:0")


def _read(outcome: KerasOutcome, outputs: np.ndarray, facts: dict[str, Any]) -> Predictions:
    """What the outputs say."""
    if outputs.ndim > 2:
        raise ModelLoadingError(
            f"{outcome.model.name} gives shape {outputs.shape}, where rows have one number each, or one a class",
            solution="Give a model whose last layer gives a tensor of shape (rows, classes)",
        )
    if outcome.about["outputs"] == "numbers" and outputs[:1].size == 1:
        return Predictions(outputs.reshape(-1).astype(np.float64), metadata=facts)
    found = probabilities(outputs, outcome.about["outputs"])
    chosen = most_probable(found)
    # A model of somebody else's does not tell its labels: its classes are their numbers.
    return Predictions(chosen if outcome.classes is None else outcome.classes[chosen], found, facts)


def _function(outcome: KerasOutcome, batch: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Outputs of a batch of such rows, made once."""
    known = batch.shape[1:], batch.dtype.name
    if known not in outcome.functions:
        outcome.functions[known] = outputs_of(outcome.model, *known)
    return outcome.functions[known]


def outputs_of(model: keras.Model, shape: tuple[int, ...], dtype: str) -> Callable[[np.ndarray], np.ndarray]:
    """Outputs of a batch of any size; Keras' own function is compiled anew for each of the first sizes.

    Parameters
    ----------
    shape, dtype
        Of a row.
    """
    if keras.backend.backend() != _backend.TENSORFLOW or model.run_eagerly:
        eager: Callable[[np.ndarray], np.ndarray] = model.predict_on_batch
        return eager
    import tensorflow as tf

    def outputs(batch: Any) -> Any:
        return tf.cast(model.predict_step((batch,)), tf.float32)

    graph = tf.function(outputs, autograph=False).get_concrete_function(tf.TensorSpec((None, *shape), dtype))
    return lambda batch: graph(tf.constant(batch)).numpy()
