"""Predictions for the rows that a run has trained on, and for those that it kept to validate and to test."""

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


def own_rows(
    predict: Predict, data: TrainingData, context: Context, *, validate: bool = False
) -> dict[str, Predictions]:
    """Predict the training rows and the test rows.

    Images, texts and windows, which take long, go block by block with progress told; a stop meanwhile leaves the
    training rows out, since the test tells what the model is worth.

    Parameters
    ----------
    validate
        Whether the validation rows are predicted too: where training had no use for them, nobody else looks at them.
    """
    held_out = {"validation": data.validation if validate else None, "test": data.test}
    held = {name: rows for name, rows in held_out.items() if rows is not None}
    slow = not _is_table(data.train)
    # Of no unit: the curves are over that of the training.
    context.emit(Plan("evaluating", total=sum(map(len, (*held.values(), data.train))) if slow else None))
    if not slow:
        return {name: predict(rows) for name, rows in ({"train": data.train} | held).items()}
    found: dict[str, Predictions] = {}
    done = 0
    for name, rows in held.items():
        found |= _named(name, _in_blocks(predict, rows, context, done))
        done += len(rows)
    trained = _named("train", _in_blocks(predict, data.train, context, done, heeds_stop=True))
    if not trained:
        context.emit(Log("Stopped before the training rows were measured: they have no scores", "warning"))
    return trained | found


def _named(name: str, given: Predictions | None) -> dict[str, Predictions]:
    return {} if given is None else {name: given}


def _is_table(rows: Rows) -> bool:
    return rows.X.shape[1] > 1 or rows.X.dtypes.iloc[0].kind in "biuf"


def _in_blocks(
    predict: Predict, rows: Rows, context: Context, before: int, *, heeds_stop: bool = False
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
