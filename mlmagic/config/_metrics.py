"""A list of metrics: names that are known, and functions of the notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import Field

from mlmagic._suggest import closest_of
from mlmagic.config._lists import Entries, Unknown, ruled
from mlmagic.config._model import Text, one_or_more
from mlmagic.config._reference import Reference, placed, spread
from mlmagic.config._values import show
from mlmagic.evaluation import known_metrics

# What people call some of scikit-learn's. They are suggested only: what is meant has the other sign.
_SHORT = {
    "mape": "neg_mean_absolute_percentage_error",
    "msle": "neg_mean_squared_log_error",
    "rmsle": "neg_root_mean_squared_log_error",
}


def unknown_metric(name: str) -> Unknown | None:
    """Return what is wrong with a metric's name; None if nothing is."""
    if name in known_metrics():
        return None
    may = "it may be any scorer of scikit-learn"
    if name.casefold().startswith("ndcg"):
        may = f"a ranking has {', '.join(known for known in known_metrics() if known.startswith('ndcg'))}"
    message = f"no metric is called {show(name)}: {may}, or a function ($name)"
    return Unknown(message, closest_of(name, _SHORT | known_metrics()))


# What a list of metrics takes.
METRIC = Entries(unknown_metric, callable, "a metric is its name or a function, f(y_true, y_pred) or a scorer", True)
MetricName = Annotated[Text, ruled(unknown_metric)]
_Several = Annotated[list[MetricName | Reference], Field(min_length=1)]
Metrics = Annotated[_Several, one_or_more(MetricName | Reference | _Several)]


def asked(metrics: Sequence[str | Reference] | None) -> list[str | tuple[str, Callable[..., Any]]]:
    """Metrics as ``mlmagic.evaluation.named`` takes them: each name once, and functions with theirs."""
    found: dict[str, str | tuple[str, Callable[..., Any]]] = {}
    for item in spread(metrics or ()):
        name = name_of(item)
        found[name] = name if isinstance(item, str) else (name, item.value)
    return list(found.values())


def places(metrics: Sequence[str | Reference] | None) -> dict[str, str]:
    """What a message calls each of them, by the name that :func:`asked` gives it: ``$name``, ``$names[1]``."""
    return {name_of(item): place for place, item in placed(metrics or ())}


def name_of(item: str | Reference) -> str:
    """What the history calls a metric: a function that is called like a known one with an underscore after it."""
    known = known_metrics()
    if isinstance(item, str):
        return known[item]
    name = str(item).lstrip("$")
    return name + "_" * (name in known)
