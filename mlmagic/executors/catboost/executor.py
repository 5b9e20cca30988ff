"""CatBoost behind the executor protocol."""

from __future__ import annotations

from mlmagic.executors._boosting.executor import BoostingExecutor
from mlmagic.executors.catboost._library import CatBoost


class CatBoostExecutor(BoostingExecutor):
    """Fits CatBoost's scikit-learn estimators."""

    def __init__(self) -> None:
        super().__init__(CatBoost())
