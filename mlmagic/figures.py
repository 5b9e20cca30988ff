"""Plain data -> plotly figures: pure, and every one built from what the report also gives as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mlmagic import _view

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mlmagic.report import Report

BLUE, ORANGE, GREY = "#2563c9", "#c2410c", "#9aa7b8"
PREFIXES = {"train": ("train", GREY), "val": ("validation", BLUE), "test": ("test", BLUE)}


def figures(report: Report) -> dict[str, Any]:
    """Every figure that a report has data for, by name.

    "loss", "accuracy", ...: columns of ``report.history``. "confusion_matrix": ``confusionMatrix`` of the metrics.
    "feature_importances": the file of that name among ``report.artifacts``. "roc_curve": what ``report.predictions``
    gives for each class.
    """
    state = report.run.state
    history = report.history
    found = {name: curve(history, state.axis.unit or "step", name) for name in _metrics(history.columns)}
    if (confusion := _view.confusion(state)) is not None:
        found["confusion_matrix"] = confusion_matrix(confusion["labels"], confusion["counts"])
    if (importance := _view.importance(report.run)) is not None:
        found["feature_importances"] = bars(importance["features"], importance["values"], importance["method"])
    if (place := state.tables.get("roc_curve")) is not None:
        found["roc_curve"] = roc(report.run.path / place)
    return found


def curve(history: pd.DataFrame, unit: str, metric: str) -> Any:
    """One metric by epoch or size, a line for each set of rows it was measured on."""
    import plotly.graph_objects as go

    figure = go.Figure(layout=_layout(unit, metric))
    for prefix, (name, colour) in PREFIXES.items():
        column = f"{prefix}_{metric}"
        if column in history and unit in history:
            rows = history[[unit, column]].dropna()
            line = {"color": colour, "width": 2}
            figure.add_scatter(x=rows[unit], y=rows[column], name=name, line=line, mode="lines+markers")
    return figure


def confusion_matrix(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Any:
    """Counts of true classes (rows) against predicted ones (columns)."""
    import plotly.graph_objects as go

    names = [str(label) for label in labels]
    heat = go.Heatmap(z=counts, x=names, y=names, colorscale=[[0, "#f7f8fa"], [1, BLUE]], showscale=False)
    heat.update(texttemplate="%{z}", hovertemplate="%{y} called %{x}: %{z}<extra></extra>")
    figure = go.Figure(heat, layout=_layout("predicted", "true"))
    return figure.update_yaxes(autorange="reversed", type="category").update_xaxes(type="category")


def roc(path: Path) -> Any:
    """The ROC curve of each class, from a table of its points: class, fpr, tpr, threshold and auc."""
    import pandas as pd
    import plotly.graph_objects as go

    figure = go.Figure(layout=_layout("false positive rate", "true positive rate"))
    for label, points in pd.read_parquet(path).groupby("class", sort=False):
        name = f"{label} (AUC {points['auc'].iloc[0]:.3f})"
        figure.add_scatter(x=points["fpr"], y=points["tpr"], name=name, mode="lines", line={"width": 2})
    chance = {"color": GREY, "width": 1, "dash": "dot"}
    return figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=chance, showlegend=False, hoverinfo="skip")


def bars(names: Sequence[str], values: Sequence[float], measure: str) -> Any:
    """Horizontal bars, the longest first."""
    import plotly.graph_objects as go

    figure = go.Figure(go.Bar(x=values, y=names, orientation="h", marker_color=BLUE), layout=_layout(measure, ""))
    return figure.update_yaxes(autorange="reversed", type="category")


def _metrics(columns: Iterable[str]) -> list[str]:
    names = [column.partition("_")[2] for column in columns if column.partition("_")[0] in PREFIXES]
    return list(dict.fromkeys(name for name in names if name))


def _layout(x: str, y: str) -> dict[str, Any]:
    margin = {"l": 60, "r": 20, "t": 20, "b": 50}
    return {"template": "plotly_white", "xaxis_title": x, "yaxis_title": y, "margin": margin, "height": 340}
