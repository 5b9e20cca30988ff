"""Cross-validation in the shape of the seed's report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.evaluation._metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.evaluation._metrics import Measured

# A score's name in the history: its list in the report, and how the mean's and deviation's names end.
_NAMES: dict[str, dict[str, tuple[str, str]]] = {
    "classification": {"accuracy": ("accuracy", "Accuracy"), "f1": ("f1Score", "F1")},
    "regression": {"r2": ("r2", "R2"), "rmse": ("rmse", "Rmse"), "mae": ("mae", "Mae")},
    "ranking": {"ndcg": ("ndcg", "Ndcg")},
}


def cross_validation_summary(task: Measured, fold_scores: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """List the folds' scores with mean and population standard deviation (NumPy's default, ``ddof=0``).

    Parameters
    ----------
    fold_scores
        What :func:`mlmagic.evaluation.scores` gave for each fold.

    Returns
    -------
    dict
        ``{"accuracy": [...], "meanAccuracy": ..., "stdAccuracy": ..., "f1Score": [...], "meanF1": ..., "stdF1": ...}``,
        or the like with r2, rmse and mae, and with what else was measured. A fold's undefined score is None, and then
        so are mean and deviation.

    Raises
    ------
    ValueError
        If there are no folds.
    """
    if not fold_scores:
        raise ValueError("cross-validation is summed up over at least one fold, but got none")
    body: dict[str, Any] = {}
    for name in fold_scores[0]:
        key, ending = _NAMES[task].get(name) or (METRICS[name].key if name in METRICS else name, capital(name))
        values = [float(fold[name]) for fold in fold_scores]
        body[key] = [_finite(value) for value in values]
        body[f"mean{ending}"] = _finite(float(np.mean(values)))
        body[f"std{ending}"] = _finite(float(np.std(values)))
    return body


def capital(name: str) -> str:
    """A metric's name as the end of a longer one in the report: "roc_auc" is "RocAuc"."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
