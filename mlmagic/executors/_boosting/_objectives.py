"""The objective that a config names, and which estimators it is for: it decides where no estimator is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlmagic._suggest import closest, listed
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._boosting._derivatives import complaint

if TYPE_CHECKING:
    from mlmagic.data import TrainingData
    from mlmagic.executors._boosting._library import Library
    from mlmagic.executors._boosting.config import BoostingTrain, Kind

PATH = "config.hyperparameters"
# For which a function of the notebook is asked.
ROWS = 24


class Objective(NamedTuple):
    """An objective by name.

    Attributes
    ----------
    spelt, value
        The hyperparameter and its value, as the user wrote them.
    name
        Its name without settings, as the library's table has it; None where that does not know it.
    kinds
        Which estimators take it; one alone is what it asks for.
    """

    spelt: str
    value: str
    name: str | None
    kinds: tuple[Kind, ...]

    @property
    def fault_path(self) -> str:
        """Where an error points."""
        return f"{PATH}.{self.spelt}"

    def __str__(self) -> str:
        return f"{self.spelt}: {self.value}"


def given(library: Library, train: BoostingTrain) -> Objective | None:
    """The objective that the hyperparameters name; None where they name none, or give a function."""
    for spelt in library.objective_spellings:
        value = train.hyperparameters.get(spelt)
        if isinstance(value, str):
            known = library.objectives
            name = next((name for name in (value, value.partition(library.setting)[0]) if name in known), None)
            return Objective(spelt, value, name, known[name] if name else ())
    return None


def usual(library: Library, train: BoostingTrain) -> str | None:
    """The class name of the estimator that the named objective asks for; None where it leaves that open."""
    objective = given(library, train)
    if objective is None or len(objective.kinds) != 1:
        return None
    return next(name for name, kind in library.estimators.items() if kind == objective.kinds[0])


def require_fit(library: Library, train: BoostingTrain, name: str, data: TrainingData) -> None:
    """Refuse an objective of another kind of estimator, of fewer or more labels than there are, or without a setting.

    Raises
    ------
    InvalidConfiguration
        If that is so.
    """
    objective = given(library, train)
    if objective is None or not objective.kinds:
        return
    kind = library.estimators[name]
    if kind not in objective.kinds:
        key = "algorithm" if train.model is None else "model"
        what = f"algorithm: {name}" if train.model is None else f"model: {train.model}, of type {name},"
        message = f"{objective} is for a {listed(objective.kinds)}, but {what} is a {kind}."
        way_out = f"Leave {key} out, and the objective decides; or give one for a {kind}: {_some(library, kind)}"
        raise _invalid(objective, message, way_out)
    classes = 0 if data.classes is None else len(data.classes)
    if kind == "classifier" and classes > 2 and objective.name in library.two_labels:
        message = f"{objective} tells two labels apart, and the target has {classes}."
        way_out = "Leave the objective out, and the labels decide; or predict numbers: task: regression"
        raise _invalid(objective, message, way_out)
    if kind == "classifier" and classes == 2 and objective.name in library.more_labels:
        message = f"{objective} is for three labels or more, and the target has 2."
        raise _invalid(objective, message, f"Leave the objective out, or take {library.two_labels[0]}")
    setting = library.settings.get(objective.name or "", "")
    if setting and setting.partition(":")[0] not in train.hyperparameters:
        message = f"{objective} needs {setting.partition(':')[0]}, which is not given."
        raise _invalid(objective, message, f"hyperparameters: {{{objective}, {setting}}}")


def told(library: Library, train: BoostingTrain, fault: Fault, classes: int) -> Fault:
    """A complaint of an objective in our words: of what is no objective, and of a function that gives something else.

    Parameters
    ----------
    classes
        How many labels are told apart; 0 for numbers.
    """
    if callable(fault.value) and fault.path.rpartition(".")[2] in library.objective_spellings:
        if classes and not library.functions_classify:
            return fault
        return replace(fault, message=complaint(fault.value, ROWS, classes) or fault.message)
    objective = given(library, train)
    if objective is None or objective.name is not None or fault.path != objective.fault_path:
        return fault
    meant = closest(objective.value, library.objectives)
    known = "" if meant else f"; it has {', '.join(sorted(library.objectives))}"
    message = f"{library.title} has no objective {objective.value!r}{known}."
    return replace(fault, message=message, suggestion=meant)


def _some(library: Library, kind: Kind) -> str:
    return listed([name for name, kinds in library.objectives.items() if kinds == (kind,)][:3])


def _invalid(objective: Objective, message: str, way_out: str) -> InvalidConfiguration:
    fault = Fault(objective.fault_path, message, value=objective.value)
    return InvalidConfiguration([fault], solution=way_out)
