"""Rows in memory as a model's steps take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlmagic.executors._networks._streamed import Streamed


@dataclass(frozen=True)
class Arrays:
    """Inputs, target and, where rows count differently, weights; the first axis of each is the rows.

    ``finish`` is what is done to a batch of inputs where the network computes; None where nothing is.
    """

    inputs: np.ndarray | Streamed
    target: np.ndarray
    weight: np.ndarray | None = None
    finish: Callable[[Any], Any] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """Them all, as Keras unpacks them; of those that are in memory."""
        assert isinstance(self.inputs, np.ndarray)
        return (self.inputs, *self.beside)

    @property
    def beside(self) -> tuple[np.ndarray, ...]:
        """What stands beside the inputs."""
        return (self.target,) if self.weight is None else (self.target, self.weight)

    def in_order(self, batch: int, rows: int | None = None) -> Iterator[np.ndarray]:
        """Inputs as the rows come, so many at a time; not finished. ``rows`` is how many of the first, None for all."""
        end = len(self) if rows is None else min(rows, len(self))
        parts = ((start, min(start + batch, end)) for start in range(0, end, batch))
        if not isinstance(self.inputs, np.ndarray):
            return self.inputs.batches(np.arange(first, last) for first, last in parts)
        held = self.inputs
        return (held[first:last] for first, last in parts)

    @property
    def counts(self) -> float:
        """What a row counts for on average."""
        return 1.0 if self.weight is None else float(self.weight.mean(dtype=np.float64))

    def balanced(self) -> Arrays:
        """The same rows, counting for 1 on average: Keras divides a loss by how many there are."""
        return self if self.weight is None else replace(self, weight=self.weight / np.float32(self.counts))


def steps_in(rows: int, batch: int) -> int:
    """Batches that so many rows make; the last one is what is left."""
    return -(-rows // batch)


def sizes(rows: int, batch: int, first: int, count: int) -> Iterator[int]:
    """Rows of the batches from ``first`` on."""
    for number in range(first, first + count):
        yield min(batch, rows - number * batch)
