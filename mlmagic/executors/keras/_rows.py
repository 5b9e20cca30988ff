"""Rows in memory as a model's steps take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Arrays:
    """Inputs, target and, where rows count differently, weights; the first axis of each is the rows."""

    inputs: np.ndarray
    target: np.ndarray
    weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """Them all, as Keras unpacks them."""
        return (self.inputs, self.target) + (() if self.weight is None else (self.weight,))


def steps_in(rows: int, batch: int) -> int:
    """Batches that so many rows make; the last one is what is left."""
    return -(-rows // batch)


def sizes(rows: int, batch: int, first: int, count: int) -> Iterator[int]:
    """Rows of the batches from ``first`` on."""
    for number in range(first, first + count):
        yield min(batch, rows - number * batch)
