"""How many outliers were found, and how many of them are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlmagic.errors import DataLoadingError
from mlmagic.evaluation._confusion import Confusion

INLIER, OUTLIER = "inlier", "outlier"
# By whether a row is one.
NAMES = np.array([INLIER, OUTLIER], dtype=object)


def outliers(found: np.ndarray, scores: np.ndarray, truth: pd.Series | None = None) -> dict[str, Any]:
    """Measure outliers, in the shape of the report.

    Parameters
    ----------
    found
        Which rows are taken for outliers, shape (n,).
    scores
        scikit-learn's decision function, shape (n,): the lower, the odder.
    truth
        Which rows are outliers: true and false, 1 and 0, or scikit-learn's -1 and 1; rows with a gap are left out.

    Returns
    -------
    dict
        outliers and outlierShare; with truth accuracy, precision, recall and f1Score of the outliers, rocAuc of the
        scores, labels, confusionMatrix and classificationReport.

    Raises
    ------
    DataLoadingError
        If the truth holds anything else.
    """
    counts: dict[str, Any] = {"outliers": int(found.sum()), "outlierShare": float(found.mean())}
    if truth is None:
        return counts
    known = truth.notna().to_numpy(bool)
    actual = flags(truth[known])
    confusion = Confusion.of(NAMES[actual.astype(int)], NAMES[found[known].astype(int)], NAMES)
    auc = _auc(actual, -scores[known])
    return {
        **counts,
        "accuracy": confusion.accuracy,
        "precision": confusion.average(confusion.precision),
        "recall": confusion.average(confusion.recall),
        "f1Score": confusion.average(confusion.f1),
        "rocAuc": auc,
        "averaging": confusion.averaging,
        "positiveClass": OUTLIER,
        "labels": [INLIER, OUTLIER],
        "confusionMatrix": confusion.matrix.tolist(),
        "classificationReport": confusion.report(),
        **({} if auc is not None else {"undefined": {"rocAuc": f"all rows are {NAMES[int(actual[0])]}s"}}),
    }


def _auc(actual: np.ndarray, odd: np.ndarray) -> float | None:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(actual, odd)) if len(np.unique(actual)) == 2 else None


def flags(truth: pd.Series) -> np.ndarray:
    """Which rows are outliers, shape (n,), of a truth without gaps.

    Raises
    ------
    DataLoadingError
        If it holds anything else than :func:`outliers` takes.
    """
    values = set(truth.unique().tolist())
    if values and values <= {0, 1}:  # True and False are 1 and 0
        return truth.astype(bool).to_numpy()
    if values and values <= {-1, 1}:
        return (truth == -1).to_numpy()
    shown = ", ".join(map(repr, list(values)[:5])) or "nothing but gaps"
    raise DataLoadingError(
        f"The target {truth.name!r} says which rows are outliers by true and false, 1 and 0, or scikit-learn's "
        f"-1 and 1, but it holds {shown}",
        solution="Leave target out, or name a column that says it",
        metadata={"column": str(truth.name)},
    )
