"""How well scores rank the rows of each group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from mlmagic.evaluation._comparison import Comparison


class Ranking:
    """The relevance of rows in groups, to measure scores of them again and again.

    Parameters
    ----------
    y_true, group
        Shape (n,): relevance, and what each row belongs to.

    Attributes
    ----------
    reason
        Why no scores of these rows have a value; None where they have one.
    """

    def __init__(self, y_true: np.ndarray, group: np.ndarray) -> None:
        codes = pd.factorize(group, use_na_sentinel=False)[0]
        order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
        starts = np.cumsum(sizes) - sizes
        several = sizes > 1
        self.reason = None if several.any() else "no group has two rows"
        if y_true.min() < 0:
            self.reason = "a relevance is below 0"
        # Groups of about one size are measured as one matrix.
        widths = np.left_shift(1, np.ceil(np.log2(sizes)).astype(int))
        chosen = [several & (widths == width) for width in np.unique(widths[several])]
        self._blocks = [_Block(y_true, order, starts[these], sizes[these]) for these in chosen]

    def ndcg(self, values: np.ndarray, most: int | None = None) -> float:
        """Mean over the groups of two rows or more of what scikit-learn's ``ndcg_score`` gives.

        Parameters
        ----------
        values
            Scores, shape (n,), all of them finite.
        most
            Up to which place of a group it is measured; None for all.
        """
        if self.reason is not None:
            return math.nan
        scores = values if values.dtype.kind == "f" else values.astype(np.float64)
        return float(np.concatenate([block.ndcg(scores, most) for block in self._blocks]).mean())


class _Block:
    """Groups of rows, a matrix with one group a row, filled up on the right."""

    def __init__(self, y_true: np.ndarray, order: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> None:
        self._places = places = np.arange(sizes.max())
        self._discounts = 1 / np.log2(places + 2)
        self._firsts = np.arange(len(sizes))[:, None] * len(places)
        self._filling = places >= sizes[:, None]
        self._rows = order[np.where(self._filling, 0, starts[:, None] + places)]
        self._gains = np.where(self._filling, 0, y_true[self._rows]).astype(np.float64)
        self._ideal: dict[int | None, np.ndarray] = {}

    def ndcg(self, values: np.ndarray, most: int | None) -> np.ndarray:
        """Of each group, shape (groups,); 0 where no row is relevant."""
        if most not in self._ideal:
            self._ideal[most] = self._sums(self._gains, most)
        ideal, found = self._ideal[most], self._sums(values[self._rows], most)
        return np.asarray(np.divide(found, ideal, out=np.zeros_like(ideal), where=ideal > 0))

    def _sums(self, scores: np.ndarray, most: int | None) -> np.ndarray:
        """The discounted gain of each group, ordered by these scores; rows of one score share their places."""
        keys = -scores
        keys[self._filling] = np.inf
        order = np.argsort(keys, axis=1) + self._firsts
        ordered, gains = keys.ravel()[order], self._gains.ravel()[order]
        discounts = np.where(self._places < (most or keys.size), self._discounts, 0)
        begins = self._filling | (self._places == 0)
        begins[:, 1:] |= ordered[:, 1:] != ordered[:, :-1]
        if begins.all():
            return np.asarray(gains @ discounts)
        return _shared(gains, np.broadcast_to(discounts, gains.shape), begins)


def _shared(gains: np.ndarray, discounts: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """The sum of each row where what follows a beginning shares its mean discount."""
    runs = np.flatnonzero(begins)
    means = np.add.reduceat(gains.ravel(), runs) / np.diff(runs, append=gains.size)
    shares = means * np.add.reduceat(discounts.ravel(), runs)
    return np.add.reduceat(shares, np.searchsorted(runs, np.arange(len(gains)) * gains.shape[1]))


def places(name: str) -> int | None:
    """Up to which place of a group a metric looks: 5 for ``ndcg@5``; None for all."""
    place = name.partition("@")[2]
    return int(place) if place else None


def ndcg(given: Comparison, name: str = "ndcg") -> tuple[float | None, str | None]:
    """Mean of scikit-learn's NDCG over the groups of two rows or more; else None and why there is none."""
    if given.group is None:
        return None, "the groups of the rows are not known"
    if broken := int((~np.isfinite(given.values)).sum()):
        return None, f"{broken} of {len(given)} predictions are not finite"
    ranking = Ranking(given.y_true, given.group)
    return (ranking.ndcg(given.values, places(name)), None) if ranking.reason is None else (None, ranking.reason)


def ranking(given: Comparison) -> dict[str, Any]:
    """The same as the report shows it."""
    value, reason = ndcg(given)
    return {"ndcg": value, **({"undefined": {"ndcg": reason}} if reason else {})}


def ranking_scores(given: Comparison) -> dict[str, float]:
    """The same as the history has it: NaN where undefined."""
    value, _ = ndcg(given)
    return {"ndcg": math.nan if value is None else value}
