"""Inner folds of a search, and of what else cross-validates while it is fitted: groups of rows are kept together.

So they are in an estimator and in the steps of a pipeline; of others, and of shares of rows, is told that they are not.
"""

from __future__ import annotations

from contextlib import contextmanager
from numbers import Integral
from typing import TYPE_CHECKING, Any

from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.events import Emit, Log

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pandas as pd

    from mlmagic.data import Rows, Task

# To these cv=None is no cross-validation, or one that leaves single rows out; to all others of scikit-learn five folds.
_NONE_IS_NO_FOLDS = ("ClassifierChain", "RegressorChain", "RidgeCV", "RidgeClassifierCV")
# It encodes rows by the target of others, and takes no folds but a number of them.
_ENCODES = "TargetEncoder"
_MISSING = "'groups' parameter should not be None"


@contextmanager
def together(estimator: Any, X: Any, rows: Rows, task: Task, emit: Emit) -> Iterator[None]:
    """Let an estimator, or the steps of a pipeline, cross-validate by the rows' groups while it is fitted.

    The folds are given as positions, which every ``cv`` takes; ``groups=`` is an argument of a search's ``fit`` alone,
    and of others' only where metadata routing is on. Afterwards ``cv`` is what it was.
    """
    own: dict[str, Any] = {}
    try:
        if rows.group is not None and rows.y is not None:
            parts = _parts(estimator)
            for path, part in parts.items():
                if (splitter := _splitter(part, rows.group, task, emit)) is not None:
                    own[path] = part.cv
                    part.set_params(cv=list(splitter.split(X, rows.y.to_numpy(), rows.group.to_numpy())))
            _tell_deeper(estimator, parts, emit)
        yield
    finally:
        if own:
            estimator.set_params(**own)


def groups_missing(estimator: Any, rows: Rows, error: ValueError) -> InvalidConfiguration | None:
    """The error of a splitter that was not told the groups; None where it is another."""
    if _MISSING not in str(error):
        return None
    name = type(estimator).__name__
    if rows.group is None:
        message = f"{name} cross-validates by groups, and the rows have none"
        way_out = "Name the column that tells what the rows belong to: groups: patient_id"
    else:
        message = f"{name} holds an estimator that cross-validates by groups, which only {name} itself is told"
        way_out = "Give that estimator a cv without groups, as cv=5, or train it by itself"
    return InvalidConfiguration([Fault("config.model", message)], solution=way_out)


def _parts(estimator: Any) -> dict[str, Any]:
    """What may cross-validate, by the parameter that holds its folds."""
    steps = getattr(estimator, "steps", None)
    found = {"cv": estimator} if steps is None else {f"{name}__cv": step for name, step in steps}
    return {path: part for path, part in found.items() if hasattr(part, "cv") and hasattr(part, "set_params")}


def _tell_deeper(estimator: Any, parts: Collection[str], emit: Emit) -> None:
    """Tell of what cross-validates inside something else, which alone is told the rows that it gets."""
    params = estimator.get_params()
    deeper = [params.get(path.removesuffix("__cv")) for path in params if path.endswith("__cv") and path not in parts]
    for part in deeper:
        if hasattr(part, "cv") and (_counts(part) or isinstance(part.cv, float) or _parts_groups(part.cv)):
            text = f"The inner folds of {type(part).__name__}, which another estimator holds, may part groups"
            emit(Log(f"{text}: train it by itself to keep them", "warning"))


def _splitter(part: Any, group: pd.Series, task: Task, emit: Emit) -> Any:
    """What parts the rows by groups; None where their own folds stay."""
    name, cv = type(part).__name__, part.cv
    if hasattr(cv, "split"):
        if not _parts_groups(cv):
            return cv
        emit(Log(f"The inner folds of {name}, {cv}, part groups: give it cv=GroupKFold(5) to keep them", "warning"))
        return None
    if isinstance(cv, float):
        emit(Log(f"The rows that {name} holds out, cv={cv}, may part groups: give it a number of folds", "warning"))
    if not _counts(part):
        return None
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    kind, count = StratifiedGroupKFold if task == "classification" else GroupKFold, min(cv or 5, group.nunique())
    if count < 2:
        message = (
            f"The training rows are all of one group, and {name} cross-validates: give more groups, or leave groups out"
        )
        raise InvalidConfiguration([Fault("config.groups", message, value=str(group.iloc[0]))])
    emit(Log(f"The inner folds of {name} keep groups together: {kind.__name__}({count}) in place of cv={cv}"))
    return kind(count)


def _counts(part: Any) -> bool:
    """Whether ``cv`` is a number of folds."""
    kind = type(part)
    if kind.__name__ == _ENCODES:
        return False
    usual = kind.__module__.startswith("sklearn.") and kind.__name__ not in _NONE_IS_NO_FOLDS
    return isinstance(part.cv, Integral) or (part.cv is None and usual)


def _parts_groups(cv: Any) -> bool:
    """Whether it is a splitter that looks at no groups; one that is not scikit-learn's may."""
    routing = getattr(cv, "get_metadata_routing", None)
    return routing is not None and "groups" not in routing().split.requests
