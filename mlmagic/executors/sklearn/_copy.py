"""A copy of an estimator that the notebook holds, so that the user's own is never changed."""

from __future__ import annotations

import copy
from typing import Any

from sklearn.base import BaseEstimator, clone


def snapshot(value: Any, *, fitted: bool) -> Any:
    """An estimator with the same parameters, with what it has learned if it is used as it is; all else as it is."""
    if not isinstance(value, BaseEstimator):
        return value
    return copy.deepcopy(value) if fitted else clone(value)
