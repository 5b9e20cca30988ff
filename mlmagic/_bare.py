"""Models that were taken out of their reports, and so stand without what prepares their rows."""

from __future__ import annotations

import contextlib
import weakref
from typing import Any

_REPORTS: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def taken(model: Any, report: str) -> None:
    """Know that a model was taken out of the report of this name."""
    with contextlib.suppress(TypeError):  # what cannot be referred to weakly is no network
        _REPORTS[model] = report


def remark(model: Any, name: str) -> str | None:
    """What to tell who predicts with such a model by its own name; None of any other."""
    try:
        report = _REPORTS.get(model)
    except TypeError:
        return None
    if report is None:
        return None
    return (
        f"{name} is the network of {report} alone: it takes rows as {report}.preparation gives them, and does not know "
        f"its labels. model: ${report} brings both"
    )
