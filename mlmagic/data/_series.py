"""Rows in order of time: windows to learn from, validate by and test on, in this order, none across two parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic.data._beside import beside
from mlmagic.data._checks import inspect
from mlmagic.data._mapped import taken
from mlmagic.data._target import Choice, choose
from mlmagic.data._task import Decision, decide
from mlmagic.data._types import Rows, Task, TrainingData
from mlmagic.data._windows import Series, column
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration

if TYPE_CHECKING:
    from mlmagic.data._config import SeriesConfig
    from mlmagic.data._types import GoingOn

PARTS = ("train", "validation", "test")


def split_windows(
    frame: pd.DataFrame,
    config: SeriesConfig,
    default_validation: float,
    estimator_task: Task | None,
    going_on: GoingOn,
) -> TrainingData:
    """Cut each series into rows that train, then validate, then test, and each part into windows.

    A sample is ``config.window`` consecutive rows; its target is the value ``config.horizon`` rows after the last of
    them. A target of numbers is among the columns of a window: a forecast knows its past.

    Parameters and errors are those of :func:`mlmagic.data.split`; whatever labels each part has.
    """
    if config.groups is not None and not isinstance(config.groups, str):
        message = "with window, groups names a column of the data: a prediction needs it as well"
        raise InvalidConfiguration([Fault("groups", message, value=str(config.groups))])
    choice = choose(frame, config, past=True)
    aside = beside(frame, config)
    decision = decide(choice.values, config.task, estimator_task)
    columns, gaps, warnings = _columns(frame, config, choice, decision, going_on)
    series = Series.of(len(frame), aside.group)
    validation = default_validation if config.validation_split is None else config.validation_split
    found = _ends(series, config, validation)
    target = _values(choice, decision)
    table = taken(frame[columns], series.order, going_on)
    parts: dict[str, Rows | None] = {}
    for name, ends in found.items():
        there = series.order[ends + config.horizon]
        known = target.notna().to_numpy()[there]
        X = column(table, ends[known], config.window)
        y = pd.Series(target.to_numpy()[there[known]], index=X.index, name=choice.target)
        weight = None if aside.weight is None else aside.weight.iloc[there[known]].set_axis(X.index)
        y = y.astype(decision.y.dtype)
        parts[name] = Rows(X, y, gaps, weight) if len(X) or name == "train" else None
    _require(parts, config, {"validation": validation, "test": config.test_split}, len(frame))
    classes = np.unique(decision.y.to_numpy()) if decision.task == "classification" else None
    facts = _facts(config, choice, decision, columns, parts, len(frame))
    facts["warnings"] = [*choice.warnings, *aside.warnings, *decision.warnings, *warnings]
    train, validating, test = (parts[name] for name in PARTS)
    assert train is not None
    return TrainingData(
        train, validating, test, decision.task, choice.target, classes, facts, class_weight=config.class_weight
    )


def _columns(
    frame: pd.DataFrame, config: SeriesConfig, choice: Choice, decision: Decision, going_on: GoingOn
) -> tuple[list[str], tuple[str, ...], list[str]]:
    """The columns of a window, those of them with gaps, and what the user should know."""
    own = decision.task == "regression" and choice.target in frame.columns and choice.target not in choice.features
    columns = [*choice.features, *([choice.target] if own else [])]
    if config.prepare == "none":
        return columns, (), []
    seen = inspect(frame[columns], going_on=going_on)
    kept = [name for name in columns if name not in seen.empty]
    if not kept:
        raise DataLoadingError("Every feature is empty: all values are gaps", solution="Name columns that hold values")
    warnings = [f"Column {name!r} is left out: all its values are gaps" for name in seen.empty]
    return kept, tuple(name for name in seen.gaps if name in kept), warnings


def _ends(series: Series, config: SeriesConfig, validation: float) -> dict[str, np.ndarray]:
    """The place of each window's last row, by part."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in PARTS}
    for start, end in zip(series.bounds[:-1], series.bounds[1:], strict=True):
        testing, validating = (math.ceil(share * (end - start)) for share in (config.test_split, validation))
        cuts = (start, end - testing - validating, end - testing, end)
        for number, name in enumerate(PARTS):
            step = config.stride if name == "train" else 1
            found[name].append(np.arange(cuts[number] + config.window - 1, cuts[number + 1] - config.horizon, step))
    return {name: np.concatenate(ends).astype(np.int64) for name, ends in found.items()}


def _values(choice: Choice, decision: Decision) -> pd.Series:
    """The target of every row as it is learned, gaps where there is none; by position."""
    values = np.full(len(choice.values), None, dtype=object)
    values[choice.values.notna().to_numpy()] = decision.y.to_numpy()
    return pd.Series(values, dtype=object)


def _require(parts: dict[str, Rows | None], config: SeriesConfig, shares: dict[str, float], rows: int) -> None:
    size = f"a window of {config.window} rows and a target {config.horizon} after it"
    train = parts["train"]
    assert train is not None
    if len(train) < 2:
        raise DataLoadingError(
            f"{rows} rows leave {len(train)} samples to train on: each is {size}",
            solution="Lower window, testSplit or validationSplit, or give more rows",
        )
    for name, share in shares.items():
        if share and parts[name] is None:
            raise DataLoadingError(
                f"The rows for {name} ({share:g} of each series) are too few for {size}",
                solution=f"Raise {name}Split, lower window, or give more rows; {name}Split: 0 leaves them out",
            )


def _facts(
    config: SeriesConfig,
    choice: Choice,
    decision: Decision,
    columns: list[str],
    parts: dict[str, Rows | None],
    rows: int,
) -> dict[str, Any]:
    counts = {name: 0 if part is None else len(part) for name, part in parts.items()}
    return {
        "targetColumn": choice.target,
        "targetChosen": choice.why,
        "task": decision.task,
        "taskChosen": decision.why,
        "samples": sum(counts.values()),
        "features": len(columns),
        **{f"{name}Samples": count for name, count in counts.items()},
        "stratified": False,
        "windows": {
            "window": config.window,
            "horizon": config.horizon,
            "stride": config.stride,
            "columns": columns,
            "ownPast": choice.target in columns,
            "groups": config.groups,
            "rows": rows,
            "split": "by time: of each series the last rows test, those before them validate",
        },
    }
