"""A function of the notebook as an objective of CatBoost's, in the form that XGBoost and LightGBM take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from catboost.core import CatBoostError

from mlmagic._failure import user_frames
from mlmagic.executors._boosting._derivatives import derivatives

if TYPE_CHECKING:
    from collections.abc import Callable

_TAKES = (
    "CatBoost takes the name of a loss, a function f(y_true, y_pred) that gives the gradient and the hessian of each "
    "row, or an object with calc_ders_range, for more than two labels with calc_ders_multi"
)


def taken(loss: Any, classes: int) -> Any:
    """An objective as CatBoost takes it.

    Parameters
    ----------
    loss
        The hyperparameter; None where it is not given.
    classes
        How many labels a classifier learns; 0 for none.

    Raises
    ------
    CatBoostError
        If it is nothing of the kind.
    """
    if loss is None or isinstance(loss, str):
        return loss
    method = "calc_ders_multi" if classes > 2 else "calc_ders_range"
    if callable(getattr(loss, method, None)):
        return loss
    name = getattr(loss, "__name__", type(loss).__name__)
    if not callable(loss) or classes > 2:
        raise CatBoostError(f"{name} has no {method}: {_TAKES}")
    return Derivatives(loss)


def raise_what_was_raised(loss: Any) -> None:
    """Raise what a function of the notebook raised, in place of CatBoost's text of it."""
    if isinstance(loss, Derivatives) and loss.raised is not None:
        raise loss.raised


class Derivatives:
    """What CatBoost asks of an objective: the derivatives of what is to grow, the loss with its sign changed.

    Parameters
    ----------
    function
        ``f(y_true, y_pred)`` of numbers or codes of two labels, and of what the trees add up to, shapes (n,). It gives
        the first and the second derivative of the loss of each row, shapes (n,). CatBoost asks for some rows at a time.

    Attributes
    ----------
    raised
        What the function raised, which CatBoost would make a text of.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.raised: Exception | None = None

    def __deepcopy__(self, memo: Any) -> Derivatives:
        """Itself: CatBoost copies its parameters, and what is raised shall come back here."""
        return self

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> list[tuple[float, float]]:
        """See CatBoost."""
        try:
            return self._derivatives(np.asarray(approxes), np.asarray(targets), weights)
        except Exception as error:
            self.raised = (
                CatBoostError(str(error)) if isinstance(error, ValueError) and not user_frames(error) else error
            )
            raise

    def _derivatives(self, approxes: np.ndarray, targets: np.ndarray, weights: Any) -> list[tuple[float, float]]:
        first, second = derivatives(self.function, targets, approxes)
        by = -1.0 if weights is None else -np.asarray(weights)
        return list(zip((first * by).tolist(), (second * by).tolist(), strict=True))
