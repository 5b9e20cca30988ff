"""Metrics of LightGBM 4.7 by the kind of estimator: names in a config, the history's first, and LightGBM's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting.config import Kind

METRICS: Mapping[Kind, Mapping[str, str | tuple[str, str]]] = {
    "classifier": {
        "accuracy": ("binary_error", ""),
        "log_loss": ("binary_logloss", "multi_logloss"),
        "auc": ("auc", "auc_mu"),
        "average_precision": "average_precision",
        "error": ("binary_error", "multi_error"),
        "logloss": ("binary_logloss", "multi_logloss"),
        "binary_error": "binary_error",
        "multi_error": "multi_error",
        "binary_logloss": "binary_logloss",
        "multi_logloss": "multi_logloss",
        "auc_mu": "auc_mu",
        "cross_entropy": "cross_entropy",
        "cross_entropy_lambda": "cross_entropy_lambda",
        "kullback_leibler": "kullback_leibler",
    },
    "regressor": {
        "rmse": "rmse",
        "mae": "l1",
        "mse": "l2",
        "l1": "l1",
        "l2": "l2",
        "r2": "r2",
        "mape": "mape",
        "quantile": "quantile",
        "huber": "huber",
        "fair": "fair",
        "poisson": "poisson",
        "gamma": "gamma",
        "gamma_deviance": "gamma_deviance",
        "tweedie": "tweedie",
        "auc": "auc",
    },
    # Of a whole group where no place is named ("map@5"): see ``Places``. Its ndcg gains 2**relevance - 1 where
    # scikit-learn's gains the relevance itself; label_gain would change that, and the objective with it.
    "ranker": {"ndcg": "", "map": "map", "auc": "auc"},
}
# What LightGBM measures as scikit-learn does. Its multi_error counts a row whose label ties with another as an error,
# where scikit-learn, and LightGBM's own predict, take the first of both.
EQUAL: Mapping[Kind, Mapping[str, str | tuple[str, str]]] = {
    "classifier": {
        "accuracy": ("binary_error", ""),
        "log_loss": ("binary_logloss", "multi_logloss"),
        "roc_auc": ("auc", ""),
    },
    "regressor": {"rmse": "rmse", "mae": "l1", "mse": "l2", "r2": "r2"},
    "ranker": {},
}
