"""From rows to tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic.executors._networks import _inputs

if TYPE_CHECKING:
    from mlmagic.data import Rows


def matrix(preparation: Any, rows: Rows) -> Tensor:
    """Give the inputs, shape (n, columns), float32.

    Raises
    ------
    DataLoadingError
        If a value is no finite number; names the columns.
    """
    return torch.from_numpy(_inputs.matrix(preparation, rows))


def dtype_of(module: nn.Module) -> torch.dtype:
    """Tell what floating numbers a network computes with."""
    kinds = (parameter.dtype for parameter in module.parameters() if parameter.is_floating_point())
    return next(kinds, torch.float32)
