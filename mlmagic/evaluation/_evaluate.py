"""The metrics of a report, and the cheap ones of an epoch or a fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.evaluation._probabilities import log_loss
from mlmagic.evaluation._ranking import ranking, ranking_scores
from mlmagic.evaluation._regression import regression, regression_scores
from mlmagic.evaluation._roc import roc_auc

if TYPE_CHECKING:
    from mlmagic.evaluation._comparison import Comparison


def evaluate(given: Comparison) -> dict[str, Any]:
    """Measure predictions, in the shape of the report.

    Returns
    -------
    dict
        Plain Python. Classification: accuracy, precision, recall, f1Score, averaging ("binary": those of
        ``classes[1]``, named in positiveClass; "weighted" by support where there are more than two), rocAuc (more than
        two classes: one against the rest, weighted), logLoss, labels, confusionMatrix (rows true, columns predicted, in
        the order of ``labels``: ``classes``, then what the model never knew) and classificationReport by label.
        Regression: r2, mae, rmse. Ranking: ndcg, the mean over groups. ``undefined`` says why a metric is None.
    """
    if given.task == "regression":
        return regression(given)
    if given.task == "ranking":
        return ranking(given)
    confusion = given.confusion
    auc, auc_reason = roc_auc(given)
    loss, loss_reason = log_loss(given)
    reasons = {"rocAuc": auc_reason, "logLoss": loss_reason}
    return {
        "accuracy": confusion.accuracy,
        "precision": confusion.average(confusion.precision),
        "recall": confusion.average(confusion.recall),
        "f1Score": confusion.average(confusion.f1),
        "rocAuc": auc,
        "logLoss": loss,
        "averaging": confusion.averaging,
        **({"positiveClass": str(confusion.labels[1])} if confusion.averaging == "binary" else {}),
        "labels": [str(label) for label in confusion.labels],
        "confusionMatrix": confusion.matrix.tolist(),
        "classificationReport": confusion.report(),
        **_undefined(reasons),
    }


def scores(given: Comparison) -> dict[str, float]:
    """Measure predictions cheaply, under the names of the history.

    Returns
    -------
    dict
        Classification: accuracy, f1. Regression: r2, rmse, mae. Ranking: ndcg. NaN where undefined.
    """
    if given.task == "regression":
        return regression_scores(given)
    if given.task == "ranking":
        return ranking_scores(given)
    confusion = given.confusion
    return {"accuracy": confusion.accuracy, "f1": confusion.average(confusion.f1)}


def _undefined(reasons: dict[str, str | None]) -> dict[str, Any]:
    given = {metric: reason for metric, reason in reasons.items() if reason is not None}
    return {"undefined": given} if given else {}
