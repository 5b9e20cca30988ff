"""``action: evaluate``: a fitted model and rows whose truth is known in, metrics out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic._suggest import closest
from mlmagic.actions import Context
from mlmagic.actions._inference import answered, columns_for, named_as, opened, sampled, tell
from mlmagic.actions._measured import Measured
from mlmagic.actions._predictions import prediction_table, write_csv
from mlmagic.actions._reading import telling
from mlmagic.actions._writer import Writer
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration
from mlmagic.events import Log, Metadata, Metrics, Plan

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.config import RunConfig
    from mlmagic.config._inference import EvaluateConfig
    from mlmagic.executors._fitted import Fitted

_KNOWN = (
    "{name} was trained on rows of this very table, so these metrics say little of new rows; those of its test rows "
    "are in the report of its training"
)


def evaluate(config: RunConfig, context: Context) -> None:
    """Measure the model that a bound config names on its rows. A stop measures those that were predicted by then.

    Raises
    ------
    MLError
        If the model cannot be had, the rows are not what it takes, or nothing tells their truth.
    """
    from mlmagic.config._metrics import asked
    from mlmagic.data import data_hash
    from mlmagic.evaluation import looks_at_decision

    fitted, given = opened(config, context)
    _require_target(fitted)
    frame = named_as(given, config, fitted)
    actual = truth_of(config, fitted, frame)
    if config.config.target is None and fitted.target is None:  # type: ignore[attr-defined]
        _tell_guess(fitted, frame, context)
    _tell_indexes(config, frame, context)
    columns = columns_for(fitted, frame, str(actual.name))
    group = groups_of(config, fitted, frame) if fitted.outcome.ranks else None
    frame, columns, later = sampled(fitted, frame, columns, context, actual)
    assert later is not None
    actual = later
    group = None if group is None else group[actual.notna().to_numpy(bool)]
    frame, actual = _with_truth(frame, actual, context)
    tell(config, frame, "evaluate", context, targetColumn=str(actual.name))
    metrics = asked(config.config.metrics)  # type: ignore[attr-defined]
    looks = looks_at_decision(metrics, fitted.outcome.classes)
    answers = answered(fitted, frame, columns, config, context, "samplesEvaluated", asked=looks)
    if answers.predictions is None:
        context.emit(Metrics({}))
        return
    context.emit(Plan("evaluating"))
    given_rows = None if group is None else group.iloc[: answers.rows]
    found = Measured(config, fitted, actual.iloc[: answers.rows], fitted.settled(answers.predictions), given_rows)
    for remark in found.remarks:
        context.emit(Log(remark, "warning"))
    context.emit(Metadata({"task": found.task}))
    table = prediction_table(frame.index[: answers.rows], found.given, found.labels, found.actual)
    writer = Writer(config.output_dir, context)
    writer.table("predictions", table)
    context.release(fitted.outcome)
    context.emit(Metrics(found.metrics))
    context.emit(Plan("finishing"))
    writer.file("predictionsCSV", "test_predictions.csv", lambda path: write_csv(table, path))
    _draw(found, writer, context)
    known = data_hash(given)
    context.emit(Metadata({"dataHash": known}))
    if known == fitted.trained_on:
        context.emit(Log(_KNOWN.format(name=fitted.name), "warning"))


def _tell_indexes(config: RunConfig, frame: pd.DataFrame, context: Context) -> None:
    """Tell of values beside the rows whose index is not the rows' own."""
    from mlmagic.data._given import about_index

    wanted: EvaluateConfig = config.config  # type: ignore[assignment]
    for value in (wanted.target, wanted.groups):
        if value is not None and not isinstance(value, str):
            for text in about_index(frame, value):
                context.emit(Log(text, "warning"))


def _tell_guess(fitted: Fitted, frame: pd.DataFrame, context: Context) -> None:
    """Tell why this column is the truth, where nobody named one."""
    found = _usual(fitted, frame)
    assert found is not None
    context.emit(Metadata({"targetChosen": found[1]}))
    context.emit(Log(f"Measured against {found[0]!r} ({found[1]})"))


