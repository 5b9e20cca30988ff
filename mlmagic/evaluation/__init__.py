"""How good a model is and what it looks at: pure functions, arrays in, plain data out.

Importing this package costs nothing: NumPy, pandas and scikit-learn come with the first use of a name that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlmagic.evaluation._metrics import METRICS, SPELLINGS, TABLES, grows, known_metrics

if TYPE_CHECKING:
    from mlmagic.evaluation._clusters import clusters
    from mlmagic.evaluation._comparison import Comparison
    from mlmagic.evaluation._confusion import classification_table, confusion_table, share_right
    from mlmagic.evaluation._evaluate import evaluate, scores
    from mlmagic.evaluation._importance import aggregate_importances, permutation_importance
    from mlmagic.evaluation._named import Asked, Named, named
    from mlmagic.evaluation._outliers import outliers
    from mlmagic.evaluation._point import Points, better_higher, misplaced, point, tried
    from mlmagic.evaluation._ranking import Ranking
    from mlmagic.evaluation._roc import roc_points
    from mlmagic.evaluation._scorers import looks_at_decision
    from mlmagic.evaluation._summary import capital, cross_validation_summary

_HOMES = {
    "Asked": "_named",
    "Comparison": "_comparison",
    "Named": "_named",
    "Points": "_point",
    "Ranking": "_ranking",
    "aggregate_importances": "_importance",
    "better_higher": "_point",
    "capital": "_summary",
    "classification_table": "_confusion",
    "clusters": "_clusters",
    "confusion_table": "_confusion",
    "cross_validation_summary": "_summary",
    "evaluate": "_evaluate",
    "looks_at_decision": "_scorers",
    "misplaced": "_point",
    "named": "_named",
    "outliers": "_outliers",
    "permutation_importance": "_importance",
    "point": "_point",
    "roc_points": "_roc",
    "scores": "_evaluate",
    "share_right": "_confusion",
    "tried": "_point",
}

__all__ = [
    "METRICS",
    "SPELLINGS",
    "TABLES",
    "Asked",
    "Comparison",
    "Named",
    "Points",
    "Ranking",
    "aggregate_importances",
    "better_higher",
    "capital",
    "classification_table",
    "clusters",
    "confusion_table",
    "cross_validation_summary",
    "evaluate",
    "grows",
    "known_metrics",
    "looks_at_decision",
    "misplaced",
    "named",
    "outliers",
    "permutation_importance",
    "point",
    "roc_points",
    "scores",
    "share_right",
    "tried",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
