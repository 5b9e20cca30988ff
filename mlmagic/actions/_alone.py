"""What follows a training without a target: what was found of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.actions._predictions import section, write_csv
from mlmagic.actions._writer import Writer
from mlmagic.events import Log, Metadata, Metrics, Plan, Section
from mlmagic.run_directory import shown

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.actions import Context
    from mlmagic.config import RunConfig
    from mlmagic.executors._base import Outcome

CSV = "predictions.csv"


def tell(config: RunConfig, outcome: Outcome, frame: pd.DataFrame, context: Context) -> None:
    """Tell the metrics, and write the clusters or outliers of all rows."""
    from mlmagic.data import data_hash

    assert config.output_dir is not None
    metrics, table = dict(outcome.metrics), outcome.tables["predictions"]
    for name, reason in metrics.get("undefined", {}).items():
        context.emit(Log(f"{name} has no value: {reason}", "warning"))
    if (rows := metrics.get("silhouetteSamples")) is not None:
        context.emit(Log(f"The silhouette is that of {rows} rows drawn at random; it compares every pair of rows"))
    context.emit(Metrics(metrics))
    context.emit(Plan("finishing"))
    writer = Writer(config.output_dir, context)
    writer.table("predictions", table)
    writer.file("predictionsCSV", CSV, lambda path: write_csv(table, path))
    context.emit(Section("predictions", section(table, "classes", shown(config.output_dir / CSV))))
    context.emit(Metadata({"dataHash": data_hash(frame)}))
