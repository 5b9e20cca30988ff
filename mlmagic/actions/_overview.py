"""``debug: true``: what a run trains on, in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.data import Rows, TrainingData


def overview(data: TrainingData) -> str:
    """The parts, how often each label is there, and the features of the training rows, as text."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    lines = [f"{name}: {_part(rows, data)}" for name, rows in parts.items() if rows]
    from mlmagic.data import raw

    columns = raw(data.train.X).describe(include="all").T.to_string(na_rep="", float_format="{:g}".format)
    return "\n".join([*lines, f"features of the training rows, by pandas' describe:\n{columns}"])


def _part(rows: Rows, data: TrainingData) -> str:
    if rows.y is None:
        return f"{len(rows)} rows"
    if data.classes is None:
        return f"{len(rows)} rows, {data.target} from {rows.y.min():g} to {rows.y.max():g}, mean {rows.y.mean():g}"
    counts = rows.y.value_counts()
    labels = dict.fromkeys([*data.classes, *counts.index])  # test rows may have labels that nobody learns
    return f"{len(rows)} rows, " + ", ".join(f"{label} {counts.get(label, 0)}" for label in labels)
