"""What probabilities are worth: ROC AUC and log loss, or why they are undefined."""

from __future__ import annotations

import numpy as np
import pandas as pd

Measured = tuple[float | None, str | None]


def roc_auc(
    y_true: np.ndarray, probabilities: np.ndarray | None, classes: np.ndarray, weight: np.ndarray | None = None
) -> Measured:
    """Area under the ROC curve of ``classes[1]``; of more than two classes each against the rest, weighted by support.

    scikit-learn's ``roc_auc_score(multi_class="ovr", average="weighted")``.

    Returns
    -------
    value, reason
        One of them is None.
    """
    reason = unusable(y_true, probabilities, classes) or one_sided(y_true, classes)
    if reason is not None or probabilities is None:
        return None, reason
    from sklearn.metrics import roc_auc_score

    codes = pd.Index(classes).get_indexer(pd.Index(y_true))
    if len(classes) == 2:
        return float(roc_auc_score(codes, probabilities[:, 1], sample_weight=weight)), None
    several = {"multi_class": "ovr", "average": "weighted", "labels": np.arange(len(classes))}
    return float(roc_auc_score(codes, shares(probabilities), sample_weight=weight, **several)), None


def log_loss(
    y_true: np.ndarray, probabilities: np.ndarray | None, classes: np.ndarray, weight: np.ndarray | None = None
) -> Measured:
    """Mean negative logarithm of the probability of the true label, in nats (Bishop 2006, equation 4.108).

    Probabilities are clipped to the machine epsilon of their dtype, as in scikit-learn.

    Returns
    -------
    value, reason
        One of them is None.
    """
    reason = unusable(y_true, probabilities, classes)
    if reason is not None or probabilities is None:
        return None, reason
    codes = pd.Index(classes).get_indexer(pd.Index(y_true))
    tiny = np.finfo(probabilities.dtype if probabilities.dtype.kind == "f" else np.float64).eps
    of_truth = shares(probabilities)[np.arange(len(codes)), codes]
    return float(np.average(-np.log(np.clip(of_truth, tiny, 1 - tiny)), weights=weight)), None


def shares(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities whose rows sum to 1, float64."""
    # A float32 softmax misses a sum of 1 by more than scikit-learn allows.
    wide = probabilities.astype(np.float64)
    return np.asarray(wide / wide.sum(axis=1, keepdims=True))


def unusable(y_true: np.ndarray, probabilities: np.ndarray | None, classes: np.ndarray) -> str | None:
    """Why nothing can be said of these probabilities; None where it can."""
    if probabilities is None:
        return "the model gives no probabilities"
    if probabilities.shape != (len(y_true), len(classes)):
        raise ValueError(f"probabilities have shape (rows, classes), but got {probabilities.shape}")
    if not np.isfinite(probabilities).all():
        return "some probabilities are not finite"
    if (probabilities.sum(axis=1) <= 0).any():
        return "the probabilities of some rows sum to 0"
    unknown = pd.Index(pd.unique(y_true)).difference(pd.Index(classes))
    return f"the model does not know the label {str(unknown[0])!r}" if len(unknown) else None


def one_sided(y_true: np.ndarray, classes: np.ndarray) -> str | None:
    """Why classes cannot be ranked by these rows: one of them is not among them; None where all are."""
    absent = pd.Index(classes).difference(pd.Index(pd.unique(y_true)))
    return f"no row has the label {str(absent[0])!r}" if len(absent) else None
