"""XGBoost's classifiers for labels of any kind; XGBoost itself takes 0, 1, ... only, and gives them back."""

from __future__ import annotations

from typing import Any

import numpy as np
from xgboost import XGBClassifier, XGBRFClassifier


def is_coded(y: np.ndarray) -> bool:
    """Whether labels are whole numbers from 0 on without a gap, as XGBoost takes them."""
    classes = np.unique(y)
    return classes.dtype.kind in "iu" and bool((classes == np.arange(len(classes))).all())


class _Labels:
    """Codes labels on the way in and decodes them on the way out; to be put before a classifier of XGBoost's.

    Attributes
    ----------
    labels_
        The sorted labels, shape (k,); None before a fit.
    """

    labels_: np.ndarray | None = None

    @property
    def classes_(self) -> np.ndarray:
        """The labels, shape (k,)."""
        codes: np.ndarray = super().classes_  # type: ignore[misc]
        return codes if self.labels_ is None else self.labels_

    def fit(self, X: Any, y: Any, *, eval_set: Any = None, **keys: Any) -> Any:
        """Fit to labels; see ``XGBClassifier.fit``."""
        self.labels_ = None  # XGBoost compares the codes with classes_
        labels, codes = np.unique(np.asarray(y), return_inverse=True)
        # The very object again where rows are those of training: XGBoost then bins them once.
        coded = [(other, codes if known is y else np.searchsorted(labels, known)) for other, known in eval_set or ()]
        super().fit(X, codes, eval_set=coded or None, **keys)  # type: ignore[misc]
        self.labels_ = labels
        return self

    def predict(self, X: Any, **keys: Any) -> np.ndarray:
        """Labels, shape (n,); see ``XGBClassifier.predict``."""
        found: np.ndarray = super().predict(X, **keys)  # type: ignore[misc]
        return found if self.labels_ is None or keys.get("output_margin") else self.labels_[found]


class LabelledXGBClassifier(_Labels, XGBClassifier):
    """An ``XGBClassifier`` whose labels may be anything."""


class LabelledXGBRFClassifier(_Labels, XGBRFClassifier):
    """An ``XGBRFClassifier`` whose labels may be anything."""


LABELLED = {"XGBClassifier": LabelledXGBClassifier, "XGBRFClassifier": LabelledXGBRFClassifier}
