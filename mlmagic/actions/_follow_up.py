"""What follows once the results are released: importances, predictions, pictures, hashes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.actions import Context
from mlmagic.actions._history import Recorder
from mlmagic.actions._predictions import prediction_table
from mlmagic.actions._scored import Scored, truth
from mlmagic.actions._writer import Writer
from mlmagic.events import Log, Metadata, Plan
from mlmagic.executors._base import Predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import pandas as pd

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, TrainingData
    from mlmagic.evaluation._metrics import Measured
    from mlmagic.executors._base import Executor, Outcome

# What a column's importance is a fall of.
_JUDGED_BY: dict[Measured, str] = {"classification": "accuracy", "regression": "r2", "ranking": "ndcg"}
# How often each column is shuffled, in at least so many seconds.
REPEATS, LEAST_SECONDS = 5, 2.0


def follow_up(
    executor: Executor,
    config: RunConfig,
    data: TrainingData,
    outcome: Outcome,
    predicted: Mapping[str, Predictions],
    metrics: Mapping[str, Any],
    recorder: Recorder,
    frame: pd.DataFrame,
    context: Context,
    seconds: float,
) -> None:
    """Write everything that explains the model but is not needed to use it.

    Parameters
    ----------
    seconds
        How long training took: what explains a model must not take longer.
    """
    from mlmagic.data import data_hash

    context.emit(Plan("finishing"))
    writer = Writer(config.output_dir, context)
    if "test" in predicted and data.test is not None:
        table = prediction_table(data.test.X.index, predicted["test"], outcome.classes, data.test.y)
        writer.table("predictions", table)
    importances = outcome.tables.get("feature_importances")
    # A single column has the whole importance.
    asked = data.test is not None and data.test.X.shape[1] > 1
    if importances is None and asked and not context.stop.is_set():
        importances = _permuted(executor, outcome, data, config, seconds, context)
    if importances is not None:
        writer.csv("featureImportances", "feature_importances.csv", importances)
    for unit, rows in recorder.rows.items():
        name = "cv_metrics.csv" if unit == "fold" else "metrics.csv"
        writer.csv("foldsCSV" if unit == "fold" else "metricsCSV", name, rows)
    if not context.stop.is_set():  # who stops a run wants it to end
        _draw(writer, metrics.get("test", {}), recorder)
    context.emit(Metadata({"dataHash": data_hash(frame)}))


def _permuted(
    executor: Executor, outcome: Outcome, data: TrainingData, config: RunConfig, seconds: float, context: Context
) -> pd.DataFrame | None:
    from mlmagic.evaluation import permutation_importance

    assert data.test is not None
    task = "ranking" if outcome.ranks else data.task
    # A library has said what its own importances are, whether this model has them or not.
    context.emit(Metadata({"importances": f"drop of {_JUDGED_BY[task]} when shuffled"}))
    found = permutation_importance(
        lambda rows: executor.predict(outcome, rows).values,
        data.test if outcome.ranks else replace(data.test, group=None),
        _judge(task, outcome),
        config.seed,
        REPEATS,
        stop=context.stop,
        # How much is done in a time is never the same twice.
        seconds=math.inf if config.deterministic else max(LEAST_SECONDS, seconds),
    )
    if not context.stop.is_set() and (text := _shortened(found, data.test.X.shape[1])):
        context.emit(Log(text, "warning"))
    return found


def _judge(task: Measured, outcome: Outcome) -> Callable[[Rows, np.ndarray], float]:
    """The score that falls; of labels not by way of a confusion matrix, which takes longer than most predictions."""
    scored = Scored(task)
    if task != "classification":
        return lambda rows, values: scored.scores(rows, Predictions(values), outcome)[_JUDGED_BY[task]]
    from mlmagic.evaluation import share_right

    classes = outcome.classes
    assert classes is not None
    return lambda rows, values: share_right(truth(rows), values, classes)


def _shortened(found: pd.DataFrame, columns: int) -> str | None:
    """What to say of importances that took too long; None where all were measured as they should."""
    repeats: int = found.attrs["repeats"]
    if repeats == REPEATS:
        return None
    often = f"{'once' if repeats == 1 else repeats} instead of {REPEATS} times"
    which = "all" if len(found) == columns else f"{len(found)} of {columns}"
    why = "to measure more would take longer than training did"
    return f"Importances are of {which} columns, each shuffled {often}: {why}"


def _draw(writer: Writer, test: Mapping[str, Any], recorder: Recorder) -> None:
    """PNG files of what the metrics say."""
    from mlmagic.actions import _pictures

    if "confusionMatrix" in test:
        figure = _pictures.confusion(test["confusionMatrix"], test["labels"])
        writer.picture("confusionMatrixPlot", "confusion_matrix.png", figure)
    if folds := recorder.rows.get("fold"):
        writer.picture("metricsPlot", "cv_metrics.png", _pictures.folds(folds))
    for rows in (rows for unit, rows in recorder.rows.items() if unit != "fold"):
        for metric in ("loss", "accuracy", "r2"):
            if any(f"{part}_{metric}" in rows[0] for part in _pictures.NAMES):
                writer.picture(f"{metric}Plot", f"{metric}.png", _pictures.curve(rows, metric))
