"""The keys of ``train`` in XGBoost."""

from collections.abc import Mapping
from typing import ClassVar

from mlmagic.executors._boosting.config import BoostingTrain, Kind
from mlmagic.executors.xgboost._estimators import ESTIMATORS


class XGBoostTrain(BoostingTrain):
    """An estimator of XGBoost, by name or from the notebook."""

    estimators: ClassVar[Mapping[str, Kind]] = ESTIMATORS
