"""Rows in memory as a model's steps take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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

    def in_order(self, batch: int) -> Iterator[np.ndarray]:
        """Inputs as the rows come, so many at a time; not finished."""
        starts = range(0, len(self), batch)
        if not isinstance(self.inputs, np.ndarray):
            return self.inputs.batches(np.arange(start, min(start + batch, len(self))) for start in starts)
        held = self.inputs
        return (held[start : start + batch] for start in starts)


def steps_in(rows: int, batch: int) -> int:
    """Batches that so many rows make; the last one is what is left."""
    return -(-rows // batch)


def sizes(rows: int, batch: int, first: int, count: int) -> Iterator[int]:
    """Rows of the batches from ``first`` on."""
    for number in range(first, first + count):
        yield min(batch, rows - number * batch)
