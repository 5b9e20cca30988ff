"""What a user gives, without the config's own models."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pandas as pd
from palmerpenguins import load_penguins

from mlmagic.data import TrainingData, split


@dataclass
class Named:
    value: Any
    name: str = "$df"

    def __str__(self) -> str:
        return self.name


def config(**given: Any) -> SimpleNamespace:
    unset = {
        "data": None,
        "data_path": None,
        "target": None,
        "feature_columns": None,
        "task": None,
        "test_split": 0.2,
        "validation_split": None,
        "prepare": "auto",
        "class_weight": None,
        "sample_weight": None,
        "groups": None,
        "reads_text": False,
        "prepares_itself": False,
    }
    return SimpleNamespace(**unset | given)


def penguins() -> pd.DataFrame:
    return load_penguins()


def split_by(
    frame: pd.DataFrame, *, seed: int = 0, validation: float = 0.0, estimator: Any = None, **given: Any
) -> TrainingData:
    return split(frame, config(**given), seed, validation, estimator)
