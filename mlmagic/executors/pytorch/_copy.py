"""A copy of a network that the notebook holds, so that the user's own is never changed."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn


def snapshot(value: Any, *, fitted: bool) -> Any:
    """A network (or a loss that is one) with its weights, fitted or not; all else, tensors above all, as it is."""
    return copy.deepcopy(value) if isinstance(value, nn.Module) else value
