"""Disjoint rows to train on, to pick the best epoch by, and to measure at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mlmagic.data._beside import beside, weighted
from mlmagic.data._checks import inspect
from mlmagic.data._deal import Deal, deal, strata
from mlmagic.data._learned import learned
from mlmagic.data._mapped import taken
from mlmagic.data._series import split_windows
from mlmagic.data._target import Choice, choose
from mlmagic.data._task import Decision, decide
from mlmagic.data._types import Rows, Task, TrainingData, ever
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.data._config import SeriesConfig, SplitConfig
    from mlmagic.data._types import GoingOn


def split(
    frame: pd.DataFrame,
    config: SplitConfig,
    seed: int,
    default_validation: float,
    estimator_task: Task | None = None,
    going_on: GoingOn = ever,
) -> TrainingData:
    """Decide target, task and features, check the columns, and split the rows.

    The test rows are those of ``sklearn.model_selection.train_test_split(random_state=seed)``, with the target as its
    ``stratify`` when classifying; the validation rows are split off the rest in the same way. Rows without a target
    are left out before. With groups the parts are those of ``GroupShuffleSplit``: no group is parted.

    Parameters
    ----------
    frame
        Shape (n, columns). Neither copied deep nor changed.
    config
        The config's target, features, task and fractions. Fractions are of all rows that have a target.
    seed
        Equal seeds give equal rows.
    default_validation
        Fraction where the config has no ``validation_split``; 0 for none.
    estimator_task
        What the estimator or the loss is made for, if it says so.
    going_on
        Told of the "checking" and "splitting" of a table that stays on disk.

    Raises
    ------
    InvalidConfiguration
        If target or features are not columns of the data, or the task does not fit the target.
    DataLoadingError
        If the data is not what training needs; names columns, rows and values.
    Cancelled
        If it was not to go on.
    """
    return settled(parted(frame, config, seed, default_validation, estimator_task, going_on))


def settled(data: TrainingData) -> TrainingData:
    """Parts as a model is trained on them: labels that it can learn, rows that count for what was asked."""
    return weighted(learned(data))


def parted(
    frame: pd.DataFrame,
    config: SplitConfig,
    seed: int,
    default_validation: float,
    estimator_task: Task | None = None,
    going_on: GoingOn = ever,
) -> TrainingData:
    """The parts of :func:`split`, whatever labels each of them has."""
    if frame.empty:
        raise DataLoadingError(
            f"The data is empty: {len(frame)} rows, {len(frame.columns)} columns", solution="Give data with rows"
        )
    if getattr(config, "window", None) is not None:
        return split_windows(frame, cast("SeriesConfig", config), default_validation, estimator_task, going_on)
    choice = choose(frame, config)
    aside = beside(frame, config)
    decision = decide(choice.values, config.task, estimator_task)
    X, left_out = _with_target(frame[choice.features], choice, going_on)
    weight, group = (
        None if part is None else part.loc[choice.values.notna().to_numpy()] for part in (aside.weight, aside.group)
    )
    X, gaps, emptied = _checked(X, config, going_on)
    validation = default_validation if config.validation_split is None else config.validation_split
    classify = decision.task == "classification"
    labels = strata(decision.y, choice.values.dropna()) if classify else None
    dealt = deal(decision.y, labels, config.test_split, validation, seed, group)
    classes = np.unique(decision.y.to_numpy()) if classify else None
    facts = _facts(X, choice, decision, dealt)
    if len(X) < len(frame):
        facts["samplesWithoutTarget"] = len(frame) - len(X)
    facts["warnings"] = [*choice.warnings, *aside.warnings, *decision.warnings, *left_out, *emptied, *dealt.warnings]
    train, held_out, test = (
        Rows(
            taken(X, positions, going_on),
            decision.y.iloc[positions],
            gaps,
            _at(weight, positions),
            _at(group, positions),
        )
        for positions in (dealt.train, dealt.validation, dealt.test)
    )
    parts = (train, held_out or None, test or None)
    return TrainingData(*parts, decision.task, choice.target, classes, facts, class_weight=config.class_weight)


def _at(values: pd.Series | None, positions: np.ndarray) -> pd.Series | None:
    return None if values is None else values.iloc[positions]


def _with_target(X: pd.DataFrame, choice: Choice, going_on: GoingOn) -> tuple[pd.DataFrame, list[str]]:
    present = choice.values.notna().to_numpy(dtype=bool)
    if present.all():
        return X, []
    left_out = f"{int((~present).sum())} rows without a value of {choice.target!r} are left out"
    return taken(X, np.flatnonzero(present), going_on), [left_out]


def _checked(
    X: pd.DataFrame, config: SplitConfig, going_on: GoingOn
) -> tuple[pd.DataFrame, tuple[str, ...], list[str]]:
    if config.prepare == "none" or config.prepares_itself:
        return X, (), []
    seen = inspect(X, text=config.reads_text, going_on=going_on)
    if len(seen.empty) == X.shape[1]:
        raise DataLoadingError("Every feature is empty: all values are gaps", solution="Name columns that hold values")
    if seen.empty:
        X = X.drop(columns=list(seen.empty))
    warnings = [f"Column {name!r} is left out: all its values are gaps" for name in seen.empty]
    return X, tuple(name for name in seen.gaps if name not in seen.empty), warnings


def _facts(X: pd.DataFrame, choice: Choice, decision: Decision, dealt: Deal) -> dict[str, Any]:
    return {
        "targetColumn": choice.target,
        "targetChosen": choice.why,
        "task": decision.task,
        "taskChosen": decision.why,
        "samples": len(X),
        "features": X.shape[1],
        "trainSamples": len(dealt.train),
        "validationSamples": len(dealt.validation),
        "testSamples": len(dealt.test),
        "stratified": dealt.stratified,
    }
