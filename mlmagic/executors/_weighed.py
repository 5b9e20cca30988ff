"""Labels that count differently: what the two losses of a run make of it, and two keys that ask for it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.data import TrainingData


def weighed_twice(class_weight: Any, own: Mapping[str, Any]) -> list[Fault]:
    """The fault of labels that would count by the run's weights times the estimator's own; none where one is neutral.

    Parameters
    ----------
    class_weight
        What ``classWeight`` asks for; None for nothing.
    own
        The estimator's hyperparameters that make labels count differently, by name.
    """
    given = {name: value for name, value in own.items() if not _is_neutral(value)}
    if class_weight is None or not given:
        return []
    name, value = next(iter(given.items()))
    message = f"classWeight and the estimator's own {name}={value!r} would be multiplied: give one of the two"
    return [Fault("config.classWeight", message, value=str(class_weight))]


def losses_apart(data: TrainingData) -> str | None:
    """What to know of the loss curves where labels count differently in training; None where they are alike."""
    if data.class_weight is None or not data.validation or not data.watched:
        return None
    how = "once" if data.sample_weight is None else "by its sampleWeight alone"
    return (
        f"classWeight counts in train_loss and not in val_loss, where each row counts {how}: the two curves differ by "
        "more than fit"
    )


def _is_neutral(value: Any) -> bool:
    """Whether a hyperparameter leaves all labels alike; True does not, although it equals 1."""
    if value is None or isinstance(value, bool):
        return not value
    return isinstance(value, (int, float, str)) and value in (1, "None")
