"""Which positions go where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.data._near import shown
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from mlmagic.data._types import Task


@dataclass(frozen=True)
class Deal:
    """Positions of the rows in each part, shapes (n_train,), (n_validation,), (n_test,)."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    stratified: bool
    warnings: tuple[str, ...]


def deal(y: pd.Series, task: Task, test: float, validation: float, seed: int) -> Deal:
    """Deal positions out, stratified by ``y`` when classifying.

    Parameters
    ----------
    y
        Shape (n,), without gaps.
    test, validation
        Fractions of n; a part has ``ceil(fraction * n)`` rows, as in scikit-learn.

    Raises
    ------
    InvalidConfiguration
        If the fractions leave nothing to train on.
    DataLoadingError
        If there are too few rows for the split.
    """
    if test + validation >= 1:
        message = (
            f"testSplit {test:g} and validationSplit {validation:g} leave no rows to train on (their sum is below 1)"
        )
        raise InvalidConfiguration([Fault("testSplit", message, value=test)])
    sizes = [math.ceil(fraction * len(y)) for fraction in (test, validation)]
    if len(y) - sum(sizes) < 2:
        raise _too_few(f"{len(y)} rows are too few for {sizes[0]} to test, {sizes[1]} to validate and 2 to train")
    labels = pd.factorize(y)[0] if task == "classification" else None
    reasons: list[str] = []
    rest, test_rows = cut(np.arange(len(y)), labels, sizes[0], seed, reasons)
    train, validation_rows = cut(rest, labels, sizes[1], seed, reasons)
    if labels is not None:
        _require_all(y, train, reasons)
    stratified = labels is not None and sum(sizes) > 0 and not reasons
    return Deal(train, validation_rows, test_rows, stratified, tuple(reasons))


def cut(
    positions: np.ndarray, labels: np.ndarray | None, size: int, seed: int, reasons: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Cut ``size`` positions off, as ``train_test_split`` does; why it is not stratified goes to ``reasons``."""
    if size == 0:
        return positions, positions[:0]
    from sklearn.model_selection import train_test_split

    strata = None if labels is None else labels[positions]
    if strata is not None:
        reason = _cannot_stratify(strata, size)
        if reason is not None:
            strata = None
            reasons.append(f"The split into {len(positions) - size} and {size} rows is not stratified: {reason}")
    kept, off = train_test_split(positions, test_size=size, random_state=seed, stratify=strata)
    return kept, off


def _cannot_stratify(strata: np.ndarray, size: int) -> str | None:
    counts = np.unique(strata, return_counts=True)[1]
    if counts.min() < 2:
        return f"{int((counts < 2).sum())} of {len(counts)} classes have a single row"
    if min(size, len(strata) - size) < len(counts):
        return f"{len(counts)} classes need as many rows in each part"
    return None


def _require_all(y: pd.Series, train: np.ndarray, reasons: list[str]) -> None:
    seen = y.iloc[train].unique()
    if len(seen) < 2:
        raise _too_few(f"the training rows hold one class only, {shown(seen[0])}: {len(y)} rows are too few to split")
    unseen = sorted(set(y.unique()) - set(seen))
    if unseen:
        reasons.append(f"No training row has the labels {', '.join(map(shown, unseen[:5]))}: they cannot be learned")


def _too_few(message: str) -> DataLoadingError:
    return DataLoadingError(message[0].upper() + message[1:], solution="Give more rows, or lower testSplit")
