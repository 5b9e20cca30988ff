"""Names that XGBoost knows: parameters that only its native interface documents, second names, and metrics.

XGBoost takes any keyword and says nothing, so the names have to be written down; a test asks the library for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting.config import Kind

# Of XGBoost 3.2, beside those of the scikit-learn API.
NATIVE = (
    "aft_loss_distribution",
    "aft_loss_distribution_scale",
    "disable_default_eval_metric",
    "feature_selector",
    "huber_slope",
    "lambdarank_bias_norm",
    "lambdarank_normalization",
    "lambdarank_num_pair_per_sample",
    "lambdarank_pair_method",
    "lambdarank_score_normalization",
    "lambdarank_unbiased",
    "max_cached_hist_node",
    "ndcg_exp_gain",
    "normalize_type",
    "num_class",
    "num_target",
    "one_drop",
    "process_type",
    "quantile_alpha",
    "rate_drop",
    "refresh_leaf",
    "sample_type",
    "seed_per_iteration",
    "skip_drop",
    "sparse_threshold",
    "tolerance",
    "top_k",
    "tweedie_variance_power",
    "updater",
)
# The native interface's name, and the scikit-learn API's.
ALIASES = {
    "alpha": "reg_alpha",
    "eta": "learning_rate",
    "lambda": "reg_lambda",
    "min_split_loss": "gamma",
    "nthread": "n_jobs",
    "num_boost_round": "n_estimators",
    "seed": "random_state",
}


def _themselves(*names: str) -> dict[str, str]:
    return {name: name for name in names}


METRICS: Mapping[Kind, Mapping[str, str | tuple[str, str]]] = {
    "classifier": {
        "accuracy": ("error", "merror"),
        "log_loss": ("logloss", "mlogloss"),
        **_themselves("auc", "aucpr", "error", "logloss", "merror", "mlogloss"),
    },
    "regressor": {
        **_themselves("rmse", "mae", "mape", "rmsle", "mphe", "quantile", "logloss", "error", "auc", "aucpr"),
        **_themselves("gamma-deviance", "gamma-nloglik", "poisson-nloglik", "tweedie-nloglik"),
        **_themselves("aft-nloglik", "cox-nloglik", "interval-regression-accuracy"),
    },
    # Of a whole group where no place is named ("map@5"). Its ndcg gains 2**relevance - 1 where scikit-learn's gains the
    # relevance itself; ndcg_exp_gain would change that, and the objective with it.
    "ranker": {"ndcg": "", **_themselves("map", "pre", "auc", "aucpr")},
}
# What XGBoost measures as scikit-learn does: its aucpr is another curve, its auc of more classes another mean. An
# mse is the square of what it measures.
EQUAL: Mapping[Kind, Mapping[str, str | tuple[str, str]]] = {
    "classifier": {"accuracy": ("error", "merror"), "log_loss": ("logloss", "mlogloss"), "roc_auc": ("auc", "")},
    "regressor": {**_themselves("rmse", "mae"), "mse": "rmse"},
    "ranker": {},
}
# Metrics of which more is better.
GROWING = ("auc", "aucpr", "interval-regression-accuracy", "map", "ndcg", "pre")
