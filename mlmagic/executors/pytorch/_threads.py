"""How many threads a network is worth.

A rule of size and not a measurement: sums over other numbers of threads differ in the last bit, so a choice by timing
would break the promise that a seed repeats a run.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterator

# Below this, handing the work to a second thread takes longer than the work; on a busy machine much longer.
WORTH_A_THREAD = 50e6


def threads_for(multiplications: int, available: int) -> int:
    """Threads for a step whose forward pass takes so many multiplications."""
    return max(1, min(available, int(multiplications / WORTH_A_THREAD)))


def multiplications(module: nn.Module, inputs: Tensor, rows: int) -> int:
    """What linear and convolutional layers multiply in the forward pass of a batch of ``rows`` rows.

    Parameters
    ----------
    inputs
        A few rows, on which the network is called.
    """
    counts: list[int] = []

    def count(layer: Any, _: Any, outputs: Any) -> None:
        if isinstance(outputs, Tensor) and layer.weight.ndim > 1:
            counts.append(layer.weight.numel() * outputs.numel() // layer.weight.shape[0])

    # What else has a matrix of weights looks rows up in it.
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Linear | nn.modules.conv._ConvNd)]
    handles = [layer.register_forward_hook(count) for layer in layers]
    try:
        module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return sum(counts) * rows // len(inputs)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Use so many threads inside the block; the setting is the process's."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
