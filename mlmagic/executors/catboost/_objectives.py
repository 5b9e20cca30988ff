"""CatBoost's objectives, and which estimators take them. A test asks the library for the names and their kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting.config import Kind

SPELLINGS = ("loss_function", "objective")
_REGRESSION = (
    *("RMSE", "MAE", "Quantile", "MultiQuantile", "Expectile", "Huber", "LogCosh", "Lq", "LogLinQuantile", "MAPE"),
    *("Poisson", "Tweedie", "RMSEWithUncertainty", "Cox"),
)
_RANKING = (
    *("YetiRank", "YetiRankPairwise", "PairLogit", "PairLogitPairwise", "QueryRMSE", "QuerySoftMax"),
    *("QueryCrossEntropy", "GroupQuantile", "LambdaMart", "StochasticFilter", "StochasticRank"),
)
_CLASSES = ("Logloss", "MultiClass", "MultiClassOneVsAll", "CrossEntropy", "Focal")
OBJECTIVES: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(_REGRESSION, ("regressor",)),
    **dict.fromkeys(_RANKING, ("ranker",)),
    **dict.fromkeys(_CLASSES, ("classifier",)),
}
# Models of these predict e to the power of what their trees add up to.
POWERS = ("Poisson", "Tweedie")
TWO_LABELS = ("Logloss", "CrossEntropy", "Focal")
