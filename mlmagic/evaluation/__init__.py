"""How good a model is and what it looks at: pure functions, arrays in, plain data out.

Importing this package costs nothing: NumPy, pandas and scikit-learn come with the first use of a name that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlmagic.evaluation._confusion import classification_table, confusion_table
    from mlmagic.evaluation._evaluate import evaluate, scores
    from mlmagic.evaluation._importance import aggregate_importances, permutation_importance
    from mlmagic.evaluation._summary import cross_validation_summary

_HOMES = {
    "aggregate_importances": "_importance",
    "classification_table": "_confusion",
    "confusion_table": "_confusion",
    "cross_validation_summary": "_summary",
    "evaluate": "_evaluate",
    "permutation_importance": "_importance",
    "scores": "_evaluate",
}

__all__ = [
    "aggregate_importances",
    "classification_table",
    "confusion_table",
    "cross_validation_summary",
    "evaluate",
    "permutation_importance",
    "scores",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
