"""What stands beside a row and is no feature: how much it counts, and what it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic._suggest import closest
from mlmagic.data._given import about_index, given, no_column
from mlmagic.data._kinds import kind
from mlmagic.data._parse import numbers
from mlmagic.data._shown import listing, shown
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from mlmagic.data._config import SplitConfig
    from mlmagic.data._types import TrainingData


@dataclass(frozen=True)
class Beside:
    """Weights and groups of all rows, shape (n,) each, None where there are none.

    Attributes
    ----------
    columns
        Those that they were taken from.
    warnings
        What the user should know of them.
    """

    weight: pd.Series | None = None
    group: pd.Series | None = None
    columns: frozenset[str] = field(default_factory=frozenset)
    warnings: tuple[str, ...] = ()


def beside(frame: pd.DataFrame, config: SplitConfig) -> Beside:
    """Find sample weights and groups.

    Raises
    ------
    InvalidConfiguration
        With every name that is no column.
    DataLoadingError
        If a weight is missing, negative or infinite, all are 0, or a row has no group.
    """
    if faults := beside_faults(frame, config):
        raise InvalidConfiguration(faults)
    asked = {"sampleWeight": config.sample_weight, "groups": config.groups}
    found = {
        key: frame[name] if isinstance(name, str) else given(frame, name, key) for key, name in asked.items() if name
    }
    checked = _checked(found.get("sampleWeight"), found.get("groups"), frozenset(named_beside(config).values()))
    references = [value for value in asked.values() if value is not None and not isinstance(value, str)]
    told = [text for reference in references for text in about_index(frame, reference)]
    return replace(checked, warnings=(*_weight_as_feature(config), *told))


def beside_faults(frame: pd.DataFrame, config: SplitConfig) -> list[Fault]:
    """Every name of sample weights or groups that is no column."""
    return [no_column(frame, key, name) for key, name in named_beside(config).items() if name not in frame.columns]


def named_beside(config: SplitConfig) -> dict[str, str]:
    """The columns that sample weights and groups are taken from, by key."""
    asked = {"sampleWeight": config.sample_weight, "groups": config.groups}
    return {key: name for key, name in asked.items() if isinstance(name, str)}


def _weight_as_feature(config: SplitConfig) -> list[str]:
    name = config.sample_weight
    if not isinstance(name, str) or name not in (config.feature_columns or ()):
        return []
    return [
        f"Column {name!r} is the sampleWeight and a feature too, since featureColumns names it: the model learns from "
        "it, and rows to predict need it"
    ]


def beside_validation(frame: pd.DataFrame, config: SplitConfig, table: str) -> Beside:
    """Find sample weights and groups of rows that validate, in a table that has the columns which the config names.

    Weights that are no column are those of the training table alone: None here.

    Parameters
    ----------
    table
        Its name in messages.

    Raises
    ------
    InvalidConfiguration
        If the groups are no column.
    DataLoadingError
        As in :func:`beside`.
    """
    if config.groups is not None and not isinstance(config.groups, str):
        message = f"groups: {config.groups} has a group for each row of the data, and none for the rows of {table}"
        way_out = "Put the groups in a column of both tables, and give groups its name"
        raise InvalidConfiguration([Fault("groups", message, value=str(config.groups))], solution=way_out)
    weight, group = (frame[name] if isinstance(name, str) else None for name in (config.sample_weight, config.groups))
    return _checked(weight, group, frozenset(), f" of {table}")


def _checked(weight: pd.Series | None, group: pd.Series | None, columns: frozenset[str], where: str = "") -> Beside:
    return Beside(
        None if weight is None else _weights(weight, where), None if group is None else _groups(group, where), columns
    )


def class_weights(y: pd.Series, asked: str | Mapping[Any, float]) -> pd.Series:
    """How much each row counts for its label.

    Parameters
    ----------
    y
        Labels of the training rows, shape (n,).
    asked
        A weight for each label, 1 where none is given; or "balanced": ``n / (k * rows of the label)``, as in
        ``sklearn.utils.class_weight.compute_class_weight``.

    Raises
    ------
    InvalidConfiguration
        With every key that is no label.
    """
    counts = y.value_counts()
    if isinstance(asked, str):
        return y.map(len(y) / (len(counts) * counts)).astype(np.float64)
    labels = {str(label): label for label in counts.index}
    wrong = [key for key in asked if str(key) not in labels]
    if wrong:
        raise InvalidConfiguration([_no_label(key, asked[key], labels) for key in wrong])
    return y.map({labels[str(key)]: weight for key, weight in asked.items()}).fillna(1.0).astype(np.float64)


def weighted(data: TrainingData) -> TrainingData:
    """The same data, its training rows counting for their labels too, as ``data.class_weight`` asks.

    Raises
    ------
    InvalidConfiguration
        If the target has no labels, or not those that are named.
    DataLoadingError
        If no row to train on, or none to validate, counts for anything.
    """
    if data.class_weight is None:
        _require_some(data, "sampleWeight")
        return data
    if data.task != "classification":
        raise InvalidConfiguration([Fault("classWeight", "classWeight is for labels, but the target is numbers")])
    assert data.train.y is not None
    by_label = class_weights(data.train.y, data.class_weight)
    own = data.train.weight
    train = replace(data.train, weight=by_label if own is None else by_label * own)
    found = replace(data, train=train, sample_weight=own)
    _require_some(found, "classWeight" if own is None else "sampleWeight, or classWeight,")
    return found


def _require_some(data: TrainingData, key: str) -> None:
    for name, rows in (("training", data.train), ("validation", data.validation)):
        if rows is not None and rows.weight is not None and not rows.weight.any():
            raise DataLoadingError(
                f"{key} is 0 for each of the {len(rows)} {name} rows",
                solution="Give some of them a weight above 0; another seed splits the rows otherwise",
            )


def _weights(column: pd.Series, where: str) -> pd.Series:
    name = f"{column.name!r}{where}"
    if kind(column) not in ("number", "boolean"):
        raise _unfit(name, f"holds {shown(column.iloc[0])}", "A weight is a number of at least 0")
    values = pd.Series(numbers(column), index=column.index, name=column.name)
    wrong = values[~(np.isfinite(values) & (values >= 0))]
    if len(wrong):
        at = f"has {shown(wrong.iloc[0])} at index {shown(wrong.index[0])}"
        raise _unfit(name, at, "A weight is a number of at least 0, and no row lacks one")
    if not values.any():
        raise _unfit(name, "is 0 in every row", "Give some rows a weight above 0")
    return values


def _groups(column: pd.Series, where: str) -> pd.Series:
    missing = column.isna()
    if missing.any():
        at = f"has {int(missing.sum())} gaps, first at index {shown(column.index[missing][0])}"
        message = f"groups: {column.name!r}{where} {at}"
        raise DataLoadingError(message, solution="Give every row a group, or drop the row")
    return column


def _unfit(name: str, what: str, rule: str) -> DataLoadingError:
    return DataLoadingError(f"sampleWeight: {name} {what}", solution=rule)


def _no_label(key: Any, weight: float, labels: Mapping[str, Any]) -> Fault:
    message = f"classWeight has {key!r}, which is no label of the target; it has {listing(labels)}."
    return Fault(f"classWeight.{key}", message, value=weight, suggestion=closest(str(key), labels))
