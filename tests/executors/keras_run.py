"""Runs of the Keras executor without a job around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from mlmagic.config import resolve
from mlmagic.data import training_data
from mlmagic.executors.keras.executor import KerasExecutor
from tests.executors.torch_run import Run


def prepare(
    frame: pd.DataFrame, *, names: dict[str, Any] | None = None, directory: Path | None = None, **keys: Any
) -> Run:
    """A run on a table, its config checked as a cell's is; ``names`` are the notebook's variables."""
    values = {"frame": frame, **(names or {})}
    flat = {"action": "train", "framework": "keras", "data": "$frame", "gpuEnabled": False, **keys}
    config = resolve(flat).bind(lambda reference: values[reference.name])
    config = config.model_copy(update={"output_dir": directory})
    task = KerasExecutor().task(config)
    data = training_data(frame, config.train, config.seed, config.train.default_validation_split, task)
    return Run(config, data, KerasExecutor())  # type: ignore[arg-type]
