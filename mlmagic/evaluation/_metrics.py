"""The names of metrics: which there are, for which task, and what the report calls them. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from mlmagic.data import Task

Kind = Literal["classification", "regression", "ranking"]
# What is measured: a ranking learns numbers, as a regression does, but only their order within a group means something.
Measured: TypeAlias = "Task | Literal['ranking']"


@dataclass(frozen=True)
class Metric:
    """A metric that can be asked for by name.

    Attributes
    ----------
    task
        What it measures.
    key
        What the report calls it.
    """

    task: Kind
    key: str


# Up to which places of a group a ranking may be measured by name ("ndcg@5").
_PLACES = (1, 3, 5, 10, 20, 50, 100)
# What every report has, under the report's own keys; scikit-learn's averages and signs do not reach these.
USUAL: dict[str, Metric] = {
    "accuracy": Metric("classification", "accuracy"),
    "precision": Metric("classification", "precision"),
    "recall": Metric("classification", "recall"),
    "f1": Metric("classification", "f1Score"),
    "roc_auc": Metric("classification", "rocAuc"),
    "log_loss": Metric("classification", "logLoss"),
    "confusion_matrix": Metric("classification", "confusionMatrix"),
    "classification_report": Metric("classification", "classificationReport"),
    "mae": Metric("regression", "mae"),
    "mse": Metric("regression", "mse"),
    "rmse": Metric("regression", "rmse"),
    "r2": Metric("regression", "r2"),
    "ndcg": Metric("ranking", "ndcg"),
    **{f"ndcg@{place}": Metric("ranking", f"ndcg@{place}") for place in _PLACES},
}
# Those of them that are no number, so that they have no curve.
TABLES = ("confusion_matrix", "classification_report")
# The other scorers of scikit-learn 1.9.1. Those of multi-label targets are left out: a table here has one target.
_CLASSIFYING = (
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "average_precision",
    "balanced_accuracy",
    "completeness_score",
    "d2_brier_score",
    "d2_log_loss_score",
    "f1_macro",
    "f1_micro",
    "f1_weighted",
    "fowlkes_mallows_score",
    "homogeneity_score",
    "jaccard",
    "jaccard_macro",
    "jaccard_micro",
    "jaccard_weighted",
    "matthews_corrcoef",
    "mutual_info_score",
    "neg_brier_score",
    "neg_log_loss",
    "neg_negative_likelihood_ratio",
    "normalized_mutual_info_score",
    "positive_likelihood_ratio",
    "precision_macro",
    "precision_micro",
    "precision_weighted",
    "rand_score",
    "recall_macro",
    "recall_micro",
    "recall_weighted",
    "roc_auc_ovo",
    "roc_auc_ovo_weighted",
    "roc_auc_ovr",
    "roc_auc_ovr_weighted",
    "top_k_accuracy",
    "v_measure_score",
)
_MEASURING = (
    "d2_absolute_error_score",
    "explained_variance",
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_gamma_deviance",
    "neg_mean_poisson_deviance",
    "neg_mean_squared_error",
    "neg_mean_squared_log_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
    "neg_root_mean_squared_log_error",
)
METRICS: dict[str, Metric] = {
    **USUAL,
    **{name: Metric("classification", name) for name in _CLASSIFYING},
    **{name: Metric("regression", name) for name in _MEASURING},
}
# The report's own keys are understood as well, and the short word for the area that everybody means.
SPELLINGS: dict[str, str] = {
    "auc": "roc_auc",
    **{metric.key: name for name, metric in METRICS.items()},
    **{name: name for name in METRICS},
}
# Of all metrics known by name; scikit-learn's scorers have a sign that makes more of them better.
_FALLING = frozenset({"log_loss", "mae", "mse", "rmse"})
_FALLING_ENDS = ("loss", "error", "deviance")


def known_metrics() -> dict[str, str]:
    """Every spelling of a metric's name that is understood, and the name it stands for."""
    return dict(SPELLINGS)


def grows(name: str) -> bool | None:
    """Whether more of a metric is better; None where its name does not tell.

    A metric that is not known by name goes by scikit-learn's custom: ``_score`` grows, ``_loss`` and ``_error`` fall.
    """
    if name in SPELLINGS:
        return SPELLINGS[name] not in _FALLING
    if name.startswith("ndcg@"):
        return True
    if name.endswith(_FALLING_ENDS):
        return name.startswith("neg_")
    return True if name.endswith("_score") else None
