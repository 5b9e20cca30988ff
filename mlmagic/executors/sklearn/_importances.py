"""What an estimator itself says of its features, by the user's own columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def tables(estimator: Any, preparation: Any, columns: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The table of ``feature_importances_`` (mean decrease in impurity), if the estimator has them.

    Coefficients are left out: without equal scales they do not compare, and permutation does it for every estimator.
    """
    from mlmagic.data import source_columns
    from mlmagic.evaluation import aggregate_importances

    values = getattr(estimator, "feature_importances_", None)
    if values is None:
        return {}
    sources = source_columns(preparation, columns)
    return {"feature_importances": aggregate_importances(sources, values, columns)}


def method(estimator: Any) -> dict[str, str]:
    """What the estimator's importances are, under the report's key."""
    return {"importances": "mean decrease in impurity"} if hasattr(estimator, "feature_importances_") else {}
