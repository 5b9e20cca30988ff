"""XGBoost behind the executor protocol."""

from __future__ import annotations

from mlmagic.executors._boosting.executor import BoostingExecutor
from mlmagic.executors.xgboost._library import XGBoost


class XGBoostExecutor(BoostingExecutor):
    """Fits XGBoost's scikit-learn estimators."""

    def __init__(self) -> None:
        super().__init__(XGBoost())
