"""The metrics of all epochs, as the report shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic import evaluation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Words in the names of a library's or a network's own metrics that grow as it gets better, or fall.
_GROWING = ("accuracy", "auc", "f1", "ndcg", "precision", "r2", "recall")
_FALLING = ("deviance", "divergence", "entropy", "error", "loss", "mae", "mape", "mse")


def grows(metric: str) -> bool:
    """Whether a metric is better the larger it is, as far as its name tells."""
    return bool(_direction(metric))


def _direction(metric: str) -> bool | None:
    """The same; None where the name does not tell."""
    known, name = evaluation.grows(metric), metric.lower()
    if known is not None:
        return known
    if any(word in name for word in _GROWING):
        return True
    return False if any(word in name for word in _FALLING) else None


def nested(history: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Collect the rows of all epochs by part and metric.

    Returns
    -------
    dict
        ``{"train": {"loss": [...], "accuracy": [...], "finalLoss": ..., "finalAccuracy": ...}, "validation": {...}}``,
        in validation the best of each as well, where its name tells which that is.
    """
    body: dict[str, Any] = {}
    for name in history[0] if history else ():
        prefix, _, metric = name.partition("_")
        values = [row[name] for row in history]
        part = body.setdefault({"val": "validation"}.get(prefix, prefix), {})
        part[metric] = values
    for name, part in body.items():
        lists = list(part.items())
        part |= {"final" + evaluation.capital(metric): values[-1] for metric, values in lists}
        if name == "validation":
            part |= _best(lists)
    return body


def _best(lists: Sequence[tuple[str, Sequence[float]]]) -> dict[str, float]:
    body = {}
    for metric, values in lists:
        higher = _direction(metric)
        if higher is not None:
            finite = [value for value in values if value == value] or [values[-1]]
            body["best" + evaluation.capital(metric)] = max(finite) if higher else min(finite)
    return body
