"""The scale of a regression's target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of the training rows' target."""

    mean: float
    spread: float

    @classmethod
    def of(cls, y: np.ndarray) -> Self:
        """From the target, shape (n,); a constant one has spread 1."""
        return cls(float(y.mean()), float(y.std()) or 1.0)
