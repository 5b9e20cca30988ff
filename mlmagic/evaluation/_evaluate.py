"""The metrics of a report, and the cheap ones of an epoch or a fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.evaluation._confusion import Confusion
from mlmagic.evaluation._probabilities import log_loss, roc_auc
from mlmagic.evaluation._ranking import ranking, ranking_scores
from mlmagic.evaluation._regression import regression, regression_scores

if TYPE_CHECKING:
    from mlmagic.evaluation._metrics import Measured


def evaluate(
    task: Measured,
    y_true: np.ndarray,
    values: np.ndarray,
    probabilities: np.ndarray | None = None,
    classes: np.ndarray | None = None,
    group: np.ndarray | None = None,
) -> dict[str, Any]:
    """Measure predictions, in the shape of the report.

    Parameters
    ----------
    y_true, values
        Shape (n,): what is, and what was predicted.
    probabilities
        Shape (n, classes), columns in the order of ``classes``; None where there are none.
    classes
        Shape (k,), the labels the model knows. A classification needs them.
    group
        Shape (n,), what each row belongs to. A ranking needs it.

    Returns
    -------
    dict
        Plain Python. Classification: accuracy, precision, recall, f1Score, averaging ("binary": those of
        ``classes[1]``, named in positiveClass; "weighted" by support where there are more than two), rocAuc (more than
        two classes: one against the rest, weighted), logLoss, labels, confusionMatrix (rows true, columns predicted, in
        the order of ``labels``: ``classes``, then what the model never knew) and classificationReport by label.
        Regression: r2, mae, rmse. Ranking: ndcg, the mean over groups. ``undefined`` says why a metric is None.

    Raises
    ------
    ValueError
        If there are no rows, or not as many predictions as rows.
    """
    y_true, values = _checked(y_true, values)
    if task == "regression":
        return regression(y_true, values)
    if task == "ranking":
        return ranking(y_true, values, group)
    if classes is None:
        raise ValueError("a classification is evaluated with its classes, but got None")
    confusion = Confusion.of(y_true, values, np.asarray(classes))
    auc, auc_reason = roc_auc(y_true, probabilities, np.asarray(classes))
    loss, loss_reason = log_loss(y_true, probabilities, np.asarray(classes))
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


def scores(
    task: Measured,
    y_true: np.ndarray,
    values: np.ndarray,
    probabilities: np.ndarray | None = None,
    classes: np.ndarray | None = None,
    group: np.ndarray | None = None,
) -> dict[str, float]:
    """Measure predictions cheaply, under the names of the history; arguments as in :func:`evaluate`.

    Returns
    -------
    dict
        Classification: accuracy, f1. Regression: r2, rmse, mae. Ranking: ndcg. NaN where undefined.

    Raises
    ------
    ValueError
        If there are no rows, or not as many predictions as rows.
    """
    y_true, values = _checked(y_true, values)
    if task == "regression":
        return regression_scores(y_true, values)
    if task == "ranking":
        return ranking_scores(y_true, values, group)
    if classes is None:
        raise ValueError("a classification is scored with its classes, but got None")
    confusion = Confusion.of(y_true, values, np.asarray(classes))
    return {"accuracy": confusion.accuracy, "f1": confusion.average(confusion.f1)}


def _checked(y_true: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y_true, values = np.asarray(y_true), np.asarray(values)
    if y_true.shape != values.shape or y_true.ndim != 1:
        raise ValueError(f"predictions have the rows' shape (n,), but got {values.shape} for {y_true.shape}")
    if not len(y_true):
        raise ValueError("evaluation needs at least one row, but got none")
    return y_true, values


def _undefined(reasons: dict[str, str | None]) -> dict[str, Any]:
    given = {metric: reason for metric, reason in reasons.items() if reason is not None}
    return {"undefined": given} if given else {}
