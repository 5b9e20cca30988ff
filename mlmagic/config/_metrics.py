"""A list of metrics: names that are known, and functions of the notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import Field

from mlmagic._suggest import closest_of
from mlmagic.config._lists import Unknown, ruled
from mlmagic.config._model import Text, one_or_more
from mlmagic.config._reference import Reference, spread
from mlmagic.config._values import show
from mlmagic.evaluation import known_metrics


def unknown_metric(name: str) -> Unknown | None:
    """Return what is wrong with a metric's name; None if nothing is."""
    if name in known_metrics():
        return None
    message = f"no metric is called {show(name)}: it may be any scorer of scikit-learn, or a function ($name)"
    return Unknown(message, closest_of(name, known_metrics()))


MetricName = Annotated[Text, ruled(unknown_metric)]
_Several = Annotated[list[MetricName | Reference], Field(min_length=1)]
Metrics = Annotated[_Several, one_or_more(MetricName | Reference | _Several)]


def asked(metrics: Sequence[str | Reference] | None) -> list[str | tuple[str, Callable[..., Any]]]:
    """Metrics as ``mlmagic.evaluation.named`` takes them: each name once, and functions with theirs.

    A function that is called like a known metric has an underscore after its name.
    """
    known = known_metrics()
    found: dict[str, str | tuple[str, Callable[..., Any]]] = {}
    for item in spread(metrics or ()):
        if isinstance(item, str):
            found[known[item]] = known[item]
        else:
            name = str(item).lstrip("$")
            name += "_" * (name in known)
            found[name] = (name, item.value)
    return list(found.values())
