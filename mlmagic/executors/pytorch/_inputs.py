"""Inputs as tensors, and what is done to a batch of them on the device."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from mlmagic.executors._networks._inputs import Inputs


def dtype_of(module: nn.Module) -> torch.dtype:
    """Tell what floating numbers a network computes with."""
    kinds = (parameter.dtype for parameter in module.parameters() if parameter.is_floating_point())
    return next(kinds, torch.float32)


def tensor(values: np.ndarray, kind: torch.dtype) -> Tensor:
    """A tensor of the network's numbers; whole numbers stay: a batch of them is finished when it comes."""
    found = torch.from_numpy(values)
    return found.to(kind) if found.is_floating_point() else found


def _in(kind: torch.dtype, batch: Tensor) -> Tensor:
    return batch.to(kind) if batch.is_floating_point() else batch


def taken(inputs: Tensor, module: nn.Module) -> Tensor:
    """Inputs as a network takes them: in its own floating numbers; token ids are whole numbers and stay."""
    return inputs.to(dtype_of(module)) if inputs.is_floating_point() else inputs


def finish(inputs: Inputs, kind: torch.dtype, device: torch.device) -> Callable[[Tensor], Tensor] | None:
    """What makes a network's numbers of a batch that is on the device; None where it has them."""
    if inputs.scale is None:
        return None if kind == torch.float32 else partial(_in, kind)
    factor, offset = (
        torch.from_numpy(part).to(device, kind).reshape(-1, 1, 1) for part in (inputs.scale.factor, inputs.scale.offset)
    )
    return lambda batch: torch.addcmul(offset, batch.to(kind), factor)
