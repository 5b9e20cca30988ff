"""What CatBoost knows: second names of hyperparameters, what they take, and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting.config import Kind

# The second name, and the one that CatBoost itself goes by.
SYNONYMS = {
    "eta": "learning_rate",
    "max_bin": "border_count",
    "max_depth": "depth",
    "colsample_bylevel": "rsm",
    "random_state": "random_seed",
    "reg_lambda": "l2_leaf_reg",
    "n_estimators": "iterations",
    "num_boost_round": "iterations",
    "num_trees": "iterations",
    "num_leaves": "max_leaves",
    "min_child_samples": "min_data_in_leaf",
    "objective": "loss_function",
    # CatBoost watches one metric and lists the others apart; a run decides by itself which it watches.
    "custom_loss": "eval_metric",
    "custom_metric": "eval_metric",
}
# Of CatBoost 1.2's checks (catboost/private/libs/options); asked, it says little of many of them.
RANGES = {
    "bagging_temperature": "numbers >= 0",
    "border_count": "whole numbers from 1 to 65535",
    "depth": "whole numbers from 0 to 16",
    "fold_len_multiplier": "numbers > 1",
    "l2_leaf_reg": "numbers >= 0",
    "leaf_estimation_iterations": "whole numbers >= 1",
    "learning_rate": "numbers > 0",
    "max_leaves": "whole numbers from 1 to 65536",
    "one_hot_max_size": "whole numbers >= 0",
    "rsm": "numbers in (0, 1]",
    "subsample": "numbers in (0, 1]",
}


def _themselves(*names: str) -> dict[str, str]:
    return {name: name for name in names}


METRICS: Mapping[Kind, Mapping[str, str | tuple[str, str]]] = {
    "classifier": {
        "accuracy": "Accuracy",
        "log_loss": ("Logloss", "MultiClass"),
        "auc": "AUC",
        "f1": ("F1", "TotalF1"),
        **_themselves("Accuracy", "AUC", "CrossEntropy", "F1", "Kappa", "Logloss", "MCC", "MultiClass", "PRAUC"),
        **_themselves("BalancedAccuracy", "BrierScore", "HammingLoss", "HingeLoss", "MultiClassOneVsAll"),
        **_themselves("Precision", "Recall", "TotalF1", "ZeroOneLoss"),
    },
    "regressor": {
        "rmse": "RMSE",
        "mae": "MAE",
        "r2": "R2",
        "mape": "MAPE",
        "quantile": "Quantile",
        **_themselves("Expectile", "Huber", "LogLinQuantile", "Lq", "MAE", "MAPE", "MSLE", "MedianAbsoluteError"),
        **_themselves("NumErrors", "Poisson", "Quantile", "R2", "RMSE", "SMAPE", "Tweedie"),
    },
    "ranker": {
        # Its NDCG of a group without a relevant row is 1, where scikit-learn's is 0.
        "ndcg": "",
        "map": "MAP",
        **_themselves("AverageGain", "DCG", "ERR", "MAP", "MRR", "NDCG", "PFound", "PrecisionAt", "QueryAUC"),
        **_themselves("QueryRMSE", "RecallAt"),
    },
}
# What CatBoost measures as scikit-learn does: its auc of more classes is another mean. An mse is the square of
# what it measures.
EQUAL: Mapping[Kind, Mapping[str, str | tuple[str, str]]] = {
    "classifier": {"accuracy": "Accuracy", "log_loss": ("Logloss", "MultiClass"), "roc_auc": ("AUC", "")},
    "regressor": {"rmse": "RMSE", "mse": "RMSE", "mae": "MAE", "r2": "R2"},
    "ranker": {},
}
