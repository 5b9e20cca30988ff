"""What a fitted estimator tells of itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import Outcome
from mlmagic.executors.sklearn._unsupervised import require_predict, task_of

# Classifiers that predict the label with the highest probability, so that one pass gives both; a test compares them.
# Others calibrate their probabilities (SVC), have a threshold of their own, or are not scikit-learn's.
FOLLOWING = frozenset(
    {
        "AdaBoostClassifier",
        "BaggingClassifier",
        "BernoulliNB",
        "CategoricalNB",
        "ComplementNB",
        "DecisionTreeClassifier",
        "ExtraTreeClassifier",
        "ExtraTreesClassifier",
        "GaussianNB",
        "GradientBoostingClassifier",
        "HistGradientBoostingClassifier",
        "LinearDiscriminantAnalysis",
        "LogisticRegression",
        "LogisticRegressionCV",
        "MLPClassifier",
        "MultinomialNB",
        "QuadraticDiscriminantAnalysis",
        "RandomForestClassifier",
    }
)


def fitted(model: Any) -> Outcome | None:
    """An outcome around a fitted model; None for what does not predict.

    Raises
    ------
    ModelLoadingError
        If it is not fitted, or says nothing of new rows.
    """
    if isinstance(model, type):
        return None
    if callable(getattr(model, "fit_predict", None)) and task_of(model) is not None:
        require_predict(model)
    if not callable(getattr(model, "predict", None)):
        return None
    if not _is_fitted(model):
        raise ModelLoadingError(
            f"The {type(model).__name__} is not fitted",
            solution="Call its fit first, or train a copy of it: action: train with model: $name",
        )
    classes = getattr(model, "classes_", None)
    if classes is not None and len(classes) == 0:  # what a regressor of CatBoost says
        classes = None
    names = getattr(model, "feature_names_in_", None)
    return Outcome(
        model,
        classes=None if classes is None else np.asarray(classes),
        features=None if names is None else tuple(map(str, names)),
    )


def takes_names(model: Any) -> bool:
    """Whether a model takes a table; one that was fitted on an array warns of every table."""
    return hasattr(model, "feature_names_in_") or not hasattr(model, "n_features_in_")


def follows_probabilities(model: Any) -> bool:
    """Whether a model's label is always the one that it gives the highest probability."""
    kind = type(deciding(model))
    return kind.__name__ in FOLLOWING and kind.__module__.startswith("sklearn.")


def deciding(model: Any) -> Any:
    """The estimator that answers for a model: the best one of a search, the last of a pipeline, else itself."""
    if hasattr(model, "best_estimator_"):
        return deciding(model.best_estimator_)
    return deciding(model.steps[-1][1]) if hasattr(model, "steps") else model


def _is_fitted(model: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    except TypeError:  # not an estimator, but it predicts
        return True
    return True
