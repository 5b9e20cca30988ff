"""The estimator that a config asks for."""

from __future__ import annotations

import sys
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic.alias_generators import to_snake

from mlmagic._suggest import closest
from mlmagic.config import Reference
from mlmagic.errors import Fault
from mlmagic.executors._boosting import _objectives
from mlmagic.executors._boosting._objectives import PATH
from mlmagic.executors._boosting.config import BoostingTrain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.config import RunConfig
    from mlmagic.data import Task
    from mlmagic.executors._boosting._library import Library

# An argument of ``fit`` in some libraries, a hyperparameter in others.
METRIC = "eval_metric"
# The first that people set; a library has a hundred.
_USUAL = ("n_estimators", "learning_rate", "max_depth", "subsample", "reg_lambda", "objective", METRIC)


# Of the share of letters in common.
_A_LITTLE = 0.15


class Given(NamedTuple):
    """A hyperparameter as the user spelt it, and its value."""

    spelt: str
    value: Any


def is_of(package: str, value: Any) -> bool:
    """Whether an object's type comes from a package, or a subclass of such a type. Imports nothing."""
    return package in sys.modules and any(kind.__module__.partition(".")[0] == package for kind in type(value).__mro__)


def kin(library: Library, estimator: Any) -> str | None:
    """The library's own class that an object is of, or of a subclass of; None for anything else."""
    if not is_of(library.package, estimator):
        return None
    return next((kind.__name__ for kind in type(estimator).__mro__ if kind.__name__ in library.estimators), None)


def named(library: Library, train: BoostingTrain, task: Task | None) -> str | None:
    """The class name of the estimator; None where the task has to decide and is not known yet."""
    if train.model is not None:
        return kin(library, train.model.value)
    if (name := train.algorithm or _objectives.usual(library, train)) or task is None:
        return name
    wanted = "classifier" if task == "classification" else "regressor"
    return next(name for name, kind in library.estimators.items() if kind == wanted)


def hyperparameters(library: Library, train: BoostingTrain, name: str) -> tuple[dict[str, Given], list[Fault]]:
    """The user's hyperparameters under the estimator's own names.

    Returns
    -------
    dict
        Those that it has.
    list
        A fault of each other: that it does not have, that is given twice, or that is a key of the run.
    """
    own = library.spellings(library.estimator_class(name))
    found: dict[str, Given] = {}
    faults: list[Fault] = []
    for key, value in train.hyperparameters.items():
        spelt = str(key)
        if spelt in library.reserved:
            faults.append(_reserved(library, name, spelt, value))
        elif spelt not in own:
            faults.append(_unknown(name, spelt, value, own))
        elif own[spelt] in found:
            message = f"{spelt} and {found[own[spelt]].spelt} are two names of one hyperparameter: keep one."
            faults.append(Fault(f"{PATH}.{spelt}", message, value=value))
        else:
            found[own[spelt]] = Given(spelt, _value(value))
    return found, faults


def make(library: Library, config: RunConfig, name: str, given: Mapping[str, Given]) -> Any:
    """A new estimator with these hyperparameters and the run's seed, never the user's own object."""
    train: BoostingTrain = config.config  # type: ignore[assignment]
    blank = library.estimator_class(name)() if train.model is None else library.copy(train.model.value)
    known = blank.get_params()
    values = {key: item.value for key, item in given.items() if key != METRIC or key in known}
    unset = {key: value for key, value in library.defaults(config).items() if known.get(key) is None}
    return blank.set_params(**{**unset, **values})


def metrics(given: Mapping[str, Given], estimator: Any) -> Any:
    """The metrics that the user asks for: by hyperparameter, or those of an estimator of the notebook."""
    return given[METRIC].value if METRIC in given else estimator.get_params().get(METRIC)


def _value(item: Any) -> Any:
    if isinstance(item, list):
        return [_value(inner) for inner in item]
    return item.value if isinstance(item, Reference) else item


def _unknown(name: str, spelt: str, value: Any, own: Mapping[str, str]) -> Fault:
    path, message = f"{PATH}.{spelt}", f"{name} has no hyperparameter {spelt!r}"
    called = {**BoostingTrain.called({}), "optimizer": None}
    word = to_snake(spelt)
    if word in called and called[word] is None:
        return Fault(path, f"{message}: trees know nothing of the kind, leave it out.", value=value)
    meant = called.get(word) or _meant(spelt, own)
    if word in called:
        return Fault(path, f"{message}; it calls it {meant}.", value=value, suggestion=meant)
    known = "" if meant else f"; among those it has are {', '.join(key for key in _USUAL if key in own)}"
    return Fault(path, f"{message}{known}.", value=value, suggestion=meant)


def _meant(spelt: str, own: Mapping[str, str]) -> str | None:
    """The name most like it; the estimator's own, which people know, before a second one that is a little nearer."""
    nearest = closest(spelt, own)
    if nearest is None:
        return None
    known, near = (SequenceMatcher(None, spelt, name).ratio() for name in (own[nearest], nearest))
    return own[nearest] if known > near - _A_LITTLE else nearest


def _reserved(library: Library, name: str, spelt: str, value: Any) -> Fault:
    meant = library.reserved[spelt].format(value)
    message = f"{spelt} of {name} is given by a key of the run: {meant.partition(':')[0]}."
    return Fault(f"{PATH}.{spelt}", message, value=value, suggestion=meant)
