"""Batches cut from tensors in memory: no loader, no worker, no copy a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

# Floats that are shuffled at a time: they stay in the cache, and memory need not hold all rows twice.
PIECE = 2_000_000
# Rows to a batch where no gradients are kept.
MANY = 8_192

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Tensors:
    """Inputs, shape (n, features), and target, shape (n,)."""

    inputs: Tensor
    target: Tensor

    def __len__(self) -> int:
        return len(self.target)

    def to(self, device: torch.device) -> Tensors:
        """On the device, if they take less than half of the memory that is free there; else where they are."""
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if 2 * self.inputs.nbytes > free:
                return self
        return Tensors(self.inputs.to(device), self.target.to(device))

    def in_order(self, size: int, device: torch.device) -> Iterator[Batch]:
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
            yield from zip(inputs.split(sizes), target.split(sizes), strict=True)
