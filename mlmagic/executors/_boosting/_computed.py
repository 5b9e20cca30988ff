"""Metrics that a library does not measure as scikit-learn does: computed here after each round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlmagic.evaluation import Points, better_higher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmagic.evaluation import Asked
    from mlmagic.evaluation._metrics import Measured
    from mlmagic.executors._boosting._library import Part


# Training rows that are measured. Of more the first are: what a library does itself takes it a fraction of a round, and
# here all of many rows would take longer than training on them does.
MOST = 50_000
_LISTED = "computed "


class Computed:
    """A function that a library calls for each part of the rows, in turn.

    Parameters
    ----------
    metrics
        What to measure.
    parts
        The rows to train on, of which the first :data:`MOST` count, of a ranking the first groups, and the others that
        are watched.
    classes
        The labels of the training rows in order, shape (k,); None where numbers are predicted.
    shuffled
        Whether the library holds the training rows in another order, which it keeps from its first call on.
    """

    def __init__(
        self, metrics: Sequence[Asked], parts: Sequence[Part], classes: np.ndarray | None, *, shuffled: bool = False
    ) -> None:
        train, *others = parts
        self._parts = [_Rows(metrics, train, classes, MOST, shuffled=shuffled)]
        self._parts += [_Rows(metrics, part, classes, len(part.y)) for part in others]
        self._higher = {_name(item): bool(better_higher(item)) for item in metrics}
        self._calls = 0

    def measured(
        self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> list[tuple[str, float, bool]]:
        """Name, value and whether more is better, of each metric; nothing for rows that are none of these.

        Parameters
        ----------
        y_pred
            Numbers, shape (n,), or probabilities, shape (n,) of the second of two classes or (n, classes).
        """
        given = np.asarray(y_true, dtype=np.float32)
        # The library knows no parts, only what it holds as their target; two may hold the same.
        known = [part for part in self._parts if part.are(given)]
        if not known:
            return []
        part = known[self._calls % len(known)]
        self._calls += 1
        return self._named(part.point(np.asarray(y_pred)))

    def counted(self, place: int) -> int:
        """How many of the first rows of a part are measured, the parts in their order."""
        return self._parts[place].counted

    def of_part(self, place: int, y_pred: np.ndarray) -> list[tuple[str, float, bool]]:
        """The same as ``measured`` for those rows of a part."""
        return self._named(self._parts[place].point(y_pred))

    def _named(self, found: dict[str, float]) -> list[tuple[str, float, bool]]:
        return [(listed(name), value, self._higher[name]) for name, value in found.items()]


class _Rows:
    """One part of the rows, as the library holds it; the first ``most`` are measured."""

    def __init__(
        self, metrics: Sequence[Asked], rows: Part, classes: np.ndarray | None, most: int, *, shuffled: bool = False
    ) -> None:
        self._task: Measured = "classification"
        if classes is None:
            self._task = "regression" if rows.group is None else "ranking"
        self._metrics, self._classes, self._y, self._most = metrics, classes, rows.y, most
        self._group = rows.group
        # Of a ranking it makes a difference which of equals is which.
        self._shuffled = shuffled and rows.group is None
        coded = rows.y if classes is None else np.searchsorted(classes, rows.y)
        # Numbers of 32 bits, codes of labels.
        self._held = np.asarray(coded, dtype=np.float32)
        self._measure(np.arange(min(most, len(rows.y)) if rows.group is None else _whole(rows.group, most)))

    @property
    def counted(self) -> int:
        """How many of them are measured."""
        return len(self._places)

    def are(self, given: np.ndarray) -> bool:
        """Whether a target is theirs."""
        if self._shuffled:
            self._follow(given)
        return np.array_equal(given, self._held)

    def point(self, y_pred: np.ndarray) -> dict[str, float]:
        """Measure predictions."""
        given = y_pred if len(self._places) == len(y_pred) else y_pred[self._places]
        if self._classes is None:
            return self._points.of_numbers(given.astype(np.float64))
        return self._points.of_probabilities(np.column_stack([1 - given, given]) if given.ndim == 1 else given)

    def _follow(self, given: np.ndarray) -> None:
        """Take over the library's order: of rows that count alike it makes no difference which of equals is which."""
        here, there = np.argsort(self._held, kind="stable"), np.argsort(given, kind="stable")
        if not np.array_equal(self._held[here], given[there]):
            return
        order = np.empty_like(here)
        order[there] = here
        self._y, self._held, self._shuffled = self._y[order], given.copy(), False
        self._measure(np.flatnonzero(order < self._most))

    def _measure(self, places: np.ndarray) -> None:
        self._places = places
        group = None if self._group is None else self._group[places]
        self._points = Points(self._metrics, self._task, self._y[places], self._classes, group)


def _whole(group: np.ndarray, most: int) -> int:
    """How many rows the first groups have, at least one group, up to so many rows."""
    ends = np.append(np.flatnonzero(np.diff(group)) + 1, len(group))
    return int(ends[max(int(np.searchsorted(ends, most, side="right")) - 1, 0)])


def listed(name: str) -> str:
    """What a metric is called among the library's own, none of which is called so."""
    return f"{_LISTED}{name}"


def is_listed(metric: str) -> bool:
    """Whether a metric among the library's own is one that is computed here."""
    return metric.startswith(_LISTED)


def _name(item: Asked) -> str:
    return item if isinstance(item, str) else item[0]
