"""Which positions go where."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

# Rows that are dealt out label by label: scikit-learn makes lists of them, which take 250 bytes a row.
MOST_STRATIFIED = 10_000_000


@dataclass(frozen=True)
class Deal:
    """Positions of the rows in each part, shapes (n_train,), (n_validation,), (n_test,)."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    stratified: bool
    warnings: tuple[str, ...]


def strata(y: pd.Series, values: pd.Series) -> np.ndarray:
    """Number the classes in the order of the user's own values, as ``train_test_split(stratify=values)`` does.

    Which rows it draws depends on that order, and text puts "10" before "9".

    Parameters
    ----------
    y
        Labels, shape (n,). Values of one label, such as 1 and "1", are one stratum.
    values
        What the labels were read from, shape (n,), without gaps.
    """
    places = pd.Series(pd.factorize(np.asarray(values), sort=True)[0])
    return places.groupby(y.to_numpy(), sort=False).transform("min").to_numpy()


def deal(
    y: pd.Series, labels: np.ndarray | None, test: float, validation: float, seed: int, group: pd.Series | None = None
) -> Deal:
    """Deal positions out as scikit-learn's ``train_test_split`` does, the test's first, then the validation's.

    With groups as its ``GroupShuffleSplit`` does: the fractions are of the groups then, and nothing is stratified.

    Parameters
    ----------
    y
        Shape (n,), without gaps.
    labels
        The :func:`strata` of a classification, shape (n,); None for a regression.
    test, validation
        Fractions of n; a part has ``ceil(fraction * n)`` rows, as in scikit-learn.
    group
        What each row belongs to, shape (n,); None where rows may be parted at will.

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
    if group is not None:
        return _deal_groups(pd.factorize(group)[0], test, validation, seed)
    sizes = [math.ceil(fraction * len(y)) for fraction in (test, validation)]
    if len(y) - sum(sizes) < 2:
        raise _too_few(f"{len(y)} rows are too few for {sizes[0]} to test, {sizes[1]} to validate and 2 to train")
    reasons: list[str] = []
    rest, test_rows = cut(np.arange(len(y)), labels, sizes[0], seed, reasons)
    train, validation_rows = cut(rest, labels, sizes[1], seed, reasons)
    stratified = labels is not None and sum(sizes) > 0 and not reasons
    return Deal(train, validation_rows, test_rows, stratified, tuple(reasons))


def _deal_groups(group: np.ndarray, test: float, validation: float, seed: int) -> Deal:
    count = group.max() + 1
    sizes = [math.ceil(fraction * count) for fraction in (test, validation)]
    if count - sum(sizes) < 1:
        groups = "1 group is" if count == 1 else f"{count} groups are"
        few = f"{groups} too few for {sizes[0]} to test, {sizes[1]} to validate and 1 to train"
        raise DataLoadingError(few, solution="Make more and smaller groups, lower testSplit, or leave groups out")
    rest, test_rows = cut_groups(np.arange(len(group)), group, sizes[0], seed)
    train, validation_rows = cut_groups(rest, group, sizes[1], seed)
    return Deal(train, validation_rows, test_rows, False, ())


def cut_groups(positions: np.ndarray, group: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut the rows of ``count`` groups off, as ``GroupShuffleSplit`` does.

    Parameters
    ----------
    positions
        Of the rows to cut.
    group
        The number of each row's group, shape (n,), for all rows.
    """
    if count == 0:
        return positions, positions[:0]
    from sklearn.model_selection import GroupShuffleSplit

    splitter = GroupShuffleSplit(n_splits=1, test_size=count, random_state=seed)
    kept, off = next(splitter.split(positions, groups=group[positions]))
    return positions[kept], positions[off]


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
    if len(strata) > MOST_STRATIFIED:
        return "of so many rows any part has nearly the same share of each label"
    counts = np.unique(strata, return_counts=True)[1]
    if counts.min() < 2:
        return f"{int((counts < 2).sum())} of {len(counts)} classes have a single row"
    if min(size, len(strata) - size) < len(counts):
        return f"{len(counts)} classes need as many rows in each part"
    return None


def _too_few(message: str) -> DataLoadingError:
    return DataLoadingError(message[0].upper() + message[1:], solution="Give more rows, or lower testSplit")
