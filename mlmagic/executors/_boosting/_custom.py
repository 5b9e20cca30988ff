"""A metric that is a function of the notebook."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np


class CustomMetric:
    """A metric of the user's own.

    Parameters
    ----------
    function
        ``f(y_true, y_pred)``, or with ``sample_weight`` or ``weight`` as well; ``y_true`` are numbers or codes of
        classes, ``y_pred`` predictions or probabilities. It gives a number, or (name, number, is_higher_better). A
        number is better the lower it is, unless the function's name ends in ``_score``, as in scikit-learn.
    taken
        Names that other metrics have.

    Attributes
    ----------
    higher
        Whether more is better.
    told
        What it calls itself, once it was called; None where it does not say. The history has the function's name: a
        config may ask early stopping to watch it before anything was called.
    """

    def __init__(self, function: Callable[..., Any], taken: Iterable[str] = ()) -> None:
        self._function = function
        name = getattr(function, "__name__", type(function).__name__)
        name = name if name.isidentifier() and name != "loss" else "custom"
        self.__name__ = f"{name}_" if name in taken else name
        self.higher = self.__name__.endswith("_score")
        self.told: str | None = None
        self._weighs = _weight_argument(function)

    def __call__(self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
        """Measure. What the function says of its direction is known afterwards."""
        keys = {self._weighs: sample_weight} if self._weighs and sample_weight is not None else {}
        given = self._function(y_true, y_pred, **keys)
        if isinstance(given, tuple):
            told, given, higher = given
            self.told, self.higher = str(told), bool(higher)
        return float(given)

    @property
    def remark(self) -> str | None:
        """What to say of a metric that calls itself otherwise than the history does."""
        if self.told in (None, self.__name__):
            return None
        return (
            f"The metric {self.told!r} is {self.__name__} in the history, after its function: rename that to change it"
        )

    def measured(
        self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> list[tuple[str, float, bool]]:
        """Its name, its value, and whether more is better."""
        value = self(y_true, y_pred, sample_weight)
        return [(self.__name__, value, self.higher)]


def _weight_argument(function: Callable[..., Any]) -> str | None:
    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a builtin that does not say
        return None
    return next((name for name in ("sample_weight", "weight") if name in names), None)
