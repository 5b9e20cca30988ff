"""Metrics that need all predictions at once, measured after each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlmagic.evaluation import Points
from mlmagic.executors.keras._outputs import probabilities
from mlmagic.executors.keras._predict import outputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlmagic.data import Task
    from mlmagic.evaluation import Asked
    from mlmagic.executors.keras._network import Network


def gathered(
    metrics: Sequence[Asked],
    made: Network,
    task: Task,
    y: np.ndarray,
    classes: np.ndarray | None,
    shape: tuple[int, ...],
    dtype: str,
    batches: Callable[[], Iterable[np.ndarray]],
) -> Callable[[], dict[str, float]]:
    """What measures the network as it is now.

    Parameters
    ----------
    y
        The target of the rows that are measured, shape (n,).
    classes
        The labels of the training rows in order, shape (k,); None where numbers are predicted.
    shape, dtype
        Of a row.
    batches
        Gives these rows in order, as the network takes them.
    """
    points = Points(metrics, task, y, classes)
    outputs = outputs_of(made.model, shape, dtype)

    def measure() -> dict[str, float]:
        found = np.concatenate([outputs(batch) for batch in batches()])
        if classes is None:
            values = found.reshape(-1).astype(np.float64)
            if made.scale is not None:
                values = values * made.scale.spread + made.scale.mean
            return points.of_numbers(values)
        return points.of_probabilities(probabilities(found, made.kind))

    return measure
