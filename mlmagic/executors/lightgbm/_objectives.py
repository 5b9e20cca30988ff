"""LightGBM's objectives with their second names, and which estimators take them. A test asks the library for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting.config import Kind

SPELLINGS = ("objective", "objective_type", "app", "application", "loss")
_REGRESSION = (
    *("regression", "regression_l2", "l2", "mean_squared_error", "mse", "l2_root", "root_mean_squared_error", "rmse"),
    *("regression_l1", "l1", "mean_absolute_error", "mae", "mape", "mean_absolute_percentage_error"),
    *("huber", "fair", "poisson", "quantile", "gamma", "tweedie"),
)
_RANKING = ("lambdarank", "rank_xendcg", "xendcg", "xe_ndcg", "xe_ndcg_mart", "xendcg_mart")
MORE_LABELS = ("multiclass", "softmax", "multiclassova", "multiclass_ova", "ova", "ovr")
_CLASSES = ("binary", *MORE_LABELS)
# Of shares as well as of two labels: the target decides.
_SHARES = ("cross_entropy", "xentropy", "cross_entropy_lambda", "xentlambda")
OBJECTIVES: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(_REGRESSION, ("regressor",)),
    **dict.fromkeys(_RANKING, ("ranker",)),
    **dict.fromkeys(_CLASSES, ("classifier",)),
    **dict.fromkeys(_SHARES, ("classifier", "regressor")),
}
TWO_LABELS = ("binary", *_SHARES)
