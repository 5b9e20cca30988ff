"""Rows to learn from without a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from mlmagic.data._beside import beside, beside_faults
from mlmagic.data._checks import inspect
from mlmagic.data._given import about_target, given, no_column
from mlmagic.data._types import Rows, Task, TrainingData
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from mlmagic.data._config import SplitConfig

# Keys that ask for parts of the rows, or look at a target.
_OF_TARGETS = {
    "cross_validation": "crossValidation",
    "class_weight": "classWeight",
    "groups": "groups",
    "metrics": "metrics",
}
_SPLITS = {"test_split": "testSplit", "validation_split": "validationSplit"}


def unsupervised(frame: pd.DataFrame, config: SplitConfig, task: Task) -> TrainingData:
    """All rows, to train on. A target that is named is no feature: it only measures what was found.

    Parameters
    ----------
    frame
        Shape (n, columns). Neither copied deep nor changed.

    Raises
    ------
    InvalidConfiguration
        If target or features are not columns of the data, or a key needs a target.
    DataLoadingError
        If the data is not what training needs.
    """
    if frame.empty:
        raise DataLoadingError("The data is empty", solution="Give data with rows")
    faults = _misplaced(config, task)
    told = {fault.path for fault in faults}
    faults += [fault for fault in (*_unknown(frame, config), *beside_faults(frame, config)) if fault.path not in told]
    if faults:
        raise InvalidConfiguration(faults)
    truth, aside = _truth(frame, config), beside(frame, config)
    name = "" if truth is None else str(truth.name)
    about = [] if config.target is None or isinstance(config.target, str) else about_target(frame, config.target, name)
    X = frame[config.feature_columns or [column for column in frame.columns if column not in {name, *aside.columns}]]
    X, gaps, warnings = _checked(X, as_it_is=config.prepare == "none" or config.prepares_itself)
    facts: dict[str, Any] = {
        "task": task,
        "taskChosen": "what the estimator is made for",
        "targetChosen": "only measures what is found" if name else "none; nothing is predicted",
        "samples": len(X),
        "features": X.shape[1],
        "trainSamples": len(X),
        "warnings": [*_leaking(X, config), *about, *aside.warnings, *warnings],
    }
    if name:
        facts["targetColumn"] = name
    return TrainingData(Rows(X, truth, gaps, aside.weight), None, None, task, name, metadata=facts)


def _misplaced(config: SplitConfig, task: Task) -> list[Fault]:
    what = "a clustering" if task == "clustering" else "a search for outliers"
    why = f"needs a target to predict, and this is {what}"
    found = [
        Fault(key, f"{key} {why}: leave it out")
        for field, key in _OF_TARGETS.items()
        if getattr(config, field, None) is not None
    ]
    given_ = getattr(config, "model_fields_set", ())
    for field, key in _SPLITS.items():
        if field in given_ and (share := getattr(config, field)):
            found.append(Fault(key, f"{key} {why}: all rows train", value=share, suggestion=f"{key}: 0"))
    return found


def _unknown(frame: pd.DataFrame, config: SplitConfig) -> list[Fault]:
    named = {"target": config.target} if isinstance(config.target, str) else {}
    named |= {f"featureColumns[{place}]": name for place, name in enumerate(config.feature_columns or ())}
    faults = [no_column(frame, path, name) for path, name in named.items() if name not in frame.columns]
    if isinstance(config.target, str) and config.target in (config.feature_columns or ()):
        message = f"featureColumns has the target {config.target!r}, which only measures. Take one of them out."
        faults.append(Fault("featureColumns", message, value=config.target))
    return faults


def _truth(frame: pd.DataFrame, config: SplitConfig) -> pd.Series | None:
    if config.target is None:
        return None
    return frame[config.target] if isinstance(config.target, str) else given(frame, config.target, "target")


def _checked(X: pd.DataFrame, *, as_it_is: bool) -> tuple[pd.DataFrame, tuple[str, ...], list[str]]:
    if not X.shape[1]:
        raise DataLoadingError("The data has no column beside the target", solution="Give columns to learn from")
    if as_it_is:
        return X, (), []
    seen = inspect(X)
    if len(seen.empty) == X.shape[1]:
        raise DataLoadingError("Every feature is empty: all values are gaps", solution="Name columns that hold values")
    warnings = [f"Column {name!r} is left out: all its values are gaps" for name in seen.empty]
    return X.drop(columns=list(seen.empty)), tuple(name for name in seen.gaps if name not in seen.empty), warnings


def _leaking(X: pd.DataFrame, config: SplitConfig) -> list[str]:
    """A column that is called like a target and is taken for a feature, since nobody named it."""
    if config.target is not None or config.feature_columns is not None:
        return []
    return [
        f"Column {name!r} is a feature as the others are; to leave it out and measure by it, write target: {name}"
        for name in ("label", "target", "y")
        if name in X.columns
    ]
