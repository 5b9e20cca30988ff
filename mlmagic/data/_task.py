"""Classification or regression, and the target's values in a plain dtype."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.data._dates import as_numbers_of_pandas, name_of_dates
from mlmagic.data._kinds import FEW_LABELS, Kind, kind
from mlmagic.data._parse import labels, numbers
from mlmagic.data._shown import listing, shown
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from mlmagic.data._types import Task


@dataclass(frozen=True)
class Decision:
    """The task, the target without gaps in a plain NumPy dtype, why, and what the user should know."""

    task: Task
    y: pd.Series
    why: str
    warnings: tuple[str, ...] = ()


def decide(target: pd.Series, asked: Task | None, estimator: Task | None) -> Decision:
    """Decide what kind of learning this is.

    Strings, booleans and categories classify, and so do integers of at most 20 values; other numbers are a regression.
    ``asked`` (the config's ``task``) overrides, then ``estimator`` (what the estimator or the loss is made for). A
    column of floats that are integers but for its gaps counts as integers, text that reads as numbers as numbers.

    Parameters
    ----------
    target
        Shape (n,), gaps included.

    Raises
    ------
    DataLoadingError
        If no value is there, a value is infinite, only one class is, or it is no target (dates, lists, mixed).
    InvalidConfiguration
        If the task does not fit the values.
    """
    had_gaps = bool(target.isna().any())
    present = target.dropna()
    if present.empty:
        raise DataLoadingError(
            f"The target {target.name!r} has no values: all {len(target)} rows are gaps",
            solution="Name another target, or fill it in",
        )
    found = kind(present)
    if found == "date":
        what = f"holds {name_of_dates(present)}; a target is numbers or labels"
        raise _unfit(target, what, f"Make numbers of it in a cell first: {as_numbers_of_pandas(present)}")
    if found == "object":
        raise _unfit(target, f"holds objects ({type(present.iloc[0]).__name__}); a target is numbers or labels")
    task, why = _task(present, found, had_gaps, asked, estimator)
    if task == "regression":
        return Decision(task, _measurements(present, found, asked), why)
    y, warnings = _labels(present, found, had_gaps)
    _require_classes(y)
    return Decision(task, y, why, warnings)


def _task(
    present: pd.Series, found: Kind, had_gaps: bool, asked: Task | None, estimator: Task | None
) -> tuple[Task, str]:
    if asked is not None:
        return asked, "set by task"
    if estimator is not None:
        return estimator, "what the estimator or its loss is made for"
    if found != "number":
        return "classification", "the target is " + ("boolean" if found == "boolean" else "text or categories")
    values = numbers(present)
    if not _integers(present, values, had_gaps):
        whole = bool((values == np.floor(values)).all())
        meant = "whole floats: task: classification takes them as labels" if whole else "fractional numbers"
        return "regression", f"the target is {meant}"
    count = len(np.unique(values))
    if count <= FEW_LABELS:
        return "classification", f"the target is integers of {count} values (at most {FEW_LABELS})"
    return "regression", f"the target is integers of {count} values (more than {FEW_LABELS})"


def _integers(present: pd.Series, values: np.ndarray, had_gaps: bool) -> bool:
    if not np.isfinite(values).all():
        return False
    # Only a gap turns integers into floats; floats without gaps were meant as floats.
    is_float = pd.api.types.is_float_dtype(present.dtype)
    return bool((values == np.floor(values)).all()) and (had_gaps or not is_float)


def _measurements(present: pd.Series, found: Kind, asked: Task | None) -> pd.Series:
    if found == "category" and pd.api.types.is_numeric_dtype(getattr(present.dtype, "categories", present).dtype):
        present = present.astype(object)
    elif found not in ("number", "boolean"):
        raise _not_numbers(present, found, asked)
    if isinstance(present.dtype, np.dtype) and present.dtype.kind in "iu":
        return present
    values = numbers(present)
    if not np.isfinite(values).all():
        raise _unfit(present, f"holds infinite values ({int(np.isinf(values).sum())} of {len(values)} rows)")
    return pd.Series(values, index=present.index, name=present.name)


def _not_numbers(present: pd.Series, found: Kind, asked: Task | None) -> InvalidConfiguration | DataLoadingError:
    values = present.astype(object)
    words = values[pd.to_numeric(values, errors="coerce").isna()]
    examples = listing([str(value) for value in words.unique()[:3]])
    if found == "mixed":
        share = f"{len(words)} of {len(present)} values ({len(words) / len(present):.1%}) are words"
        return _unfit(present, f"mixes numbers and words: {share}, first at index {shown(words.index[0])}: {examples}")
    who = "task: regression" if asked else "A regressor or a ranker, or the loss of one,"
    message = f"{who} needs numbers, but the target {present.name!r} holds text: {examples}"
    return InvalidConfiguration([Fault("task" if asked else "target", message, value=asked)], solution=_NUMBERS_WAY_OUT)


_NUMBERS_WAY_OUT = (
    "Name a target of numbers (of a ranking how relevant each row is: 0, 1, 2), or classify: task: classification with "
    "a classifier"
)


def _labels(present: pd.Series, found: Kind, had_gaps: bool) -> tuple[pd.Series, tuple[str, ...]]:
    if found == "boolean":
        return present.astype(bool), ()
    numeric = found == "number" and not pd.api.types.is_string_dtype(present.dtype)
    if found == "category":
        numeric = pd.api.types.is_numeric_dtype(getattr(present.dtype, "categories", present).dtype)
    if not numeric:
        return _text(present, found), ()
    return _number_labels(present)


def _text(present: pd.Series, found: Kind) -> pd.Series:
    text = labels(present)
    count = text.nunique()
    if found == "mixed" and count > FEW_LABELS:
        raise _not_numbers(present, found, None)
    if count > FEW_LABELS and count > len(text) / 2:
        raise _unfit(present, f"has {count} different texts in {len(text)} rows: an identifier or free text, no label")
    return text


def _number_labels(present: pd.Series) -> tuple[pd.Series, tuple[str, ...]]:
    values = numbers(present.astype(object) if isinstance(present.dtype, pd.CategoricalDtype) else present)
    if not np.isfinite(values).all():
        raise _unfit(present, f"holds infinite values ({int(np.isinf(values).sum())} of {len(values)} rows)")
    count = len(np.unique(values))
    if (values == np.floor(values)).all():
        return pd.Series(values.astype(np.int64), index=present.index, name=present.name), ()
    if count > FEW_LABELS:
        message = f"Classification needs labels, but {present.name!r} has {count} different fractional numbers."
        way_out = "Use a regressor (task: regression), or cut the target into classes with pd.cut"
        raise InvalidConfiguration([Fault("task", message, value="classification")], solution=way_out)
    # scikit-learn's classifiers refuse fractional labels as "continuous".
    text = pd.Series([f"{value:g}" for value in values], index=present.index, name=present.name, dtype=object)
    return text, (f"The fractional numbers of the target {present.name!r} are taken as {count} labels of text",)


def _require_classes(y: pd.Series) -> None:
    count = y.nunique()
    if count < 2:
        raise _unfit(y, f"has one class only: all {len(y)} rows are {shown(y.iloc[0])}; a classifier needs two")
    if count > FEW_LABELS and count > len(y) / 2:
        raise _unfit(y, f"has {count} classes in {len(y)} rows: too many to learn")


def _unfit(target: pd.Series, what: str, mend: str = "Mend the column") -> DataLoadingError:
    return DataLoadingError(
        f"The target {target.name!r} {what}",
        solution=f"{mend}, or name another with target:",
        metadata={"column": str(target.name)},
    )
