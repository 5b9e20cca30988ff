"""``action: predict``: a fitted model and rows in, a table of predictions out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.actions import Context
from mlmagic.actions._inference import answered, columns_for, named_as, opened, sampled, tell
from mlmagic.actions._predictions import MOST_JSON, prediction_table, section, write_csv, write_json
from mlmagic.actions._writer import Writer
from mlmagic.events import Log, Metadata, Metrics, Plan, Section
from mlmagic.run_directory import shown

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.actions._gathered import Answers
    from mlmagic.config import RunConfig
    from mlmagic.config._inference import PredictConfig
    from mlmagic.executors._fitted import Fitted

CSV, JSON = "predictions.csv", "predictions.json"


def predict(config: RunConfig, context: Context) -> None:
    """Predict the rows that a bound config names. A stop keeps those that were predicted by then.

    Raises
    ------
    MLError
        If the model cannot be had, or the rows are not what it takes.
    """
    from mlmagic.data import data_hash

    fitted, given = opened(config, context)
    frame = named_as(given, config, fitted)
    columns = columns_for(fitted, frame, fitted.target)
    frame, columns, _ = sampled(fitted, frame, columns, context)
    tell(config, frame, "predict", context)
    answers = answered(fitted, frame, columns, config, context, "samplesProcessed")
    table, output_format = _table(config, fitted, frame, answers, context)
    writer = Writer(config.output_dir, context)
    writer.table("predictions", table)
    context.emit(Section("predictions", section(table, output_format)))
    context.release(fitted.outcome)
    context.emit(Metrics({}))
    _follow_up(config, table, output_format, writer, context)
    context.emit(Metadata({"dataHash": data_hash(given)}))


def _table(
    config: RunConfig, fitted: Fitted, frame: pd.DataFrame, answers: Answers, context: Context
) -> tuple[pd.DataFrame, str]:
    """The predictions, and the format that they have in the end."""
    import pandas as pd

    from mlmagic.data import UNSUPERVISED

    wanted: PredictConfig = config.config  # type: ignore[assignment]
    if answers.predictions is None:
        return pd.DataFrame({"predicted": []}, index=frame.index[:0]), "classes"
    given = fitted.settled(answers.predictions)
    classes, index = fitted.classes(given), frame.index[: answers.rows]
    if fitted.task == "regression" or (classes is None and given.values.dtype.kind == "f"):
        return prediction_table(index, given, None), "values"
    alone = fitted.task in UNSUPERVISED
    if given.probabilities is None and wanted.output_format == "probabilities" and not alone:
        context.emit(Log(f"{fitted.name} gives no probabilities: its classes are told alone", "warning"))
    if given.probabilities is None or wanted.output_format == "classes":
        return prediction_table(index, given, None), "classes"
    return prediction_table(index, given, classes), "probabilities"


def _follow_up(config: RunConfig, table: pd.DataFrame, output_format: str, writer: Writer, context: Context) -> None:
    """Write the files for people, once the results are there."""
    assert config.output_dir is not None
    context.emit(Plan("finishing"))
    writer.file("predictionsCSV", CSV, lambda path: write_csv(table, path))
    context.emit(Section("predictions", section(table, output_format, shown(config.output_dir / CSV))))
    if len(table) <= MOST_JSON:
        writer.file("predictionsJSON", JSON, lambda path: write_json(table, output_format, path))
    else:
        context.emit(Log(f"{JSON} is left out: it is for at most {MOST_JSON} rows, and {CSV} has all {len(table)}"))