def _usual(fitted: Fitted, frame: pd.DataFrame) -> tuple[str, str] | None:
    from mlmagic.data._target import usual_target

    return usual_target(frame, fitted.features or ())


def _require_target(fitted: Fitted) -> None:
    if fitted.task == "clustering":
        raise InvalidConfiguration(
            f"evaluate compares predictions with a truth, but {fitted.name} clusters, and its labels are its own",
            solution="Name the known labels when it is trained (target: ...), which measures by adjustedRandIndex; or "
            "predict",
        )


def _with_truth(frame: pd.DataFrame, actual: pd.Series, context: Context) -> tuple[pd.DataFrame, pd.Series]:
    """The rows whose truth is known."""
    import numpy as np

    from mlmagic.data import taken

    present = actual.notna().to_numpy(bool)
    if present.all():
        return frame, actual
    if not present.any():
        raise DataLoadingError(f"No row has a value of {actual.name!r}", solution="Give rows whose truth is known")
    context.emit(Log(f"{(~present).sum()} rows without a value of {actual.name!r} are left out", "warning"))
    return taken(frame, np.flatnonzero(present), telling(context, "")), actual[present]


def truth_of(config: RunConfig, fitted: Fitted, frame: pd.DataFrame) -> pd.Series:
    """The truth beside the rows, gaps included.

    Raises
    ------
    MLError
        If nothing tells where it is, or it is not there.
    """
    from mlmagic.data._given import given, no_column
    from mlmagic.data._shown import listing

    wanted: EvaluateConfig = config.config  # type: ignore[assignment]
    if wanted.target is not None and not isinstance(wanted.target, str):
        return given(frame, wanted.target, "target")
    name = wanted.target or fitted.target or next(iter(_usual(fitted, frame) or ()), None)
    if name is None:
        message = f"target is missing: {fitted.name} does not say what it predicts. Name the column with the truth."
        raise InvalidConfiguration([Fault("config.target", message)], solution="Add a line such as target: label")
    if name in frame.columns:
        return frame[name]
    if wanted.target is not None:
        raise InvalidConfiguration([no_column(frame, "config.target", name)])
    lacking = (
        f"The data has no column {name!r}, which {fitted.name} predicts: without the truth nothing can be measured"
    )
    guess = closest(name, frame.columns)
    raise DataLoadingError(
        f"{lacking}. Did you mean target: {guess}?" if guess else lacking,
        solution=f"Name the column that holds it (target: ...), or predict only; the data has {listing(frame.columns)}",
    )


def groups_of(config: RunConfig, fitted: Fitted, frame: pd.DataFrame) -> pd.Series:
    """What each row belongs to, for a model that ranks the rows of a group.

    Raises
    ------
    MLError
        If nothing tells it, or it is not there.
    """
    from mlmagic.data._given import given, no_column

    wanted: EvaluateConfig = config.config  # type: ignore[assignment]
    if wanted.groups is not None and not isinstance(wanted.groups, str):
        return given(frame, wanted.groups, "groups")
    name = wanted.groups or fitted.groups
    if name is None:
        message = f"groups is missing: {fitted.name} ranks the rows of each group, and nothing says which those are."
        raise InvalidConfiguration([Fault("config.groups", message)], solution="Add a line such as groups: query_id")
    if name not in frame.columns:
        raise InvalidConfiguration([no_column(frame, "config.groups", name)])
    return frame[name]


def _draw(found: Measured, writer: Writer, context: Context) -> None:
    from mlmagic.actions import _pictures
    from mlmagic.evaluation import roc_points

    if found.task != "classification" or found.classes is None or context.stop.is_set():
        return
    labels = found.metrics["confusionMatrix"], found.metrics["labels"]
    writer.picture("confusionMatrixPlot", "confusion_matrix.png", _pictures.confusion(*labels))
    points = roc_points(found.compared)
    if points is not None:
        writer.table("roc_curve", points)
        writer.picture("rocCurve", "roc_curve.png", _pictures.roc(points, two=len(found.classes) == 2))
