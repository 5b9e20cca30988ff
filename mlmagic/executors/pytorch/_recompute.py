"""Gradient checkpointing: blocks of a network keep their inputs only and compute the rest again on the way back.

Costs a second forward pass; memory for what lies between layers falls to that of one block, by Chen et al. (2016),
"Training Deep Nets with Sublinear Memory Cost".
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from functools import partial
from math import isqrt
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.utils.checkpoint import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager


@contextmanager
def recomputing(module: nn.Module, wanted: bool) -> Iterator[None]:
    """Inside the block the network computes its inner values again where it needs them; outside it is as it was."""
    changed = _spare(module) if wanted else []
    try:
        yield
    finally:
        for part in changed:
            del part.forward


def _spare(module: nn.Module) -> list[nn.Module]:
    """Change the forward of the blocks of a network; give those changed."""
    if isinstance(module, nn.Sequential) and _is_flat(module):
        module.forward = partial(_in_segments, module)
        return [module]
    if isinstance(module, (nn.Sequential, nn.ModuleList)):
        return [_spare_block(child) for child in module if list(child.children())]
    return [part for child in module.children() for part in _spare(child)]


def _is_flat(module: nn.Sequential) -> bool:
    return not any(list(child.children()) for child in module)


def _spare_block(block: nn.Module) -> nn.Module:
    plain = block.forward
    block.forward = partial(_again, block, plain)
    return block


def _in_segments(module: nn.Sequential, inputs: Any) -> Any:
    """Of n layers about the root of n are kept; the last segment is needed at once and runs as it is."""
    layers = list(module)
    size = max(1, isqrt(len(layers)))
    segments = [nn.Sequential(*layers[start : start + size]) for start in range(0, len(layers), size)]
    for segment in segments[:-1]:
        inputs = _again(segment, segment.forward, inputs)
    return segments[-1](inputs) if segments else inputs


def _again(block: nn.Module, plain: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if not (block.training and torch.is_grad_enabled()):
        return plain(*args, **kwargs)
    return checkpoint(plain, *args, use_reentrant=False, context_fn=partial(_contexts, block), **kwargs)


def _contexts(block: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), _unmoved([part for part in block.modules() if isinstance(part, _NormBase)])


@contextmanager
def _unmoved(parts: Sequence[nn.Module]) -> Iterator[None]:
    """Running means and variances have seen the batch already: the second pass leaves them as they are."""
    before = [[buffer.clone() for buffer in part.buffers()] for part in parts]
    try:
        yield
    finally:
        with torch.no_grad():
            for part, values in zip(parts, before, strict=True):
                for buffer, value in zip(part.buffers(), values, strict=True):
                    buffer.copy_(value)
