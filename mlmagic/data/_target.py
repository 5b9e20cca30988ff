"""Which column is learned, and from which others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic.data._near import listing, near
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from mlmagic.data._config import Reference, SplitConfig

_USUAL = ("label", "target", "y")


@dataclass(frozen=True)
class Choice:
    """The target's name, its values beside the rows of the table, why this one, and the features' names."""

    target: str
    values: pd.Series
    why: str
    features: list[str]
    warnings: list[str]


def choose(frame: pd.DataFrame, config: SplitConfig) -> Choice:
    """Find target and features.

    Raises
    ------
    InvalidConfiguration
        With every column that is not there, or that is target and feature at once.
    DataLoadingError
        If a target given as values does not fit the table.
    """
    if isinstance(config.target, str) or config.target is None:
        target, why = _named(frame, config.target)
        values, warnings = (frame[target] if target in frame.columns else pd.Series(dtype=object)), []
    else:
        values = _given(frame, config.target)
        target, why = str(values.name), f"given as {config.target}"
        warnings = _about_given(frame, config.target, target)
    faults = _target_faults(frame, config.target) + _feature_faults(frame, config.feature_columns, target)
    if faults:
        raise InvalidConfiguration(faults)
    features = config.feature_columns or [name for name in frame.columns if name != target]
    return Choice(target, values, why, list(features), warnings)


def _named(frame: pd.DataFrame, target: str | None) -> tuple[str, str]:
    if target is not None:
        return target, "named by target"
    for name in _USUAL:
        if name in frame.columns:
            return name, f"no target named: the column is called {name}"
    return str(frame.columns[-1]), "no target named: the last column"


def _given(frame: pd.DataFrame, reference: Reference) -> pd.Series:
    values = _as_series(reference.value, reference)
    if len(values) != len(frame):
        raise DataLoadingError(
            f"target: {reference} has {len(values)} values, but the data has {len(frame)} rows",
            solution="Give a target with one value for each row of the data, in the same order",
        )
    if _same_rows_in_another_order(values.index, frame.index):
        values = values.reindex(frame.index)
    name = values.name if isinstance(values.name, str) else str(reference).lstrip("$").split(".")[-1]
    return values.set_axis(frame.index).rename(name)


def _as_series(value: Any, reference: Reference) -> pd.Series:
    if isinstance(value, pd.DataFrame) and value.shape[1] == 1:
        return value.iloc[:, 0]
    if isinstance(value, pd.Series):
        return value
    if callable(getattr(value, "to_pandas", None)) and isinstance(value.to_pandas(), pd.Series):
        return pd.Series(value.to_pandas())
    array = value if isinstance(value, np.ndarray) else np.asarray(value, dtype=object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataLoadingError(
            f"target: {reference} is one value a row, but it is a {type(value).__name__} of shape {array.shape}",
            solution="Give a Series, a list or an array of shape (rows,)",
        )
    return pd.Series(array).infer_objects()


def _about_given(frame: pd.DataFrame, reference: Reference, target: str) -> list[str]:
    warnings = []
    if target in frame.columns:
        warnings.append(f"Column {target!r} of the data is left out of the features: {reference} has the same name")
    index = getattr(reference.value, "index", None)
    if isinstance(index, pd.Index) and _same_rows_in_another_order(index, frame.index):
        warnings.append(
            f"{reference} has the index of the data in another order; its values were put in the data's order"
        )
    return warnings


def _same_rows_in_another_order(index: pd.Index, rows: pd.Index) -> bool:
    if index.equals(rows) or not (index.is_unique and rows.is_unique):
        return False
    return len(index.intersection(rows)) == len(rows)


def _target_faults(frame: pd.DataFrame, target: object) -> list[Fault]:
    if not isinstance(target, str) or target in frame.columns:
        return []
    message = f"target names no column: {target!r}. The data has {listing(frame.columns)}."
    return [Fault("target", message, value=target, suggestion=near(target, frame.columns))]


def _feature_faults(frame: pd.DataFrame, features: list[str] | None, target: str) -> list[Fault]:
    if features is None:
        if len(frame.columns.difference([target])):
            return []
        return [Fault("data", f"The data has no column beside the target {target!r} to learn from")]
    faults = [] if features else [Fault("featureColumns", "featureColumns names at least one column, but it is empty")]
    for position, name in enumerate(features):
        fault = _feature_fault(frame, features[:position], name, target)
        if fault is not None:
            path = f"featureColumns[{position}]"
            faults.append(Fault(path, fault, value=name, suggestion=_suggested(frame, name, target)))
    return faults


def _feature_fault(frame: pd.DataFrame, before: list[str], name: str, target: str) -> str | None:
    if name == target:
        return f"featureColumns has the target {name!r}: a model would only copy it. Take it out."
    if name in before:
        return f"featureColumns names {name!r} twice."
    if name not in frame.columns:
        return f"featureColumns names no column: {name!r}. The data has {listing(frame.columns)}."
    return None


def _suggested(frame: pd.DataFrame, name: str, target: str) -> str | None:
    return None if name in frame.columns or name == target else near(name, frame.columns)
