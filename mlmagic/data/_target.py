"""Which column is learned, and from which others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from mlmagic._suggest import closest
from mlmagic.data._beside import beside_faults, named_beside
from mlmagic.data._given import about_target, given, no_column
from mlmagic.data._images import is_image
from mlmagic.data._shown import listing
from mlmagic.errors import Fault, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlmagic.data._config import SplitConfig

_USUAL = ("label", "target", "y")


@dataclass(frozen=True)
class Choice:
    """The target's name, its values beside the rows of the table, why this one, and the features' names."""

    target: str
    values: pd.Series
    why: str
    features: list[str]
    warnings: list[str]


def choose(frame: pd.DataFrame, config: SplitConfig, *, past: bool = False) -> Choice:
    """Find target and features; columns of weights and groups are features only if they are named as such.

    Parameters
    ----------
    past
        Whether the target's own past may be learned from.

    Raises
    ------
    InvalidConfiguration
        With every column that is not there, of weights and groups too, or that is target and feature at once.
    DataLoadingError
        If a target given as values does not fit the table.
    """
    if isinstance(config.target, str) or config.target is None:
        target, why = _named(frame, config.target)
        values, warnings = (frame[target] if target in frame.columns else pd.Series(dtype=object)), []
    else:
        values = given(frame, config.target, "target")
        target, why = str(values.name), f"given as {config.target}"
        warnings = about_target(frame, config.target, target)
    beside = frozenset(named_beside(config).values())
    faults = _target_faults(frame, config.target) + beside_faults(frame, config)
    faults += _learned_beside(frame, config, target)
    faults += _feature_faults(frame, config.feature_columns, target, beside, past=past)
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
    return usual_target(frame) or (str(frame.columns[-1]), "no target named: the last column")


def usual_target(frame: pd.DataFrame, features: Collection[str] = ()) -> tuple[str, str] | None:
    """The column that is called as targets are and is none of these features, and why it is taken."""
    for name in _USUAL:
        if name in frame.columns and name not in features:
            return name, f"no target named: the column is called {name}"
    return None


def _target_faults(frame: pd.DataFrame, target: object) -> list[Fault]:
    if not isinstance(target, str) or target in frame.columns:
        return []
    return [no_column(frame, "target", target)]


def _learned_beside(frame: pd.DataFrame, config: SplitConfig, target: str) -> list[Fault]:
    """Of weights and groups that are the target."""
    if target not in frame.columns or not (config.target is None or isinstance(config.target, str)):
        return []
    message = f"names the target {target!r}, which is learned: name another column, or another target."
    found = [key for key, name in named_beside(config).items() if name == target]
    return [Fault(key, f"{key} {message}", value=target) for key in found]


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
