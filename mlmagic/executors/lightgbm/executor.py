"""LightGBM behind the executor protocol."""

from __future__ import annotations

from mlmagic.executors._boosting.executor import BoostingExecutor
from mlmagic.executors.lightgbm._library import LightGBM


class LightGBMExecutor(BoostingExecutor):
    """Fits LightGBM's scikit-learn estimators."""

    def __init__(self) -> None:
        super().__init__(LightGBM())
