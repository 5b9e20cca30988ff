"""What labels need of a network's outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic._suggest import listed

if TYPE_CHECKING:
    from mlmagic.config._reference import Reference
    from mlmagic.data import Task, TrainingData

# Rows that a network is tried on; batch normalisation needs more than one.
ROWS = 4


@dataclass(frozen=True)
class Need:
    """What the labels need of the outputs: ``outputs`` a row, or a single one if ``one`` says so.

    Attributes
    ----------
    absent
        Labels of other rows than those that train.
    """

    task: Task
    outputs: int
    one: bool
    absent: tuple[str, ...] = ()

    def __str__(self) -> str:
        single = "(rows,) or (rows, 1)"
        if self.task == "regression":
            return f"a number needs {single}"
        but = f" (no training row has {listed(map(repr, self.absent))})" if self.absent else ""
        return f"{self.outputs} classes{but} need (rows, {self.outputs})" + (f", {single}" if self.one else "")

    def width(self, shape: tuple[int, ...], rows: int) -> int | None:
        """Outputs a row, if that is what the labels need; else None."""
        if self.one and shape in ((rows,), (rows, 1)):
            return 1
        return self.outputs if shape == (rows, self.outputs) and self.outputs > 1 else None


def need(data: TrainingData, wanted: str | Reference | None) -> Need:
    """What the labels of the training rows and the config's ``lossFunction`` need."""
    if data.classes is None:
        return Need(data.task, 1, one=True)
    count, absent = len(data.classes), tuple(data.metadata.get("unlearnedLabels", ()))
    return Need(data.task, count, one=count == 2 and wanted != "cross_entropy", absent=absent)
