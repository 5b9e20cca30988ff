"""The metrics of all epochs, as the report shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic import evaluation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Words in the names of a network's own metrics that grow as it gets better.
_GROWING = ("accuracy", "auc", "f1", "precision", "r2", "recall")


def grows(metric: str) -> bool:
    """Whether a metric is better the larger it is."""
    known = evaluation.grows(metric)
    return any(word in metric for word in _GROWING) if known is None else known


def nested(history: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Collect the rows of all epochs by part and metric.

    Returns
    -------
    dict
        ``{"train": {"loss": [...], "accuracy": [...], "finalLoss": ..., "finalAccuracy": ...}, "validation": {...}}``,
        in validation the best of each as well.
    """
    body: dict[str, Any] = {}
    for name in history[0] if history else ():
        prefix, _, metric = name.partition("_")
        values = [row[name] for row in history]
        part = body.setdefault({"val": "validation"}.get(prefix, prefix), {})
        part[metric] = values
    for name, part in body.items():
        for metric, values in list(part.items()):
            part["final" + _capital(metric)] = values[-1]
        if name == "validation":
            lists = [(metric, values) for metric, values in part.items() if isinstance(values, list)]
            part |= {"best" + _capital(metric): _best(metric, values) for metric, values in lists}
    return body


def _capital(metric: str) -> str:
    return metric[0].upper() + metric[1:]


def _best(metric: str, values: Sequence[float]) -> float:
    finite = [value for value in values if value == value] or [values[-1]]
    return max(finite) if grows(metric) else min(finite)
