"""Cross-validation's folds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.data._deal import cut
from mlmagic.data._near import shown
from mlmagic.data._types import Rows, TrainingData
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Iterator


def folds(
    data: TrainingData, folds: int, stratified: bool | None, seed: int, validation: float
) -> Iterator[TrainingData]:
    """Cut the training and validation rows into folds; the test rows stay out of it.

    The held-out rows are those of scikit-learn's ``StratifiedKFold`` or
    ``KFold(folds, shuffle=True, random_state=seed)`` over the training rows followed by the validation rows.

    Parameters
    ----------
    folds
        How many, at least 2.
    stratified
        None for: when classifying.
    validation
        Fraction of each fold's training rows that picks its best epoch; 0 for none.

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
    labels = pd.factorize(rows.y)[0] if data.task == "classification" else None
    _require(data, rows.y, folds, stratify)
    return _cut(data, rows, labels, folds, stratify, seed, validation)


def _cut(
    data: TrainingData, rows: Rows, labels: np.ndarray | None, count: int, stratify: bool, seed: int, validation: float
) -> Iterator[TrainingData]:
    from sklearn.model_selection import KFold, StratifiedKFold

    splitter = (StratifiedKFold if stratify else KFold)(count, shuffle=True, random_state=seed)
    for fitting, held_out in splitter.split(np.zeros(len(rows)), rows.y):
        reasons: list[str] = []
        size = int(np.ceil(validation * len(fitting)))
        train, validating = cut(fitting, labels, size, seed, reasons)
        facts = {
            **data.metadata,
            "trainSamples": len(train),
            "validationSamples": len(validating),
            "testSamples": len(held_out),
            "stratified": stratify,
            "warnings": [*data.metadata.get("warnings", []), *reasons],
        }
        parts = [_take(rows, positions) for positions in (train, validating, held_out)]
        yield replace(data, train=parts[0], validation=parts[1] if size else None, test=parts[2], metadata=facts)


def _together(data: TrainingData) -> Rows:
    if data.validation is None:
        return data.train
    X = pd.concat([data.train.X, data.validation.X])
    y = pd.concat([part.y for part in (data.train, data.validation) if part.y is not None])
    return Rows(X, y, data.train.gaps)


def _take(rows: Rows, positions: np.ndarray) -> Rows:
    assert rows.y is not None
    return Rows(rows.X.iloc[positions], rows.y.iloc[positions], rows.gaps)


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
