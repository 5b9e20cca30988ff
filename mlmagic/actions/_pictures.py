"""PNG pictures of a run, drawn with matplotlib's object API: pyplot is not safe outside the main thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#2563c9", "#c2410c", "#9aa7b8"
COLOURS = {"train": GREY, "val": BLUE, "test": BLUE}
# Labels whose counts can still be read.
MOST_COUNTS = 20
NAMES = {"train": "train", "val": "validation", "test": "test"}


def confusion(matrix: Any, labels: Sequence[str]) -> Figure:
    """Counts of true labels (rows) against predicted ones (columns); in colour alone where there are many labels."""
    import numpy as np
    from sklearn.metrics import ConfusionMatrixDisplay

    figure, axes = _blank(5.2, 4.4)
    axes.grid(visible=False)
    ConfusionMatrixDisplay(np.asarray(matrix), display_labels=labels).plot(
        ax=axes,
        cmap="Blues",
        colorbar=len(labels) > MOST_COUNTS,
        include_values=len(labels) <= MOST_COUNTS,
        xticks_rotation="horizontal" if len(labels) <= 4 else 30 if len(labels) <= MOST_COUNTS else "vertical",
    )
    if len(labels) > MOST_COUNTS:  # each text is laid out again and again: hundreds take a minute
        places = np.arange(0, len(labels), -(-len(labels) // MOST_COUNTS))
        named = [labels[place] for place in places.tolist()]
        axes.set(xticks=places, xticklabels=named, yticks=places, yticklabels=named)
    return figure


def roc(points: Any, two: bool) -> Figure:
    """The ROC curve of each class against the rest, or the one of two classes."""
    from sklearn.metrics import RocCurveDisplay

    figure, axes = _blank(5.2, 4.4)
    for label, curve in points.groupby("class", sort=False):
        display = RocCurveDisplay(fpr=curve["fpr"], tpr=curve["tpr"], roc_auc=curve["auc"].iloc[0])
        display.plot(ax=axes, name=str(label))
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1)
    axes.set(
        xlabel="false positive rate",
        ylabel="true positive rate",
        title="" if two else "each class against the rest",
        aspect="equal",
    )
    if points["class"].nunique() <= MOST_COUNTS:
        axes.legend(frameon=False, loc="lower right", fontsize="small")
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
