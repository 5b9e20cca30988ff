"""Metrics that a library does not measure as scikit-learn does: computed here after each round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlmagic.evaluation import Points, better_higher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.data import Task
    from mlmagic.evaluation import Asked
    from mlmagic.executors._boosting._library import Part


class Computed:
    """A function that a library calls for each part of the rows, and that answers for one of them alone.

    Parameters
    ----------
    metrics
        What to measure.
    rows
        That part.
    classes
        The labels of the training rows in order, shape (k,); None where numbers are predicted.
    shuffled
        Whether the library holds that part in another order, which it keeps from its first call on.
    """

    def __init__(
        self, metrics: Sequence[Asked], rows: Part, classes: np.ndarray | None, *, shuffled: bool = False
    ) -> None:
        self._task: Task = "regression" if classes is None else "classification"
        self._metrics, self._classes, self._y = metrics, classes, rows.y
        self._points = Points(metrics, self._task, rows.y, classes)
        self._shuffled = shuffled
        # The library knows no parts, only what it holds as their target: numbers of 32 bits, codes of labels.
        coded = rows.y if classes is None else np.searchsorted(classes, rows.y)
        self._held = np.asarray(coded, dtype=np.float32)
        self._higher = {_name(item): bool(better_higher(item)) for item in metrics}

    def measured(
        self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> list[tuple[str, float, bool]]:
        """Name, value and whether more is better, of each metric; nothing for other rows.

        Parameters
        ----------
        y_pred
            Numbers, shape (n,), or probabilities, shape (n,) of the second of two classes or (n, classes).
        """
        given = np.asarray(y_true, dtype=np.float32)
        if self._shuffled:
            self._follow(given)
        if not np.array_equal(given, self._held):
            return []
        found = self._point(np.asarray(y_pred))
        return [(listed(name), value, self._higher[name]) for name, value in found.items()]

    def _follow(self, given: np.ndarray) -> None:
        """Take over the library's order: of rows that count alike it makes no difference which of equals is which."""
        here, there = np.argsort(self._held, kind="stable"), np.argsort(given, kind="stable")
        if not np.array_equal(self._held[here], given[there]):
            return
        order = np.empty_like(here)
        order[there] = here
        self._y, self._held, self._shuffled = self._y[order], given.copy(), False
        self._points = Points(self._metrics, self._task, self._y, self._classes)

    def _point(self, y_pred: np.ndarray) -> dict[str, float]:
        if self._classes is None:
            return self._points.of_numbers(y_pred.astype(np.float64))
        return self._points.of_probabilities(np.column_stack([1 - y_pred, y_pred]) if y_pred.ndim == 1 else y_pred)


def listed(name: str) -> str:
    """What a metric is called among the library's own, none of which is called so."""
    return f"computed {name}"


def _name(item: Asked) -> str:
    return item if isinstance(item, str) else item[0]
