"""Searches as a file can hold them: distributions of SciPy run code when they are read."""

from __future__ import annotations

from copy import copy
from typing import Any


def storable(model: Any) -> Any:
    """The same model; of a random search a copy that has the values drawn where it had distributions to draw from.

    What it answers with, and what it tells of its search, is not touched.
    """
    if hasattr(model, "steps"):
        steps = [(name, storable(step)) for name, step in model.steps]
        same = all(new is old for (_, new), (_, old) in zip(steps, model.steps, strict=True))
        return model if same else _with(model, steps=steps)
    given = getattr(model, "param_distributions", None)
    if given is None or not hasattr(model, "cv_results_"):
        return model
    tried = model.cv_results_["params"]
    drawn = [_drawn(part, tried) for part in (given if isinstance(given, list) else [given])]
    return _with(model, param_distributions=drawn if isinstance(given, list) else drawn[0])


def _drawn(given: dict[str, Any], tried: list[dict[str, Any]]) -> dict[str, Any]:
    """The same parameters, each distribution as the list of its values that were tried."""
    return {
        name: [one[name] for one in tried if name in one] if hasattr(values, "rvs") else values
        for name, values in given.items()
    }


def _with(model: Any, **attributes: Any) -> Any:
    found = copy(model)
    vars(found).update(attributes)
    return found
