"""Predictions that metrics are measured of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.executors._base import Decides

if TYPE_CHECKING:
    from mlmagic.data import Rows
    from mlmagic.executors._base import Executor, Outcome, Predictions


def predict_decided(executor: Executor, outcome: Outcome, rows: Rows, *, asked: bool) -> Predictions:
    """Predict raw rows; where there are no probabilities with decision values, even if that takes another pass.

    Parameters
    ----------
    asked
        Whether metrics were asked for by name: of more than two classes no others look at decision values.
    """
    given = executor.predict(outcome, rows)
    if given.probabilities is not None or given.decision is not None or not isinstance(executor, Decides):
        return given
    several = outcome.classes is not None and len(outcome.classes) > 2
    return given if several and not asked else replace(given, decision=executor.decision(outcome, rows))
