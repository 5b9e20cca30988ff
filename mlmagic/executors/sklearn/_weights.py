"""How much rows count, as ``fit`` of an estimator takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.errors import Fault
from mlmagic.executors._weighed import weighed_twice

if TYPE_CHECKING:
    from mlmagic.data import Rows
    from mlmagic.executors.sklearn.config import SklearnTrain


def arguments(estimator: Any, rows: Rows) -> dict[str, Any]:
    """The argument of ``fit`` with the weights of these rows; none where all count alike."""
    return {} if rows.weight is None else {_argument(estimator)[1]: rows.weight.to_numpy()}


def faults(train: SklearnTrain, estimator: Any) -> list[Fault]:
    """The fault of keys that ask for weights where the estimator takes none: one, however many they are."""
    asked = {"classWeight": train.class_weight, "sampleWeight": train.sample_weight}
    given = [key for key, value in asked.items() if value is not None]
    last = _argument(estimator)[0]
    if not given or _takes(last):
        return weighed_twice(train.class_weight, _own(last))
    message = f"{type(last).__name__} counts all rows alike, for its fit takes no sample_weight: leave {{}} out"
    return [Fault(f"config.{given[0]}", message.format(" and ".join(given)), value=str(asked[given[0]]))]


def _own(estimator: Any) -> dict[str, Any]:
    """The weights of labels of an estimator that is given weights, and of those that it hands them on to."""
    found = {name: value for name, value in estimator.get_params(deep=False).items() if name.endswith("class_weight")}
    for inner in _inner(estimator):
        found |= {name: value for name, value in _own(_argument(inner)[0]).items() if value is not None}
    return found


# They hand **fit_params on to what they hold, also where metadata routing is off.
_HAND_ON = (
    "BaseSearchCV",
    "RFE",
    "StackingClassifier",
    "StackingRegressor",
    "TransformedTargetRegressor",
    "VotingClassifier",
    "VotingRegressor",
)


def _takes(estimator: Any) -> bool:
    from sklearn.utils.validation import has_fit_parameter

    if has_fit_parameter(estimator, "sample_weight"):
        return True
    if not any(kind.__name__ in _HAND_ON for kind in type(estimator).__mro__):
        return False
    return all(map(_takes, _inner(estimator)))


def _inner(estimator: Any) -> list[Any]:
    """What an estimator fits; not what it leaves to scikit-learn's defaults, which take weights."""
    held = [getattr(estimator, name, None) for name in ("estimator", "regressor", "final_estimator")]
    several = [item for _, item in getattr(estimator, "estimators", None) or ()]
    return [item for item in (*held, *several) if item is not None and not isinstance(item, str)]


def _argument(estimator: Any) -> tuple[Any, str]:
    """The estimator that takes the weights, the last step of a pipeline or of a search's, and the argument's name."""
    inner = getattr(estimator, "estimator", None)
    searched = inner if any(kind.__name__ == "BaseSearchCV" for kind in type(estimator).__mro__) else None
    steps = getattr(estimator if searched is None else searched, "steps", None)
    if not steps:
        return estimator, "sample_weight"
    name, step = steps[-1]
    last, argument = _argument(step)
    return last, f"{name}__{argument}"
