"""A list of metrics: names that are known, and functions of the notebook."""

from __future__ import annotations

from typing import Annotated

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
