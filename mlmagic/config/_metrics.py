"""A list of metrics: names that are known, and functions of the notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mlmagic._suggest import closest_of
from mlmagic.config._model import Text, one_or_more, refuse
from mlmagic.config._reference import Reference, spread
from mlmagic.config._values import show
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.evaluation import known_metrics


def _known(name: str) -> str:
    if name in known_metrics():
        return name
    message = f"no metric is called {show(name)}: it may be any scorer of scikit-learn, or a function ($name)"
    raise refuse(message, closest_of(name, known_metrics()))


MetricName = Annotated[Text, AfterValidator(_known)]
_Several = Annotated[list[MetricName | Reference], Field(min_length=1)]
Metrics = Annotated[_Several, one_or_more(MetricName | Reference | _Several)]


def _unknown(name: str) -> Fault:
    message = f"no metric is called {show(name)}: it may be any scorer of scikit-learn, or a function"
    return Fault("config.metrics", message, value=name, suggestion=closest_of(name, known_metrics()))


def asked(metrics: Sequence[str | Reference] | None) -> list[str | tuple[str, Callable[..., Any]]]:
    """Metrics as ``mlmagic.evaluation.named`` takes them: each name once, and functions with theirs.

    A function that is called like a known metric has an underscore after its name.

    Raises
    ------
    InvalidConfiguration
        If a list of the notebook holds a name that is not known.
    """
    known = known_metrics()
    found: dict[str, str | tuple[str, Callable[..., Any]]] = {}
    for item in spread(metrics or ()):
        if isinstance(item, str):
            if item not in known:
                raise InvalidConfiguration([_unknown(item)])
            found[known[item]] = known[item]
        else:
            name = str(item).lstrip("$")
            name += "_" * (name in known)
            found[name] = (name, item.value)
    return list(found.values())
