"""What follows once the results are released: importances, predictions, pictures, hashes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.actions import Context
from mlmagic.actions._history import Recorder
from mlmagic.events import Artifact, Metadata, Plan, Table
from mlmagic.run_directory import TABLES, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._base import Executor, Outcome, Predictions


def follow_up(
    executor: Executor,
    config: RunConfig,
    data: TrainingData,
    outcome: Outcome,
    predicted: Mapping[str, Predictions],
    recorder: Recorder,
    frame: pd.DataFrame,
    context: Context,
) -> None:
    """Write everything that explains the model but is not needed to use it."""
    from mlmagic.data import data_hash

    context.emit(Plan("finishing"))
    writer = _Writer(config.output_dir, context)
    if "test" in predicted and data.test is not None:
        table = prediction_table(data.test, predicted["test"], outcome)
        writer.table("predictions", table)
    importances = outcome.tables.get("feature_importances")
    if importances is None and data.test is not None and not context.stop.is_set():
        importances = _permuted(executor, outcome, data, config, context)
    if importances is not None:
        writer.csv("featureImportances", "feature_importances.csv", importances)
    for unit, rows in recorder.rows.items():
        name = "cv_metrics.csv" if unit == "fold" else "metrics.csv"
        writer.csv("foldsCSV" if unit == "fold" else "metricsCSV", name, rows)
    if not context.stop.is_set():  # who stops a run wants it to end
        writer.pictures(data, outcome, predicted, recorder)
    context.emit(Metadata({"dataHash": data_hash(frame)}))


def prediction_table(rows: Rows, given: Predictions, outcome: Outcome) -> pd.DataFrame:
    """Predictions beside the truth, with the input's index; a confidence and a column a class where there are any."""
    import pandas as pd

    table = pd.DataFrame(index=rows.X.index)
    if rows.y is not None:
        table["actual"] = rows.y
    table["predicted"] = given.values
    if given.probabilities is not None and outcome.classes is not None:
        table["confidence"] = given.probabilities.max(axis=1)
        for column, label in enumerate(outcome.classes):
            table[str(label)] = given.probabilities[:, column]
    return table


def _permuted(
    executor: Executor, outcome: Outcome, data: TrainingData, config: RunConfig, context: Context
) -> pd.DataFrame | None:
    from sklearn.metrics import accuracy_score, r2_score

    from mlmagic.evaluation import permutation_importance

    assert data.test is not None
    return permutation_importance(
        lambda rows: executor.predict(outcome, rows).values,
        data.test,
        accuracy_score if data.task == "classification" else r2_score,
        config.seed,
        stop=context.stop,
    )


class _Writer:
    """Writes files whole below the run's directory and tells of them."""

    def __init__(self, directory: Path | None, context: Context) -> None:
        assert directory is not None
        self._directory = directory
        self._emit = context.emit

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """A table for panels and figures."""
        place = f"{TABLES}/{name}.parquet"
        write_whole(self._directory / place, frame.to_parquet)
        self._emit(Table(name, place))

    def csv(self, key: str, name: str, table: pd.DataFrame | list[dict[str, Any]]) -> None:
        """A table for people."""
        import pandas as pd

        frame = pd.DataFrame(table)
        self._tell(key, write_whole(self._directory / name, lambda path: frame.to_csv(path, index=False)))

    def pictures(
        self, data: TrainingData, outcome: Outcome, predicted: Mapping[str, Predictions], recorder: Recorder
    ) -> None:
        """PNG files of what the metrics say."""
        from mlmagic.actions import _pictures

        if "test" in predicted and data.test is not None and data.task == "classification":
            figure = _pictures.confusion(data.test.y, predicted["test"].values, outcome.classes)
            self._picture("confusionMatrixPlot", "confusion_matrix.png", figure)
        if folds := recorder.rows.get("fold"):
            self._picture("metricsPlot", "cv_metrics.png", _pictures.folds(folds))
        for rows in (rows for unit, rows in recorder.rows.items() if unit != "fold"):
            for metric in ("loss", "accuracy", "r2"):
                if any(key.endswith(metric) for key in rows[0]):
                    self._picture(f"{metric}Plot", f"{metric}.png", _pictures.curve(rows, metric))

    def _picture(self, key: str, name: str, figure: Any) -> None:
        self._tell(key, write_whole(self._directory / name, lambda path: figure.savefig(path, dpi=144)))

    def _tell(self, key: str, path: Path) -> None:
        self._emit(Artifact(key, path.relative_to(self._directory).as_posix(), path.stat().st_size))
