"""Estimators of CatBoost's scikit-learn API, by class name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting.config import Kind

ESTIMATORS: dict[str, Kind] = {
    "CatBoostClassifier": "classifier",
    "CatBoostRegressor": "regressor",
    "CatBoostRanker": "ranker",
}
