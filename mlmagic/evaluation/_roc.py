"""The ROC curve as points: what a figure draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.evaluation._probabilities import one_sided, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

# Points of a curve; more than a picture has pixels say nothing new.
MOST_POINTS = 500
# Curves in one picture: the classes with the most rows.
MOST_CURVES = 10


def roc_points(y_true: np.ndarray, probabilities: np.ndarray | None, classes: np.ndarray) -> pd.DataFrame | None:
    """The ROC curve of ``classes[1]``, or of each class against the rest where there are more than two.

    Parameters
    ----------
    y_true
        Labels, shape (n,).
    probabilities
        Shape (n, classes); None where there are none.
    classes
        Shape (k,).

    Returns
    -------
    DataFrame or None
        Columns class, fpr, tpr, threshold and auc, a curve after another, each of at most 500 points that keep the
        first and the last; of more than ten classes those with the most rows. None where there is no curve.
    """
    y_true, classes = np.asarray(y_true), np.asarray(classes)
    if unusable(y_true, probabilities, classes) or one_sided(y_true, classes) or probabilities is None:
        return None
    curves = [_curve(label, y_true == label, scores) for label, scores in _chosen(y_true, probabilities, classes)]
    return pd.concat(curves, ignore_index=True)


def _chosen(y_true: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> Iterator[tuple[object, np.ndarray]]:
    if len(classes) == 2:
        yield classes[1], probabilities[:, 1]
        return
    codes = pd.Index(classes).get_indexer(pd.Index(y_true))
    support = np.bincount(codes, minlength=len(classes))
    for column in sorted(np.argsort(-support, kind="stable")[:MOST_CURVES]):
        yield classes[column], probabilities[:, column]


def _curve(label: object, positive: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    from sklearn.metrics import auc, roc_curve

    fpr, tpr, thresholds = roc_curve(positive, scores)
    kept = np.unique(np.linspace(0, len(fpr) - 1, min(len(fpr), MOST_POINTS)).round().astype(int))
    return pd.DataFrame(
        {"class": str(label), "fpr": fpr[kept], "tpr": tpr[kept], "threshold": thresholds[kept], "auc": auc(fpr, tpr)}
    )
