"""What is, and what was predicted: what every metric is measured of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.evaluation._confusion import Confusion, as_labels

if TYPE_CHECKING:
    from mlmagic.evaluation._metrics import Measured


@dataclass(frozen=True)
class Comparison:
    """Truth and predictions of the same n rows.

    Attributes
    ----------
    task
        What is measured.
    y_true, values
        Shape (n,): what is, and what was predicted.
    probabilities
        Shape (n, classes), columns in the order of ``classes``; None where there are none.
    classes
        Shape (k,), the labels the model knows. A classification needs them.
    decision
        How far the model is for ``classes[1]`` and against the other, shape (n,), on a scale of its own; of more than
        two classes for each of them, shape (n, classes). None where it is not known. What only needs the order of the
        rows looks at it first, as scikit-learn's scorers do.
    weight
        How much each row counts, shape (n,); None where all count alike.
    group
        What each row belongs to, shape (n,). A ranking needs it.

    Raises
    ------
    ValueError
        If there are no rows, the shapes do not fit one another, or a classification comes without its classes.
    """

    task: Measured
    y_true: np.ndarray
    values: np.ndarray
    probabilities: np.ndarray | None = None
    classes: np.ndarray | None = None
    decision: np.ndarray | None = field(default=None, kw_only=True)
    weight: np.ndarray | None = field(default=None, kw_only=True)
    group: np.ndarray | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.y_true.shape != self.values.shape or self.y_true.ndim != 1:
            shapes = f"{self.values.shape} for {self.y_true.shape}"
            raise ValueError(f"predictions have the rows' shape (n,), but got {shapes}")
        if not len(self):
            raise ValueError("at least one row is measured, but got none")
        if self.task == "classification":
            self._check_classes()

    def _check_classes(self) -> None:
        if self.classes is None:
            raise ValueError("a classification is measured with its classes, but got None")
        by_class = len(self), len(self.classes)
        if self.probabilities is not None and self.probabilities.shape != by_class:
            raise ValueError(f"probabilities have shape (rows, classes), but got {self.probabilities.shape}")
        if self.decision is not None and self.decision.shape != (by_class if len(self.classes) > 2 else by_class[:1]):
            raise ValueError(f"decision values of two classes have shape (n,), but got {self.decision.shape}")

    def __len__(self) -> int:
        """How many rows."""
        return len(self.y_true)

    @property
    def labels(self) -> np.ndarray:
        """The labels of a classification that the model knows, shape (k,)."""
        assert self.classes is not None
        return np.asarray(self.classes)

    @property
    def is_binary(self) -> bool:
        """Whether the model knows two labels."""
        return len(self.labels) == 2

    @cached_property
    def codes(self) -> np.ndarray:
        """The place of each true label among the model's, shape (n,); -1 for one that it never knew."""
        return np.asarray(pd.Index(self.labels).get_indexer(pd.Index(self.y_true)))

    @cached_property
    def confusion(self) -> Confusion:
        """How labels were taken for labels."""
        return Confusion.of(self.y_true, self.values, self.labels, self.weight)

    @cached_property
    def coded(self) -> Comparison:
        """The same with labels as their places in the classes, what the model never knew after them.

        scikit-learn's scorers take the label 1 as the positive one: so it is ``classes[1]``, whatever its name.
        """
        places = pd.Index(self.confusion.labels)
        both = self.y_true, as_labels(self.values, self.labels)
        true, values = (np.asarray(places.get_indexer(pd.Index(array))) for array in both)
        return replace(self, y_true=true, values=values, classes=np.arange(len(self.labels)))
