"""A list of metrics: names that are known, and functions of the notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator

from mlmagic._suggest import closest_of
from mlmagic.config._model import Text, refuse
from mlmagic.config._reference import Reference
from mlmagic.config._values import show
from mlmagic.evaluation import known_metrics


def _known(name: str) -> str:
    if name in known_metrics():
        return name
    message = f"no metric is called {show(name)}: it may be any scorer of scikit-learn, or a function ($name)"
    raise refuse(message, closest_of(name, known_metrics()))


MetricName = Annotated[Text, AfterValidator(_known)]
Metrics = list[MetricName | Reference]


def asked(metrics: Sequence[str | Reference] | None) -> list[str | tuple[str, Callable[..., Any]]]:
    """Metrics as ``mlmagic.evaluation.named`` takes them: each name once, and functions with theirs.

    A function that is called like a known metric has an underscore after its name.
    """
    known = known_metrics()
    found: dict[str, str | tuple[str, Callable[..., Any]]] = {}
    for item in metrics or ():
        if isinstance(item, str):
            found[known[item]] = known[item]
        else:
            name = str(item).lstrip("$")
            name += "_" * (name in known)
            found[name] = (name, item.value)
    return list(found.values())
