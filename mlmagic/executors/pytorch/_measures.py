"""What tallies the metrics of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.evaluation import Points
from mlmagic.executors.pytorch._losses import probabilities
from mlmagic.executors.pytorch._scores import Accuracy, Confusion, Errors, Gathered, Several, Tally

if TYPE_CHECKING:
    from torch import Tensor

    from mlmagic.data import Task, TrainingData
    from mlmagic.executors._networks._measures import Measures
    from mlmagic.executors.pytorch._network import Network

NewTally = Callable[[], Tally]


def tallies(measures: Measures, data: TrainingData, made: Network) -> tuple[NewTally, NewTally]:
    """What makes a tally of the training rows of one epoch, and one of the validation rows."""
    train = _counting(measures, data, made)
    if not measures.gathered:
        return train, train
    assert data.validation is not None
    assert data.validation.y is not None
    points = Points(measures.gathered, data.task, data.validation.y.to_numpy(), data.classes)
    measure = partial(_measure, points, data.task, made)
    return train, lambda: Several(train(), Gathered(measure))


def _counting(measures: Measures, data: TrainingData, made: Network) -> NewTally:
    if data.classes is None:
        return partial(Errors, made.units.scale.spread if made.units else 1.0, measures.counted)
    if measures.counted == ("accuracy",):
        return partial(Accuracy, made.objective.border)
    return partial(Confusion, len(data.classes), measures.counted, made.objective.border)


def _measure(points: Points, task: Task, made: Network, outputs: Tensor) -> dict[str, float]:
    """Metrics of all validation rows, in the target's own units and labels."""
    if task == "classification":
        return points.of_probabilities(probabilities(outputs.double(), made.objective.squashed).numpy())
    values = outputs.reshape(-1).double()
    if made.units is not None:
        values = values * made.units.scale.spread + made.units.scale.mean
    return points.of_numbers(values.numpy())
