"""Cross-validation's folds."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic.data._beside import weighted
from mlmagic.data._deal import cut, cut_groups, strata
from mlmagic.data._shown import shown
from mlmagic.data._types import Rows, TrainingData
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Iterator


def folds(
    data: TrainingData, folds: int, stratified: bool | None, seed: int, validation: float
) -> Iterator[TrainingData]:
    """Cut the training and validation rows into folds; the test rows stay out of it.

    The held-out rows are those of scikit-learn's ``StratifiedKFold`` or
    ``KFold(folds, shuffle=True, random_state=seed)`` over the training rows followed by the validation rows; with
    groups those of ``StratifiedGroupKFold`` or ``GroupKFold``.

    Parameters
    ----------
    folds
        How many, at least 2.
    stratified
        None for: when classifying.
    validation
        Fraction of each fold's training rows that picks its best epoch, split off as ``train_test_split`` does; 0 for
        none.

    Yields
    ------
    TrainingData
        ``test`` is the held-out fold.

    Raises
    ------
    InvalidConfiguration
        If ``folds`` is below 2, or a regression shall be stratified.
    DataLoadingError
        If there are more folds than rows, or than rows of the rarest class.
    """
    rows = _together(data)
    assert rows.y is not None
    stratify = data.task == "classification" if stratified is None else stratified
    labels = strata(rows.y, rows.y) if data.task == "classification" else None
    _require(data, rows.y, folds, stratify)
    return _cut(data, rows, labels, folds, stratify, seed, validation)


def _cut(
    data: TrainingData, rows: Rows, labels: np.ndarray | None, count: int, stratify: bool, seed: int, validation: float
) -> Iterator[TrainingData]:
    group = None if rows.group is None else pd.factorize(rows.group)[0]
    splitter = _splitter(stratify, group is not None)(count, shuffle=True, random_state=seed)
    for fitting, held_out in splitter.split(np.zeros(len(rows)), rows.y, group):
        reasons: list[str] = []
        size = math.ceil(validation * (len(fitting) if group is None else len(np.unique(group[fitting]))))
        if group is None:
            train, validating = cut(fitting, labels, size, seed, reasons)
        else:
            train, validating = cut_groups(fitting, group, size, seed)
        facts = {
            **data.metadata,
            "trainSamples": len(train),
            "validationSamples": len(validating),
            "testSamples": len(held_out),
            "stratified": stratify,
            "warnings": [*data.metadata.get("warnings", []), *reasons],
        }
        parts = [_take(rows, positions) for positions in (train, validating, held_out)]
        part = replace(data, train=parts[0], validation=parts[1] if size else None, test=parts[2], metadata=facts)
        yield weighted(replace(part, watched=False))


def _splitter(stratify: bool, grouped: bool) -> Any:
    from sklearn import model_selection

    if grouped:
        return model_selection.StratifiedGroupKFold if stratify else model_selection.GroupKFold
    return model_selection.StratifiedKFold if stratify else model_selection.KFold


def _together(data: TrainingData) -> Rows:
    own = data.train if data.class_weight is None else replace(data.train, weight=data.sample_weight)
    if data.validation is None:
        return own
    X = pd.concat([own.X, data.validation.X])
    y, weight, group = (_joined([getattr(part, name) for part in (own, data.validation)]) for name in _BESIDE)
    return Rows(X, y, own.gaps, weight, group)


_BESIDE = ("y", "weight", "group")


def _joined(parts: list[pd.Series | None]) -> pd.Series | None:
    given = [part for part in parts if part is not None]
    return pd.concat(given) if len(given) == len(parts) else None


def _take(rows: Rows, positions: np.ndarray) -> Rows:
    y, weight, group = (None if part is None else part.iloc[positions] for part in (rows.y, rows.weight, rows.group))
    return Rows(rows.X.iloc[positions], y, rows.gaps, weight, group)


def _require(data: TrainingData, y: pd.Series, count: int, stratify: bool) -> None:
    if count < 2:
        message = f"crossValidation.folds is at least 2, but got {count}"
        raise InvalidConfiguration([Fault("crossValidation.folds", message, value=count)])
    if stratify and data.task == "regression":
        message = f"Only classes can be stratified, but {data.target!r} is a regression; leave stratified out."
        raise InvalidConfiguration([Fault("crossValidation.stratified", message, value=True)])
    if count > len(y):
        raise _too_many(count, f"there are only {len(y)} rows to cut")
    if stratify:
        sizes = y.value_counts()
        if sizes.iloc[-1] < count:
            raise _too_many(count, f"the rarest class, {shown(sizes.index[-1])}, has only {sizes.iloc[-1]} rows to cut")


def _too_many(count: int, why: str) -> DataLoadingError:
    return DataLoadingError(
        f"crossValidation.folds is {count}, but {why}",
        solution="Lower crossValidation.folds, set stratified: false, or give more rows",
        metadata={"folds": count},
    )
