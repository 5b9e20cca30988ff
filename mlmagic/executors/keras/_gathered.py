"""Metrics that need all predictions at once, measured on the validation rows after each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlmagic.evaluation import Points
from mlmagic.executors.keras._outputs import probabilities
from mlmagic.executors.keras._predict import outputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlmagic.data import TrainingData
    from mlmagic.evaluation import Asked
    from mlmagic.executors.keras._network import Network


def gathered(
    metrics: Sequence[Asked],
    made: Network,
    data: TrainingData,
    shape: tuple[int, ...],
    dtype: str,
    batches: Callable[[], Iterable[np.ndarray]],
) -> Callable[[], dict[str, float]]:
    """What measures the network as it is now.

    Parameters
    ----------
    shape, dtype
        Of a row.
    batches
        Gives the validation rows in order, as the network takes them.
    """
    assert data.validation is not None
    assert data.validation.y is not None
    points = Points(metrics, data.task, data.validation.y.to_numpy(), data.classes)
    outputs = outputs_of(made.model, shape, dtype)

    def measure() -> dict[str, float]:
        found = np.concatenate([outputs(batch) for batch in batches()])
        if data.classes is None:
            values = found.reshape(-1).astype(np.float64)
            if made.scale is not None:
                values = values * made.scale.spread + made.scale.mean
            return points.of_numbers(values)
        return points.of_probabilities(probabilities(found, made.kind))

    return measure
