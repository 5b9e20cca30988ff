"""The inputs of one training: opened once, with progress told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlmagic.data import wordless
from mlmagic.events import Emit, Log, Metadata, Plan, Progress
from mlmagic.executors._networks._images import looked
from mlmagic.executors._networks._streamed import Table
from mlmagic.executors._networks._text import TextInputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._base import Stop
    from mlmagic.executors._networks._inputs import Inputs
    from mlmagic.executors._networks._streamed import Streamed


@dataclass(frozen=True)
class Opened:
    """Inputs of the training rows, of the validation rows if there are some, and of a few rows, finished."""

    train: np.ndarray | Streamed
    validation: np.ndarray | Streamed | None
    first: np.ndarray

    @classmethod
    def of(cls, inputs: Inputs, data: TrainingData, emit: Emit, stop: Stop) -> Opened:
        """Open them.

        Raises
        ------
        DataLoadingError
            With the images that are none, those of the test rows too.
        Cancelled
            If somebody asked to stop meanwhile.
        """
        if inputs.remark is not None:
            emit(Log(inputs.remark))
        if isinstance(inputs, TextInputs) and (said := wordless(data.train.X.iloc[:, 0], "training texts")):
            emit(Log(said, "warning"))
        train = _open(inputs, data.train, emit, stop)
        validation = _open(inputs, data.validation, emit, stop) if data.validation else None
        if inputs.scale is None and isinstance(train, np.ndarray):
            return cls(train, validation, train)
        if inputs.scale is not None:
            for rows, opened in ((data.train, train), (data.validation, validation), (data.test, None)):
                if rows and not isinstance(opened, np.ndarray):  # they are decoded in the training, or after it
                    _check(rows, emit, stop)
        if inputs.scale is not None or isinstance(train, Table):
            emit(Metadata({"streamed": not isinstance(train, np.ndarray)}))
        return cls(train, validation, inputs.first(data.train))


def _open(inputs: Inputs, rows: Rows, emit: Emit, stop: Stop) -> np.ndarray | Streamed:
    if inputs.work is not None:
        emit(Plan(*inputs.work, len(rows)))
    return inputs.open(rows, _told(emit, stop))


def _check(rows: Rows, emit: Emit, stop: Stop) -> None:
    """An image that is none is found now, not when all is trained."""
    emit(Plan("checking", "image", len(rows)))
    looked(rows, _told(emit, stop))


def _told(emit: Emit, stop: Stop) -> Callable[[int], bool]:
    def going_on(done: int) -> bool:
        emit(Progress(done))
        return not stop.is_set()

    return going_on
