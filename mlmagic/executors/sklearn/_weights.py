"""How much rows count, as ``fit`` of an estimator takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.errors import Fault

if TYPE_CHECKING:
    from mlmagic.data import Rows
    from mlmagic.executors.sklearn.config import SklearnTrain


def arguments(estimator: Any, rows: Rows) -> dict[str, Any]:
    """The argument of ``fit`` with the weights of these rows; none where all count alike."""
    return {} if rows.weight is None else {_argument(estimator)[1]: rows.weight.to_numpy()}


def faults(train: SklearnTrain, estimator: Any) -> list[Fault]:
    """The fault of keys that ask for weights where the estimator takes none: one, however many they are."""
    from sklearn.utils.validation import has_fit_parameter

    asked = {"classWeight": train.class_weight, "sampleWeight": train.sample_weight}
    given = [key for key, value in asked.items() if value is not None]
    last = _argument(estimator)[0]
    if not given or has_fit_parameter(last, "sample_weight"):
        return []
    message = f"{type(last).__name__} counts all rows alike, for its fit takes no sample_weight: leave {{}} out"
    return [Fault(f"config.{given[0]}", message.format(" and ".join(given)), value=str(asked[given[0]]))]


def _argument(estimator: Any) -> tuple[Any, str]:
    """The estimator that takes the weights, the last step of a pipeline, and the argument's name."""
    steps = getattr(estimator, "steps", None)
    return (steps[-1][1], f"{steps[-1][0]}__sample_weight") if steps else (estimator, "sample_weight")
