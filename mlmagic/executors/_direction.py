"""Which way what early stopping watches gets better, in every framework alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.evaluation import Asked, better_higher

if TYPE_CHECKING:
    from mlmagic.config._early_stopping import EarlyStopping


def direction(early: EarlyStopping, item: Asked | None) -> bool | None:
    """Whether more of it is better, by ``mode`` or by a function's name; None where the metric itself tells.

    Parameters
    ----------
    item
        The metric, where the config asks for it.

    Raises
    ------
    InvalidConfiguration
        If it is a function whose name does not tell.
    """
    if early.mode is not None:
        return early.mode == "max"
    if item is None or isinstance(item, str):
        return None
    higher = better_higher(item)
    if higher is None:
        message = f"${item[0]} does not tell by its name whether more of it is better: add `mode: max` or `mode: min`"
        raise InvalidConfiguration([Fault("config.earlyStopping.metric", message, value=early.metric)])
    return higher
