"""A table as an estimator takes it: with names, as an array, or as the texts of its only column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data._shown import listing
from mlmagic.errors import DataLoadingError
from mlmagic.executors.sklearn._fitted import takes_names
from mlmagic.executors.sklearn._nested import reads_text

if TYPE_CHECKING:
    import pandas as pd


def fitting(estimator: Any, X: pd.DataFrame) -> Any:
    """What an estimator is fitted on.

    Raises
    ------
    DataLoadingError
        If it reads one column of texts, and there are several.
    """
    return _texts(estimator, X) if reads_text(estimator) else X


def predicting(model: Any, X: pd.DataFrame) -> Any:
    """What a fitted model predicts; errors as those of :func:`fitting`."""
    if reads_text(model):
        return _texts(model, X)
    return X if takes_names(model) else X.to_numpy()


def _texts(estimator: Any, X: pd.DataFrame) -> pd.Series:
    """The only column, for a vectorizer would take the names of a table for its texts."""
    if X.shape[1] == 1:
        return X.iloc[:, 0]
    columns = listing(X.columns)
    raise DataLoadingError(
        f"The {type(estimator).__name__} reads the texts of one column, and there are {X.shape[1]}: {columns}",
        solution="Name that column, featureColumns: [text]; to learn from others beside it, begin the pipeline with "
        'make_column_transformer((TfidfVectorizer(), "text"), ...)',
        metadata={"columns": [str(name) for name in X.columns]},
    )
