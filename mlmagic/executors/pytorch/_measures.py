"""What tallies the metrics of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.evaluation import Points
from mlmagic.executors.pytorch._losses import probabilities
from mlmagic.executors.pytorch._scores import Accuracy, Confusion, Errors, Gathered, Placed, Several, Tally

if TYPE_CHECKING:
    from torch import Tensor

    from mlmagic.data import Rows, Task, TrainingData
    from mlmagic.executors._networks._measures import Measures
    from mlmagic.executors.pytorch._batches import Shuffled
    from mlmagic.executors.pytorch._network import Network

NewTally = Callable[[], Tally]


def tallies(measures: Measures, data: TrainingData, made: Network, batches: Shuffled) -> tuple[NewTally, NewTally]:
    """What makes a tally of the training rows of one epoch, and one of the validation rows."""
    counting = _counting(measures, data, made)
    if not measures.gathered:
        return counting, counting
    of_train = partial(Placed, _measuring(measures, data, data.train, made), lambda: batches.order)
    train = _both(counting, of_train)
    if data.validation is None:
        return train, counting
    return train, _both(counting, partial(Gathered, _measuring(measures, data, data.validation, made)))


def _both(counting: NewTally, gathering: NewTally) -> NewTally:
    return lambda: Several(counting(), gathering())


def _measuring(
    measures: Measures, data: TrainingData, rows: Rows, made: Network
) -> Callable[[Tensor], dict[str, float]]:
    assert rows.y is not None
    points = Points(measures.gathered, data.task, rows.y.to_numpy(), data.classes)
    return partial(_measure, points, data.task, made)


def _counting(measures: Measures, data: TrainingData, made: Network) -> NewTally:
    if data.classes is None:
        return partial(Errors, made.units.scale.spread if made.units else 1.0, measures.counted)
    if measures.counted == ("accuracy",):
        return partial(Accuracy, made.objective.border)
    return partial(Confusion, len(data.classes), measures.counted, made.objective.border)


def _measure(points: Points, task: Task, made: Network, outputs: Tensor) -> dict[str, float]:
    """Metrics of all rows, in the target's own units and labels."""
    if task == "classification":
        return points.of_probabilities(probabilities(outputs.double(), made.objective.squashed).numpy())
    values = outputs.reshape(-1).double()
    if made.units is not None:
        values = values * made.units.scale.spread + made.units.scale.mean
    return points.of_numbers(values.numpy())
