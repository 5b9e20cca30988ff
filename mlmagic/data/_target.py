"""Which column is learned, and from which others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from mlmagic._suggest import closest
from mlmagic.data._given import given, in_another_order, no_column
from mlmagic.data._images import is_image
from mlmagic.data._shown import listing
from mlmagic.errors import Fault, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Collection

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


def choose(frame: pd.DataFrame, config: SplitConfig, beside: Collection[str] = (), *, past: bool = False) -> Choice:
    """Find target and features.

    Parameters
    ----------
    beside
        Columns that are features only if they are named as such.
    past
        Whether the target's own past may be learned from.

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
        values = given(frame, config.target, "target")
        target, why = str(values.name), f"given as {config.target}"
        warnings = _about_given(frame, config.target, target)
    faults = _target_faults(frame, config.target) + _feature_faults(
        frame, config.feature_columns, target, beside, past=past
    )
    if faults:
        raise InvalidConfiguration(faults)
    features = config.feature_columns or [name for name in frame.columns if name != target and name not in beside]
    images = [name for name in features if is_image(frame[name])]
    if images and config.feature_columns is None and len(features) > len(images):
        others = listing(name for name in features if name not in images)
        warnings.append(f"Beside the images of {images[0]!r} these columns are left out: {others}")
        features = images
    return Choice(target, values, why, list(features), warnings)


def _named(frame: pd.DataFrame, target: str | None) -> tuple[str, str]:
    if target is not None:
        return target, "named by target"
    for name in _USUAL:
        if name in frame.columns:
            return name, f"no target named: the column is called {name}"
    return str(frame.columns[-1]), "no target named: the last column"


def _about_given(frame: pd.DataFrame, reference: Reference, target: str) -> list[str]:
    warnings = []
    if target in frame.columns:
        warnings.append(f"Column {target!r} of the data is left out of the features: {reference} has the same name")
    index = getattr(reference.value, "index", None)
    if isinstance(index, pd.Index) and in_another_order(index, frame.index):
        warnings.append(
            f"{reference} has the index of the data in another order; its values were put in the data's order"
        )
    return warnings


def _target_faults(frame: pd.DataFrame, target: object) -> list[Fault]:
    if not isinstance(target, str) or target in frame.columns:
        return []
    return [no_column(frame, "target", target)]


def _feature_faults(
    frame: pd.DataFrame, features: list[str] | None, target: str, beside: Collection[str], *, past: bool
) -> list[Fault]:
    if features is None:
        if past or len(frame.columns.difference([target, *beside])):
            return []
        if is_image(frame[target]):
            way = "give each label a folder of its own, or the labels beside the images: target: $y"
            return [Fault("target", f"The images have no label: {way}")]
        return [Fault("data", f"The data has no column beside the target {target!r} to learn from")]
    faults = [] if features else [Fault("featureColumns", "featureColumns names at least one column, but it is empty")]
    for position, name in enumerate(features):
        fault = _feature_fault(frame, features[:position], name, None if past else target)
        if fault is not None:
            path = f"featureColumns[{position}]"
            faults.append(Fault(path, fault, value=name, suggestion=_suggested(frame, name, target)))
    return faults


def _feature_fault(frame: pd.DataFrame, before: list[str], name: str, target: str | None) -> str | None:
    if name == target:
        return f"featureColumns has the target {name!r}: a model would only copy it. Take it out."
    if name in before:
        return f"featureColumns names {name!r} twice."
    if name not in frame.columns:
        return f"featureColumns names no column: {name!r}. The data has {listing(frame.columns)}."
    return None


def _suggested(frame: pd.DataFrame, name: str, target: str) -> str | None:
    return None if name in frame.columns or name == target else closest(name, frame.columns)
