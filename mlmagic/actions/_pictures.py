"""PNG pictures of a run, drawn with matplotlib's object API: pyplot is not safe outside the main thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#2563c9", "#c2410c", "#9aa7b8"
COLOURS = {"train": GREY, "val": BLUE, "test": BLUE}
NAMES = {"train": "train", "val": "validation", "test": "test"}


def confusion(actual: Any, predicted: Any, classes: Any) -> Figure:
    """Counts of true labels (rows) against predicted ones (columns)."""
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    figure, axes = _blank(5.2, 4.4)
    counts = confusion_matrix(actual, predicted, labels=list(classes))
    ConfusionMatrixDisplay(counts, display_labels=[str(label) for label in classes]).plot(
        ax=axes, cmap="Blues", colorbar=False, xticks_rotation=30 if len(classes) > 4 else "horizontal"
    )
    return figure


def curve(rows: Sequence[Mapping[str, float]], metric: str) -> Figure:
    """One metric by epoch or size, a line for each set of rows it was measured on."""
    figure, axes = _blank(6.0, 3.6)
    unit = next(iter(rows[0]))
    for prefix, name in NAMES.items():
        key = f"{prefix}_{metric}"
        points = [(row[unit], row[key]) for row in rows if key in row]
        if points:
            axes.plot(*zip(*points, strict=True), color=COLOURS[prefix], label=name, linewidth=1.6)
    axes.set(xlabel=unit, ylabel=metric)
    axes.legend(frameon=False)
    return figure


def folds(rows: Sequence[Mapping[str, float]]) -> Figure:
    """The first score of every fold, and their mean."""
    figure, axes = _blank(6.0, 3.6)
    metric = next(key for key in rows[0] if key != "fold")
    values = [row[metric] for row in rows]
    axes.plot([row["fold"] for row in rows], values, "o", color=BLUE)
    axes.axhline(sum(values) / len(values), color=ORANGE, linestyle=":", label="mean")
    axes.set(xlabel="fold", ylabel=metric, xticks=[row["fold"] for row in rows])
    axes.legend(frameon=False)
    return figure


def _blank(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color="#e3e7ec")
    return figure, axes
