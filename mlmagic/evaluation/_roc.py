"""The ROC curve: the area under it, and its points, which a figure draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.evaluation._probabilities import Measured, one_sided, shares, unordered, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.evaluation._comparison import Comparison

# Points of a curve; more than a picture has pixels say nothing new.
MOST_POINTS = 500
# Curves in one picture: the classes with the most rows.
MOST_CURVES = 10


def roc_auc(given: Comparison) -> Measured:
    """Area under the ROC curve of ``classes[1]``; of more than two classes each against the rest, weighted by support.

    scikit-learn's ``roc_auc_score(multi_class="ovr", average="weighted")``: of two classes of the decision values where
    there are any, as its scorer does, and of more only of probabilities.

    Returns
    -------
    value, reason
        One of them is None.
    """
    if reason := _pointless(given):
        return None, reason
    from sklearn.metrics import roc_auc_score

    if given.is_binary:
        return float(roc_auc_score(given.codes, _of_second(given), sample_weight=given.weight)), None
    assert given.probabilities is not None
    several = {"multi_class": "ovr", "average": "weighted", "labels": np.arange(len(given.labels))}
    return float(roc_auc_score(given.codes, shares(given.probabilities), sample_weight=given.weight, **several)), None


def roc_points(given: Comparison) -> pd.DataFrame | None:
    """The ROC curve of ``classes[1]``, or of each class against the rest where there are more than two.

    Returns
    -------
    DataFrame or None
        Columns class, fpr, tpr, threshold (a decision value where there are any, else a probability) and auc, a curve
        after another, each of at most 500 points that keep the first and the last; of more than ten classes those with
        the most rows. None where there is no curve.
    """
    if _pointless(given):
        return None
    return pd.concat([_curve(label, given.y_true == label, by) for label, by in _chosen(given)], ignore_index=True)


def _pointless(given: Comparison) -> str | None:
    """Why there is no curve; None where there is one."""
    return (unordered if given.is_binary else unusable)(given) or one_sided(given)


def _of_second(given: Comparison) -> np.ndarray:
    """What orders the rows by how likely they are of ``classes[1]``, shape (n,)."""
    if given.decision is not None:
        return given.decision
    assert given.probabilities is not None
    return np.asarray(given.probabilities[:, 1])


def _chosen(given: Comparison) -> Iterator[tuple[object, np.ndarray]]:
    if given.is_binary:
        yield given.labels[1], _of_second(given)
        return
    assert given.probabilities is not None
    support = np.bincount(given.codes, minlength=len(given.labels))
    for column in sorted(np.argsort(-support, kind="stable")[:MOST_CURVES]):
        yield given.labels[column], given.probabilities[:, column]


def _curve(label: object, positive: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    from sklearn.metrics import auc, roc_curve

    fpr, tpr, thresholds = roc_curve(positive, scores)
    kept = np.unique(np.linspace(0, len(fpr) - 1, min(len(fpr), MOST_POINTS)).round().astype(int))
    return pd.DataFrame(
        {"class": str(label), "fpr": fpr[kept], "tpr": tpr[kept], "threshold": thresholds[kept], "auc": auc(fpr, tpr)}
    )
