"""Rows that validate, given beside the table instead of split off it."""

from __future__ import annotations

from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic.data._beside import beside_validation
from mlmagic.data._checks import inspect
from mlmagic.data._csv import with_index
from mlmagic.data._expected import as_known, words_error
from mlmagic.data._mapped import is_large, taken
from mlmagic.data._shown import listing
from mlmagic.data._source import read_table
from mlmagic.data._split import parted, settled, split
from mlmagic.data._task import decide
from mlmagic.data._types import UNSUPERVISED, Rows, Task, TrainingData, ever
from mlmagic.data._unsupervised import unsupervised
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.data._config import SplitConfig
    from mlmagic.data._types import GoingOn

_MEND = "Mend the values, or make numbers of them as in the training table"


def training_data(
    frame: pd.DataFrame,
    config: SplitConfig,
    seed: int,
    default_validation: float,
    estimator_task: Task | None = None,
    telling: Callable[[str], GoingOn] = lambda name: ever,
) -> TrainingData:
    """Split the rows; the validation rows are those that the config names, if it names some.

    Parameters and errors are those of :func:`split`, but for ``telling``, which gives what is told how far it is with
    the table of a name. A file or variable of validation rows that cannot be read, that lacks a column, or that has
    none of the training rows' labels, is a DataLoadingError too.
    """
    if estimator_task in UNSUPERVISED or config.task in UNSUPERVISED:
        return _without_target(frame, config, estimator_task)
    given: Any = getattr(config, "validation_data", None)
    going_on = telling("training data")
    if given is None:
        return split(frame, config, seed, default_validation, estimator_task, going_on)
    data = parted(frame, config, seed, 0.0, estimator_task, going_on)
    going_on = telling(str(given))
    held = read_table(given, "the rows of validationData", going_on, "validationData")
    rows, left_out = _rows(held, data, config, str(given), going_on)
    gaps = tuple(dict.fromkeys((*data.train.gaps, *rows.gaps)))
    facts = {**data.metadata, "validationSamples": len(rows), "validationData": str(given)}
    alike = _about_same(frame, held, config, str(given))
    facts["warnings"] = [*data.metadata.get("warnings", []), *alike, *left_out]
    train, validation = replace(data.train, gaps=gaps), replace(rows, gaps=gaps)
    return settled(replace(data, train=train, validation=validation, metadata=facts))


def _without_target(frame: pd.DataFrame, config: SplitConfig, estimator_task: Task | None) -> TrainingData:
    if estimator_task is None or config.task not in (None, estimator_task):
        made_for = f"the estimator is made for {estimator_task}" if estimator_task else "the model predicts a target"
        way_out = "Leave task out, or name an estimator for it: framework: sklearn, algorithm: KMeans"
        raise InvalidConfiguration(
            [Fault("task", f"task is {config.task}, but {made_for}", value=config.task)], solution=way_out
        )
    return unsupervised(frame, config, estimator_task)


def _about_same(frame: pd.DataFrame, held: pd.DataFrame, config: SplitConfig, name: str) -> list[str]:
    """What to say of rows that validate and are those of the data: from a file of the same name, or equal."""
    same = frame is held or name == getattr(config, "data_path", None)
    # Two tables on disk would be read whole.
    if not same and (frame.shape != held.shape or is_large(frame) or not frame.equals(held)):
        return []
    return [f"validationData: {name} has the rows of the data: what is measured on them says nothing about new rows"]


def _rows(
    frame: pd.DataFrame, data: TrainingData, config: SplitConfig, name: str, going_on: GoingOn
) -> tuple[Rows, list[str]]:
    columns = list(data.train.X.columns)
    frame = with_index(frame, columns)
    named = [key for key in (config.sample_weight, config.groups) if isinstance(key, str)]
    missing = [column for column in (*columns, data.target, *named) if column not in frame.columns]
    if missing:
        raise _unfit(name, f"lacks {listing(missing)}, which the training rows have", "Give it the same columns")
    present = frame[data.target].notna().to_numpy(dtype=bool)
    count = int((~present).sum())
    left_out = [f"{count} rows of {name} without a value of {data.target!r} are left out"] if count else []
    kept = taken(frame, np.flatnonzero(present), going_on)
    if not len(kept):
        raise _unfit(name, f"has no row with a value of {data.target!r}", "Give it rows with the target")
    y = _target(kept[data.target], data, name)
    X = _like_training(kept[columns], data.train.X, name)
    as_it_is = config.prepare == "none" or config.prepares_itself
    gaps = () if as_it_is else inspect(X, text=config.reads_text, going_on=going_on).gaps
    aside = beside_validation(kept, config, name)
    weight = aside.weight
    if weight is None and config.sample_weight is not None:
        left_out.append(f"sampleWeight: {config.sample_weight} has no weights of the rows of {name}: each counts 1")
        weight = pd.Series(1.0, index=kept.index)
    return Rows(X, y, gaps, weight, aside.group), left_out


def _like_training(X: pd.DataFrame, train: pd.DataFrame, name: str) -> pd.DataFrame:
    """The features of rows that validate: what is numbers in the training rows is so in them."""
    known = {str(column): str(dtype) for column, dtype in train.dtypes.items() if pd.api.types.is_numeric_dtype(dtype)}
    told = [error.message for column, dtype in known.items() if (error := words_error(X[column], dtype))]
    if told:
        raise _unfit(name, "has no numbers where the training rows have them: " + "; ".join(told), _MEND)
    return as_known(X, known)


def _target(values: pd.Series, data: TrainingData, name: str) -> pd.Series:
    if data.classes is None:
        return decide(values, "regression", None).y
    # By their spelling: a gap makes floats of whole numbers, and a file may hold as text what a table has as numbers.
    known = {_spelt(label): label for label in data.classes}
    spelt = values.astype(object).map(_spelt)
    found = pd.Series([known.get(label, label) for label in spelt], index=values.index, name=data.target, dtype=object)
    assert data.train.y is not None
    labels = data.train.y.unique()
    if not found.isin(labels).any():
        what = f"has none of the labels that training rows have: its own are {_quoted(found.unique())}"
        raise _unfit(name, what, f"Give it rows of {_quoted(labels)}")
    return found.astype(data.classes.dtype) if spelt.isin(known).all() else found


def _quoted(labels: np.ndarray) -> str:
    return listing(sorted(map(str, labels)))


def _spelt(label: object) -> str:
    if isinstance(label, Real) and not isinstance(label, bool):
        number = float(label)
        return str(int(number)) if number.is_integer() else f"{number:g}"
    return str(label)


def _unfit(name: str, what: str, solution: str) -> DataLoadingError:
    return DataLoadingError(f"validationData: {name} {what}", solution=solution, metadata={"validationData": name})
