"""The keys of ``train`` in LightGBM."""

from collections.abc import Mapping
from typing import ClassVar

from mlmagic.executors._boosting.config import BoostingTrain, Kind
from mlmagic.executors.lightgbm._estimators import ESTIMATORS


class LightGBMTrain(BoostingTrain):
    """An estimator of LightGBM, by name or from the notebook."""

    estimators: ClassVar[Mapping[str, Kind]] = ESTIMATORS
