"""Cross-validation's folds."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic.data._deal import Deal, cut, cut_groups, strata
from mlmagic.data._learned import one_label
from mlmagic.data._shown import shown
from mlmagic.data._split import settled
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
        ``test`` is the held-out fold; the metadata's warnings are those of this fold alone.

    Raises
    ------
    InvalidConfiguration
        If ``folds`` is below 2, or a regression shall be stratified.
    DataLoadingError
        If there are more folds than rows, than groups or than rows of the rarest class, the groups leave a fold without
        rows, or a fold trains on one label only.
    """
    rows = _together(data)
    assert rows.y is not None
    stratify = data.task == "classification" if stratified is None else stratified
    labels = strata(rows.y, rows.y) if data.task == "classification" else None
    _require(data, rows, folds, stratify)
    # All at once, so that what is wrong with one is told before any of them trains.
    deals = list(_deals(rows, labels, folds, stratify, seed, validation))
    if labels is not None:
        _require_labels(rows, labels, deals)
    return (_part(data, rows, dealt) for dealt in deals)


def _deals(
    rows: Rows, labels: np.ndarray | None, count: int, stratify: bool, seed: int, validation: float
) -> Iterator[Deal]:
    """The positions of each fold; those that are held out are its test."""
    group = None if rows.group is None else pd.factorize(rows.group)[0]
    splitter = _splitter(stratify, group is not None)(count, shuffle=True, random_state=seed)
    for number, (fitting, held_out) in enumerate(splitter.split(np.zeros(len(rows)), rows.y, group), start=1):
        reasons: list[str] = []
        if group is None:
            size = _rows_to_validate(len(fitting), validation, number)
            train, validating = cut(fitting, labels, size, seed, reasons)
        else:
            size = _groups_to_validate(group, fitting, held_out, validation, number)
            train, validating = cut_groups(fitting, group, size, seed)
        yield Deal(train, validating, held_out, stratify, tuple(reasons))


def _rows_to_validate(count: int, validation: float, number: int) -> int:
    """How many rows of a fold validate, where some are left to train on."""
    size = math.ceil(validation * count)
    if size < count:
        return size
    raise DataLoadingError(
        f"The rows are too few: fold {number} of the cross-validation has {size} of its {count} to validate, and none "
        "to train on",
        solution="Give more rows",
    )


def _groups_to_validate(
    group: np.ndarray, fitting: np.ndarray, held_out: np.ndarray, validation: float, number: int
) -> int:
    """How many groups of a fold validate, where some are left to train on and some were held out."""
    count = len(np.unique(group[fitting]))
    size = math.ceil(validation * count)
    if size < count and len(held_out):
        return size
    what = f"{size} of its {count} groups to validate, and none to train on" if len(held_out) else "no rows to measure"
    raise DataLoadingError(
        f"The groups are too few or too unequal: fold {number} of the cross-validation has {what}",
        solution="Lower crossValidation.folds, make more and smaller groups, or leave groups out",
    )


def _part(data: TrainingData, rows: Rows, dealt: Deal) -> TrainingData:
    facts = {
        **data.metadata,
        "trainSamples": len(dealt.train),
        "validationSamples": len(dealt.validation),
        "testSamples": len(dealt.test),
        "stratified": dealt.stratified,
        "warnings": list(dealt.warnings),
    }
    train, validation, test = (rows.at(places) for places in (dealt.train, dealt.validation, dealt.test))
    part = replace(data, train=train, validation=validation or None, test=test, metadata=facts, watched=False)
    return settled(part)


def _require_labels(rows: Rows, labels: np.ndarray, deals: list[Deal]) -> None:
    """Refuse folds that train on one label, before any of them trains."""
    assert rows.y is not None
    for number, dealt in enumerate(deals, start=1):
        found = labels[dealt.train]
        if (found == found[0]).all():
            others = rows.y[labels != found[0]].value_counts().to_dict()
            grouped, way = rows.group is not None, "Leave crossValidation.stratified out"
            if grouped or dealt.stratified:
                way = "Make more and smaller groups" if grouped else "Lower validationSplit"
            raise one_label(
                len(found),
                rows.y.iloc[dealt.train[0]],
                [others],
                where=f" of fold {number} of the cross-validation",
                way=f"{way}, give more rows of each label, or try another seed",
            )


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


def _require(data: TrainingData, rows: Rows, count: int, stratify: bool) -> None:
    assert rows.y is not None
    if count < 2:
        message = f"crossValidation.folds is at least 2, but got {count}"
        raise InvalidConfiguration([Fault("crossValidation.folds", message, value=count)])
    if stratify and data.task == "regression":
        message = f"Only classes can be stratified, but {data.target!r} is numbers; leave stratified out."
        raise InvalidConfiguration([Fault("crossValidation.stratified", message, value=True)])
    if count > len(rows):
        raise _too_many(count, f"there are only {len(rows)} rows to cut", "or give more rows")
    if rows.group is not None and (groups := rows.group.nunique()) < count:
        there = f"only {groups} groups" if groups > 1 else "only 1 group"
        raise _too_many(count, f"there are {there} to cut", "or give more groups: those of the test rows are not cut")
    if stratify and (sizes := rows.y.value_counts()).iloc[-1] < count:
        rarest = f"the rarest class, {shown(sizes.index[-1])}, has only {sizes.iloc[-1]} rows to cut"
        raise _too_many(count, rarest, "set stratified: false, or give more rows")


def _too_many(count: int, why: str, or_else: str) -> DataLoadingError:
    return DataLoadingError(
        f"crossValidation.folds is {count}, but {why}",
        solution=f"Lower crossValidation.folds, {or_else}",
        metadata={"folds": count},
    )
