"""Predictions that metrics are measured of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.executors._base import Decides

if TYPE_CHECKING:
    from mlmagic.data import Rows
    from mlmagic.executors._base import Executor, Outcome, Predictions


def predict_decided(executor: Executor, outcome: Outcome, rows: Rows, *, asked: bool) -> Predictions:
    """Predict raw rows; with decision values where metrics look at them, even if that takes another pass.

    Parameters
    ----------
    asked
        Whether a metric that was asked for looks at decision values. The usual ones of more than two classes do not,
        and those of two classes only look at the order of the rows, which probabilities may tell as well.
    """
    given = executor.predict(outcome, rows)
    if given.decision is not None or not isinstance(executor, Decides):
        return given
    if not asked and (_several(outcome) or (given.probabilities is not None and executor.orders_alike(outcome))):
        return given
    return replace(given, decision=executor.decision(outcome, rows))


def _several(outcome: Outcome) -> bool:
    return outcome.classes is not None and len(outcome.classes) > 2
