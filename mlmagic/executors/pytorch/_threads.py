"""How many threads a network is worth.

Most networks for tables are so small that a second thread only waits: a rule of size gives them one, the same one every
time. A large network is timed, since more threads than free cores can make it many times slower than one.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterator

# Below this, handing the work to a second thread takes longer than the work; on a busy machine much longer.
WORTH_A_THREAD = 50e6
# More threads must save so much, and finding out may take about so many seconds.
WORTHWHILE, BUDGET = 0.8, 1.0


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


def faster(module: nn.Module, inputs: Tensor, number: int) -> int:
    """Give ``number`` if so many threads train on a batch clearly faster than one does, else 1.

    Parameters
    ----------
    module
        It is copied: what a step changes in it stays there.
    inputs
        A batch.
    """
    if number == 1:
        return 1
    copied, state = copy.deepcopy(module).train(), torch.get_rng_state()
    seconds: dict[int, list[float]] = {1: [], number: []}
    began = perf_counter()
    try:
        while len(seconds[1]) < 4 and (not seconds[1] or perf_counter() - began < BUDGET):
            for count, times in seconds.items():
                with threads(count):
                    times.append(_step(copied, inputs))
    finally:
        torch.set_rng_state(state)
    # The first step of each also pays for starting the threads.
    one, many = (median(times[1:] or times) for times in seconds.values())
    return number if many < WORTHWHILE * one else 1


def _step(module: nn.Module, inputs: Tensor) -> float:
    began = perf_counter()
    module(inputs).sum().backward()
    return perf_counter() - began


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Use so many threads inside the block; the setting is the process's."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
