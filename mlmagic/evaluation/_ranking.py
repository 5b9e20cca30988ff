"""How well scores rank the rows of each group."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd


def ndcg(y_true: np.ndarray, values: np.ndarray, group: np.ndarray | None) -> tuple[float | None, str | None]:
    """Mean of scikit-learn's NDCG over the groups of two rows or more; else None and why there is none.

    Parameters
    ----------
    y_true, values
        Relevance and score of each row, shape (n,).
    group
        What each row belongs to, shape (n,); None where nobody knows.
    """
    from sklearn.metrics import ndcg_score

    if group is None:
        return None, "the groups of the rows are not known"
    if y_true.min() < 0:
        return None, "a relevance is below 0"
    places = pd.Series(np.arange(len(group))).groupby(group, sort=False).indices.values()
    each = [ndcg_score([y_true[rows]], [values[rows]]) for rows in places if len(rows) > 1]
    return (float(np.mean(each)), None) if each else (None, "no group has two rows")


def ranking(y_true: np.ndarray, values: np.ndarray, group: np.ndarray | None) -> dict[str, Any]:
    """The same as the report shows it."""
    value, reason = ndcg(y_true, values, group)
    return {"ndcg": value, **({"undefined": {"ndcg": reason}} if reason else {})}


def ranking_scores(y_true: np.ndarray, values: np.ndarray, group: np.ndarray | None) -> dict[str, float]:
    """The same as the history has it: NaN where undefined."""
    value, _ = ndcg(y_true, values, group)
    return {"ndcg": math.nan if value is None else value}
