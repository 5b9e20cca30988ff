"""Predictions for the rows that a run has trained on, and for those that it kept for the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from mlmagic.actions import Context
from mlmagic.actions._blocks import Sizes
from mlmagic.events import Log, Plan, Progress
from mlmagic.executors._base import Predictions

if TYPE_CHECKING:
    from mlmagic.data import Rows, TrainingData

Predict: TypeAlias = "Callable[[Rows], Predictions]"


def own_rows(predict: Predict, data: TrainingData, context: Context) -> dict[str, Predictions]:
    """Predict the training rows and the test rows.

    Images, texts and windows, which take long, go block by block with progress told; a stop meanwhile leaves the
    training rows out, since the test tells what the model is worth.
    """
    slow = not _is_table(data.train)
    rows = [part for part in (data.test, data.train) if part is not None]
    # Of no unit: the curves are over that of the training.
    context.emit(Plan("evaluating", total=sum(map(len, rows)) if slow else None))
    if not slow:
        found = {"train": predict(data.train)}
        return found if data.test is None else found | {"test": predict(data.test)}
    tested = None if data.test is None else _in_blocks(predict, data.test, context)
    trained = _in_blocks(predict, data.train, context, len(data.test or ()), heeds_stop=True)
    if trained is None:
        context.emit(Log("Stopped before the training rows were measured: they have no scores", "warning"))
    return {name: part for name, part in (("train", trained), ("test", tested)) if part is not None}


def _is_table(rows: Rows) -> bool:
    return rows.X.shape[1] > 1 or rows.X.dtypes.iloc[0].kind in "biuf"


def _in_blocks(
    predict: Predict, rows: Rows, context: Context, before: int = 0, *, heeds_stop: bool = False
) -> Predictions | None:
    """Predictions of all rows; None if a stop came before the last block, where that matters.

    Parameters
    ----------
    before
        Rows that were predicted already, for the progress.
    """
    from mlmagic.data import row_cells

    found: list[Predictions] = []
    sizes, done = Sizes(row_cells(rows.X, list(rows.X.columns))), 0
    while done < len(rows):
        if found and heeds_stop and context.stop.is_set():
            return None
        block = replace(rows, X=rows.X.iloc[done : done + sizes.now], y=None, weight=None, group=None)
        began = perf_counter()
        found.append(predict(block))
        sizes.took(len(block), perf_counter() - began)
        done += len(block)
        context.emit(Progress(before + done))
    return _together(found)


def _together(found: list[Predictions]) -> Predictions:
    import numpy as np

    values = np.concatenate([given.values for given in found])
    shares = [given.probabilities for given in found if given.probabilities is not None]
    decisions = [given.decision for given in found if given.decision is not None]
    probabilities, decision = (np.concatenate(part) if part else None for part in (shares, decisions))
    return Predictions(values, probabilities, found[-1].metadata, decision)
