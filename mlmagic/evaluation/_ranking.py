"""How well scores rank the rows of each group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from mlmagic.evaluation._comparison import Comparison


def ndcg(given: Comparison) -> tuple[float | None, str | None]:
    """Mean of scikit-learn's NDCG over the groups of two rows or more; else None and why there is none."""
    from sklearn.metrics import ndcg_score

    if given.group is None:
        return None, "the groups of the rows are not known"
    y_true, values = given.y_true, given.values
    if y_true.min() < 0:
        return None, "a relevance is below 0"
    places = pd.Series(np.arange(len(given))).groupby(given.group, sort=False).indices.values()
    each = [ndcg_score([y_true[rows]], [values[rows]]) for rows in places if len(rows) > 1]
    return (float(np.mean(each)), None) if each else (None, "no group has two rows")


def ranking(given: Comparison) -> dict[str, Any]:
    """The same as the report shows it."""
    value, reason = ndcg(given)
    return {"ndcg": value, **({"undefined": {"ndcg": reason}} if reason else {})}


def ranking_scores(given: Comparison) -> dict[str, float]:
    """The same as the history has it: NaN where undefined."""
    value, _ = ndcg(given)
    return {"ndcg": math.nan if value is None else value}
