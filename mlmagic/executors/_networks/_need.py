"""What labels need of a network's outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.config._reference import Reference
    from mlmagic.data import Task

# Rows that a network is tried on; batch normalisation needs more than one.
ROWS = 4


@dataclass(frozen=True)
class Need:
    """What the labels need of the outputs: ``outputs`` a row, or a single one if ``one`` says so."""

    task: Task
    outputs: int
    one: bool

    def __str__(self) -> str:
        single = "(rows,) or (rows, 1)"
        if self.task == "regression":
            return f"a number needs {single}"
        return f"{self.outputs} classes need (rows, {self.outputs})" + (f", {single}" if self.one else "")

    def width(self, shape: tuple[int, ...], rows: int) -> int | None:
        """Outputs a row, if that is what the labels need; else None."""
        if self.one and shape in ((rows,), (rows, 1)):
            return 1
        return self.outputs if shape == (rows, self.outputs) and self.outputs > 1 else None


def need(task: Task, classes: int, wanted: str | Reference | None) -> Need:
    """What ``classes`` labels and the config's ``lossFunction`` need."""
    if task == "regression":
        return Need(task, 1, one=True)
    return Need(task, classes, one=classes == 2 and wanted != "cross_entropy")
