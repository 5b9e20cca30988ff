"""Batches cut from tensors in memory: no loader, no worker, no copy a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Floats that are shuffled at a time: they stay in the cache, and memory need not hold all rows twice.
PIECE = 2_000_000
# Rows to a batch where no gradients are kept.
MANY = 8_192

# Inputs, target, and how much each row counts; None where all count alike.
Batch = tuple[Tensor, Tensor, Tensor | None]


@dataclass(frozen=True)
class Tensors:
    """Inputs, shape (n, features), target, shape (n,), and weights, shape (n,), or None where all rows count alike."""

    inputs: Tensor
    target: Tensor
    weight: Tensor | None = None

    def __len__(self) -> int:
        return len(self.target)

    def to(self, device: torch.device) -> Tensors:
        """On the device, if they take less than half of the memory that is free there; else where they are."""
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if 2 * self.inputs.nbytes > free:
                return self
        weight = None if self.weight is None else self.weight.to(device)
        return Tensors(self.inputs.to(device), self.target.to(device), weight)

    def in_order(self, size: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches as the rows come."""
        for inputs, target in zip(self.inputs.split(size), self.target.split(size), strict=True):
            yield inputs.to(device), target.to(device)


class Shuffled:
    """Batches of all rows, in another order every time.

    Parameters
    ----------
    rows
        What to cut.
    size
        Rows to a batch. The last batch is what is left; a single row left joins the batch before it, since batch
        normalisation has no variance of one row.
    seed
        Of the orders; the generator is its own, so that nothing else moves it.
    """

    def __init__(self, rows: Tensors, size: int, seed: int, device: torch.device) -> None:
        self._rows = rows
        self._device = device
        self.generator = torch.Generator().manual_seed(seed)
        full, rest = divmod(len(rows), size)
        self.sizes = [size] * full + [rest] * (rest > 0)
        if rest == 1 and full:
            self.sizes[-2:] = [size + 1]
        each = max(1, PIECE // (size * max(1, rows.inputs[:1].numel())))
        self._pieces = [self.sizes[start : start + each] for start in range(0, len(self.sizes), each)]

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[Batch]:
        order = torch.randperm(len(self._rows), generator=self.generator).to(self._rows.inputs.device)
        for sizes, places in zip(self._pieces, order.split([sum(sizes) for sizes in self._pieces]), strict=True):
            inputs = self._rows.inputs.index_select(0, places).to(self._device)
            target = self._rows.target.index_select(0, places).to(self._device)
            yield from zip(inputs.split(sizes), target.split(sizes), self._weights(places, sizes), strict=True)

    def _weights(self, places: Tensor, sizes: list[int]) -> Iterable[Tensor | None]:
        if self._rows.weight is None:
            return [None] * len(sizes)
        weights: tuple[Tensor, ...] = self._rows.weight.index_select(0, places).to(self._device).split(sizes)
        return weights
