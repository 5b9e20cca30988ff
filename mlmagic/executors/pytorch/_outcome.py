"""What a training gave, with what is needed to store it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.executors._base import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class TorchOutcome(Outcome):
    """An outcome whose model is a ``torch.nn.Module`` on the CPU, in eval mode.

    Attributes
    ----------
    about
        What is needed to build the network again, as plain data.
    last
        Weights after the last step; ``model`` has those of the best epoch.
    optimizer
        The optimizer's state after the last step.
    """

    about: Mapping[str, Any] = field(default_factory=dict)
    last: Mapping[str, Any] | None = None
    optimizer: Mapping[str, Any] | None = None


def nested(history: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The metrics of all epochs, as the report shows them.

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
    return max(finite) if metric in ("accuracy", "f1", "r2") else min(finite)
