"""Estimators of XGBoost's scikit-learn API, by class name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting.config import Kind

ESTIMATORS: dict[str, Kind] = {
    "XGBClassifier": "classifier",
    "XGBRegressor": "regressor",
    "XGBRanker": "ranker",
    "XGBRFClassifier": "classifier",
    "XGBRFRegressor": "regressor",
}
