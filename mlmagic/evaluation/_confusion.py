"""The confusion matrix, and what follows from it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Confusion:
    """How labels were taken for labels.

    Attributes
    ----------
    labels
        Shape (k,): the model's classes in their order, then labels it never knew.
    matrix
        Shape (k, k), counts, or sums of weights; rows are true, columns predicted.
    """

    labels: np.ndarray
    matrix: np.ndarray

    @classmethod
    def of(
        cls, y_true: np.ndarray, values: np.ndarray, classes: np.ndarray, weight: np.ndarray | None = None
    ) -> Confusion:
        """Count labels of shape (n,) against predictions of shape (n,), each row by its weight if it has one."""
        values = as_labels(values, classes)
        labels = _with_unknown(pd.Index(classes), y_true, values)
        true, predicted = labels.get_indexer(pd.Index(y_true)), labels.get_indexer(pd.Index(values))
        count = len(labels)
        places = true * count + predicted
        matrix = np.bincount(places, weights=weight, minlength=count * count).reshape(count, count)
        return cls(labels.to_numpy(), matrix)

    @property
    def accuracy(self) -> float:
        """Share of rows on the diagonal."""
        return float(np.trace(self.matrix) / self.matrix.sum())

    @property
    def support(self) -> np.ndarray:
        """True rows of each label, shape (k,)."""
        return np.asarray(self.matrix.sum(axis=1))

    @property
    def precision(self) -> np.ndarray:
        """Of the rows predicted as a label the share that has it, shape (k,); 0 where none was, as in scikit-learn."""
        return _ratio(np.diag(self.matrix), self.matrix.sum(axis=0))

    @property
    def recall(self) -> np.ndarray:
        """Of the rows that have a label the share predicted as it, shape (k,); 0 where there are none."""
        return _ratio(np.diag(self.matrix), self.support)

    @property
    def f1(self) -> np.ndarray:
        """Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN), shape (k,)."""
        return _ratio(2 * np.diag(self.matrix), self.matrix.sum(axis=0) + self.support)

    @property
    def averaging(self) -> str:
        """How one number is made of a number for each label: "binary" (the second label's) or "weighted"."""
        return "binary" if len(self.labels) == 2 else "weighted"

    def average(self, by_label: np.ndarray) -> float:
        """Of two labels the second's value; of more the mean weighted by support."""
        if self.averaging == "binary":
            return float(by_label[1])
        return float(np.average(by_label, weights=self.support))

    def report(self) -> dict[str, dict[str, Any]]:
        """Precision, recall, f1 and support by label."""
        columns = zip(self.labels, self.precision, self.recall, self.f1, self.support, strict=True)
        return {
            str(label): {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
            for label, p, r, f, n in columns
        }


def as_labels(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Predictions of shape (n,) in the classes' own kind, where a model gave 0 and 1 for False and True."""
    # pandas tells True from 1.
    return values.astype(bool) if classes.dtype == bool and values.dtype.kind in "iuf" else values


def share_right(y_true: np.ndarray, values: np.ndarray, classes: np.ndarray) -> float:
    """The accuracy alone: labels of shape (n,) against predictions of shape (n,), of a model that knows ``classes``."""
    return float(np.mean(as_labels(values, classes) == y_true))


def confusion_table(y_true: np.ndarray, values: np.ndarray, classes: np.ndarray) -> pd.DataFrame:
    """Count with labels: rows are true (index "true"), columns predicted (columns "predicted"), shape (k, k)."""
    confusion = Confusion.of(np.asarray(y_true), np.asarray(values), np.asarray(classes))
    labels = pd.Index([str(label) for label in confusion.labels])
    return pd.DataFrame(confusion.matrix, index=labels.rename("true"), columns=labels.rename("predicted"))


def classification_table(y_true: np.ndarray, values: np.ndarray, classes: np.ndarray) -> pd.DataFrame:
    """Tabulate by label: columns class, precision, recall, f1 and support."""
    report = Confusion.of(np.asarray(y_true), np.asarray(values), np.asarray(classes)).report()
    return pd.DataFrame([{"class": label, **row} for label, row in report.items()])


def _with_unknown(classes: pd.Index, *arrays: np.ndarray) -> pd.Index:
    seen = pd.Index(np.unique(np.concatenate([pd.unique(array) for array in arrays])))
    unknown = seen[classes.get_indexer(seen) < 0]
    return classes.append(unknown) if len(unknown) else classes


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0))
