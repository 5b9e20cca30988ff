"""How good a model is and what it looks at: pure functions, arrays in, plain data out.

Importing this package costs nothing: NumPy, pandas and scikit-learn come with the first use of a name that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlmagic.evaluation._metrics import METRICS, known_metrics

if TYPE_CHECKING:
    from mlmagic.evaluation._confusion import classification_table, confusion_table
    from mlmagic.evaluation._evaluate import evaluate, scores
    from mlmagic.evaluation._importance import aggregate_importances, permutation_importance
    from mlmagic.evaluation._named import Named, named
    from mlmagic.evaluation._roc import roc_points
    from mlmagic.evaluation._summary import cross_validation_summary

_HOMES = {
    "Named": "_named",
    "aggregate_importances": "_importance",
    "classification_table": "_confusion",
    "confusion_table": "_confusion",
    "cross_validation_summary": "_summary",
    "evaluate": "_evaluate",
    "named": "_named",
    "permutation_importance": "_importance",
    "roc_points": "_roc",
    "scores": "_evaluate",
}

__all__ = [
    "METRICS",
    "Named",
    "aggregate_importances",
    "classification_table",
    "confusion_table",
    "cross_validation_summary",
    "evaluate",
    "known_metrics",
    "named",
    "permutation_importance",
    "roc_points",
    "scores",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
