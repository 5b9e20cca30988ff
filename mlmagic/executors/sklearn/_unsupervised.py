"""What a clusterer or a detector of outliers says of the rows that it was fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic.errors import ModelLoadingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.data import Task, TrainingData

# Its trees split one column at a time, whatever the scale.
_UNSCALED = ("IsolationForest",)


def scaling(name: str) -> str:
    """How columns are scaled unless the user says it: distances need one scale."""
    return "none" if name in _UNSCALED else "standard"


def scaling_told(name: str, scaled: Mapping[str, Any]) -> str:
    """What the log says where columns are scaled and nobody asked for it."""
    return (
        f"Columns are scaled to equal spread ({len(scaled['columns'])} of them, {scaled['method']}), since {name} "
        "measures distances; featureScaling: none leaves them as they are"
    )


def defaults(name: str) -> Mapping[str, Any]:
    """Hyperparameters that are not scikit-learn's own: one, without which a model could not predict."""
    return {"novelty": True} if name == "LocalOutlierFactor" else {}


def is_detector(model: Any) -> bool:
    """Whether a model tells outliers from inliers."""
    from sklearn.base import is_outlier_detector

    try:
        return bool(is_outlier_detector(model))
    except AttributeError:  # it predicts, but has no tags
        return False


def require_predict(model: Any) -> None:
    """Refuse a clusterer that only knows the rows it was fitted on.

    Raises
    ------
    ModelLoadingError
        If it has no ``predict``.
    """
    if callable(getattr(model, "predict", None)):
        return
    name = type(_last(model)).__name__
    raise ModelLoadingError(
        f"{name} says nothing of new rows: it only knows those that it was fitted on",
        solution="Those are in the training report's predictions; for new rows train KMeans, BisectingKMeans, "
        "MeanShift or GaussianMixture, or LocalOutlierFactor with novelty: true",
    )


def measured(model: Any, X: Any, data: TrainingData, seed: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """The metrics, and the table of all rows with what was found of each.

    Parameters
    ----------
    model
        A fitted estimator, or a pipeline of the user's own that ends in one.
    X
        What it was fitted on, shape (n, columns).
    """
    from mlmagic.evaluation import clusters, outliers

    truth, last = data.train.y, _last(model)
    seen = _array(model[:-1].transform(X) if hasattr(model, "steps") and len(model.steps) > 1 else X)
    columns: dict[str, Any] = {} if truth is None else {"actual": truth.to_numpy()}
    if data.task == "clustering":
        labels = getattr(last, "labels_", None)
        labels = model.predict(X) if labels is None else labels
        table = pd.DataFrame({**columns, "predicted": labels}, index=data.train.X.index)
        return clusters(seen, labels, truth, seed), table
    found, scores = _oddness(model, last, X)
    table = pd.DataFrame({**columns, "predicted": found, "score": scores}, index=data.train.X.index)
    return outliers(found, scores, truth), table


def task_of(estimator: Any) -> Task | None:
    """The task of an estimator that learns without a target; None where it is none."""
    from sklearn.utils import get_tags

    try:
        kind = get_tags(estimator).estimator_type
    except AttributeError:  # not derived from scikit-learn's base
        kind = getattr(estimator, "_estimator_type", None)
    mixture = kind == "density_estimator" and hasattr(_last(estimator), "predict")
    found: dict[Any, Task] = {"clusterer": "clustering", "outlier_detector": "outliers"}
    return "clustering" if mixture else found.get(kind)


def _oddness(model: Any, last: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are outliers, and the decision function: below 0 where they are."""
    factor = getattr(last, "negative_outlier_factor_", None)
    if factor is not None:  # to predict them would count each row as its own neighbour
        scores = factor - last.offset_
        return scores < 0, scores
    return np.asarray(model.predict(X)) == -1, np.asarray(model.decision_function(X), dtype=np.float64)


def _array(X: Any) -> np.ndarray:
    """Whatever a pipeline's steps give, shape (n, columns): words of texts are a sparse matrix."""
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X)


def _last(model: Any) -> Any:
    return model.steps[-1][1] if hasattr(model, "steps") else model
