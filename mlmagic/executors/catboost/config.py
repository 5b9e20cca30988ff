"""The keys of ``train`` in CatBoost."""

from collections.abc import Mapping
from typing import ClassVar

from mlmagic.executors._boosting.config import BoostingTrain, Kind
from mlmagic.executors.catboost._estimators import ESTIMATORS


class CatBoostTrain(BoostingTrain):
    """An estimator of CatBoost, by name or from the notebook."""

    estimators: ClassVar[Mapping[str, Kind]] = ESTIMATORS
