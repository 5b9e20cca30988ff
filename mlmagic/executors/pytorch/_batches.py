"""Batches cut from tensors in memory, or decoded a little ahead: no loader, no worker process, no copy a row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from mlmagic.executors._networks._streamed import shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlmagic.executors._networks._streamed import Streamed

# Floats that are shuffled at a time: they stay in the cache, and memory need not hold all rows twice.
PIECE = 2_000_000
# Rows to a batch where no gradients are kept, and numbers to a batch of images there.
MANY, MANY_PIXELS = 8_192, 8_000_000
# Tokens to a batch there: a network makes many numbers of each.
MANY_TOKENS = 65_536

# Inputs, target, and how much each row counts; None where all count alike.
Batch = tuple[Tensor, Tensor, Tensor | None]
# The share of a step that one of its batches is; None where it is all of it.
Share: TypeAlias = float | Tensor | None


@dataclass(frozen=True)
class Tensors:
    """Rows.

    Attributes
    ----------
    inputs
        Shape (n, ...), in memory, or made batch by batch: images that are decoded, windows of a series, a large table.
    target
        Shape (n,).
    weight
        Shape (n,); None where all rows count alike.
    finish
        What is done to inputs of a batch on the device; None where nothing is.
    """

    inputs: Tensor | Streamed
    target: Tensor
    weight: Tensor | None = None
    finish: Callable[[Tensor], Tensor] | None = None

    def __len__(self) -> int:
        return len(self.target)

    @property
    def cells(self) -> int:
        """Numbers in a row."""
        return max(1, prod(self.inputs.shape[1:]))

    def to(self, device: torch.device) -> Tensors:
        """On the device, if they take less than half of the memory that is free there; else where they are."""
        if not isinstance(self.inputs, Tensor):
            return self
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if 2 * self.inputs.nbytes > free:
                return self
        weight = None if self.weight is None else self.weight.to(device)
        return replace(self, inputs=self.inputs.to(device), target=self.target.to(device), weight=weight)

    def in_order(self, size: int, device: torch.device) -> Iterator[Batch]:
        """Batches as the rows come."""
        if self.finish is not None or not isinstance(self.inputs, Tensor):
            size = min(size, max(1, MANY_PIXELS // self.cells))
        elif not self.inputs.is_floating_point():
            size = min(size, max(1, MANY_TOKENS // self.cells))
        targets = self.target.split(size)
        weights = [None] * len(targets) if self.weight is None else self.weight.split(size)
        for inputs, target, weight in zip(self._in_order(size), targets, weights, strict=True):
            there = inputs.to(device)
            finished = there if self.finish is None else self.finish(there)
            yield finished, target.to(device), None if weight is None else weight.to(device)

    def at(self, parts: Iterable[Tensor]) -> Iterator[Tensor]:
        """Inputs at these places, shape (k,) each; not finished."""
        if not isinstance(self.inputs, Tensor):
            return map(torch.from_numpy, self.inputs.batches(part.numpy() for part in parts))
        held = self.inputs
        return (held.index_select(0, part) for part in parts)

    def _in_order(self, size: int) -> Iterable[Tensor]:
        if not isinstance(self.inputs, Tensor):
            return self.at(torch.from_numpy(np.arange(len(self))).split(size))
        pieces: tuple[Tensor, ...] = self.inputs.split(size)
        return pieces


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
    finish
        What is done to inputs of a batch on the device; None for what the rows say.
    together
        Batches to a step; the last step has those that are left.

    Attributes
    ----------
    order
        The rows' places in the batches that were asked for last, shape (n,), on the CPU.
    """

    order: Tensor

    def __init__(
        self,
        rows: Tensors,
        size: int,
        seed: int,
        device: torch.device,
        finish: Callable[[Tensor], Tensor] | None = None,
        together: int = 1,
    ) -> None:
        self._rows = rows
        self._device = device
        self._finish = finish or rows.finish
        self.together = together
        self.generator = torch.Generator().manual_seed(seed)
        full, rest = divmod(len(rows), size)
        self.sizes = [size] * full + [rest] * (rest > 0)
        if rest == 1 and full:
            self.sizes[-2:] = [size + 1]
        each = max(1, PIECE // (size * rows.cells))
        self._pieces = [self.sizes[start : start + each] for start in range(0, len(self.sizes), each)]

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[tuple[*Batch, Share]]:
        self.order = self._order()
        order = self.order.to(self._rows.target.device)
        shares = iter(self._shares(order))
        parts = order.split([sum(sizes) for sizes in self._pieces])
        for sizes, places, piece in zip(self._pieces, parts, self._rows.at(parts), strict=True):
            inputs: Iterable[Tensor] = piece.to(self._device).split(sizes)
            target = self._rows.target.index_select(0, places).to(self._device)
            if self._finish is not None:
                inputs = map(self._finish, inputs)
            several = islice(shares, len(sizes))
            yield from zip(inputs, target.split(sizes), self._weights(places, sizes), several, strict=True)

    def _order(self) -> Tensor:
        def permutation(count: int) -> np.ndarray:
            found: np.ndarray = torch.randperm(count, generator=self.generator).numpy()
            return found

        return torch.from_numpy(shuffled(self._rows.inputs, permutation))

    def _shares(self, order: Tensor) -> Sequence[Share]:
        """How much of its step each batch is: of the rows, or of what they count for together."""
        if self.together == 1:
            return [None] * len(self)
        if self._rows.weight is None:
            return [size / rows for step in self._steps(self.sizes) for rows in [sum(step)] for size in step]
        weights = self._rows.weight.index_select(0, order).split(self.sizes)
        counted = torch.stack([weight.sum() for weight in weights]).to(self._device)
        least = torch.finfo(counted.dtype).tiny  # where no row of a step counts
        return [each for step in self._steps(counted) for each in step / step.sum().clamp(min=least)]

    def _steps(self, batches: Any) -> Iterator[Any]:
        """What there is one of for each batch, cut into steps."""
        return (batches[start : start + self.together] for start in range(0, len(self), self.together))

    def _weights(self, places: Tensor, sizes: list[int]) -> Iterable[Tensor | None]:
        if self._rows.weight is None:
            return [None] * len(sizes)
        weights: tuple[Tensor, ...] = self._rows.weight.index_select(0, places).to(self._device).split(sizes)
        return weights
