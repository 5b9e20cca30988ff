"""Scores of an epoch, from the outputs that training and validation see anyway."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor


class Tally(Protocol):
    """Adds outputs up and gives scores; sums stay on the device until they are asked for."""

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Take a block of rows."""
        ...

    def scores(self) -> dict[str, float]:
        """Scores of all rows so far, by the names that ``mlmagic.evaluation.scores`` gives them."""
        ...


def chosen(outputs: Tensor) -> Tensor:
    """The most probable class of each row, shape (n,), of outputs of shape (n, classes), or (n,) or (n, 1) logits."""
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return outputs.argmax(dim=1)
    return (outputs.reshape(-1) > 0).long()


class Accuracy:
    """The share of rows whose class is the most probable one."""

    def __init__(self) -> None:
        self._rows = 0
        self._right: Tensor | int = 0

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Take outputs as in :func:`chosen` and classes, shape (n,)."""
        self._right = self._right + (chosen(outputs) == target).sum()
        self._rows += len(target)

    def scores(self) -> dict[str, float]:
        """Accuracy."""
        return {"accuracy": int(self._right) / self._rows}


class Confusion:
    """Accuracy and F1: of the second of two classes, else weighted by how many rows each class has."""

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._counts = torch.zeros(classes * classes, dtype=torch.int64)

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Take outputs as in :func:`chosen` and classes, shape (n,)."""
        cells = target.long() * self._classes + chosen(outputs)
        counts = torch.bincount(cells, minlength=self._classes**2)
        self._counts = self._counts.to(counts.device) + counts

    def scores(self) -> dict[str, float]:
        """Accuracy and F1."""
        counts = self._counts.cpu().double().reshape(self._classes, self._classes)
        right, truth = counts.diag(), counts.sum(dim=1)
        f1 = 2 * right / (truth + counts.sum(dim=0)).clamp(min=1)
        mean = f1[1] if self._classes == 2 else (f1 * truth).sum() / truth.sum()
        return {"accuracy": float(right.sum() / truth.sum()), "f1": float(mean)}


class Errors:
    """How far predictions are off.

    Parameters
    ----------
    spread
        What an error of 1 is in the target's own units.
    """

    def __init__(self, spread: float) -> None:
        self._spread = spread
        self._rows = 0
        self._sums = torch.zeros(4, dtype=torch.float64)

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Take outputs of n numbers and target, shape (n,)."""
        y = target.double()
        error = outputs.reshape(-1).double() - y
        sums = torch.stack([error.abs().sum(), (error**2).sum(), y.sum(), (y**2).sum()])
        self._sums = self._sums.to(sums.device) + sums
        self._rows += len(target)

    def scores(self) -> dict[str, float]:
        """R², root mean squared error and mean absolute error; R² is NaN where all true values are equal."""
        absolute, squared, total, square = self._sums.tolist()
        variation = square - total**2 / self._rows
        return {
            "r2": 1 - squared / variation if variation > 1e-12 * square else math.nan,
            "rmse": math.sqrt(squared / self._rows) * self._spread,
            "mae": absolute / self._rows * self._spread,
        }
