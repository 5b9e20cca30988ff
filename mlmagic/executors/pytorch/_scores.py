"""Scores of an epoch, from the outputs that training and validation see anyway."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Tally(Protocol):
    """Adds outputs up and gives scores; sums stay on the device until they are asked for."""

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Take a block of rows."""
        ...

    def scores(self) -> dict[str, float]:
        """Scores of all rows so far, by the names that ``mlmagic.evaluation.scores`` gives them."""
        ...


def chosen(outputs: Tensor, border: float) -> Tensor:
    """The most probable class of each row, shape (n,), of outputs of shape (n, classes), or (n,) or (n, 1).

    One output a row says the second of two classes above the border.
    """
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return outputs.argmax(dim=1)
    return (outputs.reshape(-1) > border).long()


class Accuracy:
    """The share of rows whose class is the most probable one; ``border`` as in :func:`chosen`."""

    def __init__(self, border: float) -> None:
        self._border = border
        self._rows = 0
        self._right: Tensor | int = 0

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Take outputs as in :func:`chosen` and classes, shape (n,)."""
        self._right = self._right + (chosen(outputs, self._border) == target).sum()
        self._rows += len(target)

    def scores(self) -> dict[str, float]:
        """Accuracy."""
        return {"accuracy": int(self._right) / self._rows}


class Confusion:
    """Accuracy, precision, recall and F1: of the second of two classes, else weighted by the rows of each class.

    Parameters
    ----------
    classes
        How many.
    names
        Which of the four.
    border
        As in :func:`chosen`.
    """

    def __init__(self, classes: int, names: Sequence[str], border: float) -> None:
        self._border = border
        self._classes = classes
        self._names = names
        self._counts = torch.zeros(classes * classes, dtype=torch.int64)

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Take outputs as in :func:`chosen` and classes, shape (n,)."""
        cells = target.long() * self._classes + chosen(outputs, self._border)
        counts = torch.bincount(cells, minlength=self._classes**2)
        self._counts = self._counts.to(counts.device) + counts

    def scores(self) -> dict[str, float]:
        """Those that were asked for."""
        counts = self._counts.cpu().double().reshape(self._classes, self._classes)
        right, truth, chosen = counts.diag(), counts.sum(dim=1), counts.sum(dim=0)
        shares = {"precision": chosen, "recall": truth, "f1": (truth + chosen) / 2}
        found = {"accuracy": float(right.sum() / truth.sum())}
        for name in self._names:
            if name in shares:
                each = right / shares[name].clamp(min=0.5)
                found[name] = float(each[1] if self._classes == 2 else (each * truth).sum() / truth.sum())
        return found


class Errors:
    """How far predictions are off.

    Parameters
    ----------
    spread
        What an error of 1 is in the target's own units.
    names
        Which of r2, rmse, mae and mse.
    """

    def __init__(self, spread: float, names: Sequence[str]) -> None:
        self._spread = spread
        self._names = names
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
        """Those that were asked for; R² is NaN where all true values are equal."""
        absolute, squared, total, square = self._sums.tolist()
        variation = square - total**2 / self._rows
        found = {
            "r2": 1 - squared / variation if variation > 1e-12 * square else math.nan,
            "rmse": math.sqrt(squared / self._rows) * self._spread,
            "mae": absolute / self._rows * self._spread,
            "mse": squared / self._rows * self._spread**2,
        }
        return {name: found[name] for name in self._names}


class Gathered:
    """What is measured on all outputs at once.

    Parameters
    ----------
    measure
        Gives metrics of all outputs, shape (n,), (n, 1) or (n, classes), in the order of the rows.
    """

    def __init__(self, measure: Callable[[Tensor], dict[str, float]]) -> None:
        self._measure = measure
        self._outputs: list[Tensor] = []

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Keep the outputs."""
        self._outputs.append(outputs.detach())

    def scores(self) -> dict[str, float]:
        """What was asked for."""
        return self._measure(torch.cat(self._outputs).cpu())


class Placed:
    """The same of rows in another order, in memory that is taken once; on the CPU.

    Parameters
    ----------
    measure
        As of :class:`Gathered`.
    order
        Gives the place of each row among all of them, shape (n,), in the order in which they come.
    """

    def __init__(self, measure: Callable[[Tensor], dict[str, float]], order: Callable[[], Tensor]) -> None:
        self._measure = measure
        self._order = order
        self._outputs: Tensor | None = None
        self._taken = 0

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Put the outputs where their rows are."""
        order, found = self._order(), outputs.detach().cpu()
        if self._outputs is None:
            self._outputs = found.new_empty((len(order), *found.shape[1:]))
        self._outputs[order[self._taken : self._taken + len(found)]] = found
        self._taken += len(found)

    def scores(self) -> dict[str, float]:
        """What was asked for."""
        assert self._outputs is not None
        return self._measure(self._outputs)


class Several:
    """The scores of several tallies."""

    def __init__(self, *tallies: Tally) -> None:
        self._tallies = tallies

    def add(self, outputs: Tensor, target: Tensor) -> None:
        """Give the rows to all of them."""
        for tally in self._tallies:
            tally.add(outputs, target)

    def scores(self) -> dict[str, float]:
        """Those of all of them."""
        return {name: value for tally in self._tallies for name, value in tally.scores().items()}
