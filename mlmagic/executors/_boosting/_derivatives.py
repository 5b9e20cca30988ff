"""What a function of the notebook that is an objective gives: the gradient and the hessian of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


class NoDerivatives(ValueError):
    """What a function gives is not a gradient and a hessian of each row."""


def derivatives(function: Callable[..., Any], targets: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, ...]:
    """The first and the second derivative of the loss, of the shape of ``numbers``.

    Parameters
    ----------
    targets
        Numbers or codes of labels, shape (n,).
    numbers
        What the trees add up to, shape (n,), or (n, classes) of more than two labels.

    Raises
    ------
    NoDerivatives
        If the function gives anything else.
    """
    given = function(targets, numbers)
    try:
        first, second = (np.asarray(part, dtype=np.float64) for part in given)
    except (TypeError, ValueError):
        first = second = np.empty(0)
    if not first.shape == second.shape == numbers.shape:
        name = getattr(function, "__name__", type(function).__name__)
        shapes = f"two arrays of shape {numbers.shape}"
        raise NoDerivatives(f"{name} must give {shapes}, the gradient and the hessian of each row")
    return first, second


def complaint(function: Callable[..., Any], rows: int, classes: int) -> str | None:
    """What is wrong with what a function gives for some rows; None where it is what it should be, or cannot be asked.

    Parameters
    ----------
    classes
        How many labels are told apart; 0 for numbers.
    """
    targets = np.arange(rows) % (classes or 2)
    try:
        derivatives(function, targets.astype(np.float64), np.zeros((rows, classes) if classes > 2 else rows))
    except NoDerivatives as error:
        return str(error)
    except Exception:  # what it raises itself the library has told
        return None
    return None
