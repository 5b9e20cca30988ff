"""What is wrong with hyperparameters, as scikit-learn's own validation finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic._suggest import closest
from mlmagic.errors import Fault
from mlmagic.executors.sklearn import _ranges
from mlmagic.executors.sklearn._build import blank, name_of

if TYPE_CHECKING:
    from mlmagic.executors.sklearn.config import SklearnTrain


def unknown(train: SklearnTrain, estimator: Any, name: str, known: dict[str, Any]) -> Fault:
    """The fault of a hyperparameter that the estimator does not have."""
    meant = closest(name, known)
    what = _ranges.valid(estimator, meant) if meant else None
    hint = f" {meant} takes {what}." if what else ""
    others = "" if meant else f"; it has {', '.join(sorted(known))}"
    return Fault(
        f"config.hyperparameters.{name}",
        f"{name_of(train)} has no hyperparameter {name!r}{others}.{hint}",
        value=train.hyperparameters[name],
        suggestion=meant,
    )


def invalid(train: SklearnTrain, estimator: Any) -> list[Fault]:
    """The faults that the estimator's own validation finds, one for each value."""
    if not hasattr(estimator, "_parameter_constraints"):  # an estimator of the user's own has none
        return []
    faults: list[Fault] = []
    while True:
        try:
            estimator._validate_params()
        except ValueError as error:
            text = str(error)
            name = next((key for key in train.hyperparameters if f"'{key}'" in text), None)
            if name is None or any(fault.path.endswith(f".{name}") for fault in faults):
                return [*faults, Fault("config.hyperparameters", text)]
            faults.append(Fault(f"config.hyperparameters.{name}", text, value=train.hyperparameters[name]))
            # The default takes its place, so that the next fault shows.
            estimator.set_params(**{name: blank(train).get_params()[name]})
        else:
            return faults
