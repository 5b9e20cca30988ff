"""What a network says that is there already."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from mlmagic.executors.pytorch._losses import probabilities
from mlmagic.executors.pytorch._squashed import Watch
from mlmagic.executors.pytorch._trial import forward

if TYPE_CHECKING:
    from mlmagic.data import Task
    from mlmagic.executors._networks._source import Source


def answers(found: Source, task: Task, inputs: np.ndarray) -> np.ndarray:
    """What a network that is there says of inputs: probabilities, shape (n, classes), or numbers, shape (n,).

    Raises
    ------
    InvalidConfiguration
        If it fails: its shapes do not fit the data.
    """
    with Watch() as seen:
        outputs: Any = forward(copy.deepcopy(found.given), torch.from_numpy(inputs), found)
    if not isinstance(outputs, Tensor) or outputs.ndim not in (1, 2):
        return np.empty((len(inputs), 0))
    said = outputs if task == "regression" else probabilities(outputs.double(), seen.squashed(outputs))
    return np.asarray(said)
