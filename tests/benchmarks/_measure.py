"""What the benchmarks share: figures side by side in one table, and code timed in a real kernel."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tests.kernel._kernel import Kernel

# The goals are for an idle machine. One that others use too moves a median of ratios by so much; what misses its goal
# by more has become slower.
SLACK = 1.25


@dataclass(frozen=True)
class Figure:
    """One measured figure, the one it is compared with, and the goal."""

    subject: str
    what: str
    measured: float
    reference: float
    beside: str
    unit: str
    goal: str
    load: float

    @property
    def ratio(self) -> float:
        return self.measured / self.reference if self.reference else math.nan


FIGURES: list[Figure] = []


def note(
    subject: str, what: str, measured: float, reference: float, beside: str, goal: str = "", unit: str = "s"
) -> float:
    """Keep a figure for the table; gives its ratio to the reference."""
    figure = Figure(subject, what, measured, reference, beside, unit, goal, os.getloadavg()[0])
    FIGURES.append(figure)
    return figure.ratio


def table() -> list[str]:
    """The lines of the table, columns as wide as they need to be."""
    head = ("subject", "what", "measured", "beside it", "", "ratio", "goal", "load")
    rows = [
        (
            item.subject,
            item.what,
            shown(item.measured, item.unit),
            shown(item.reference, item.unit),
            item.beside,
            f"{item.ratio:.3g}",
            item.goal,
            f"{item.load:.1f}",
        )
        for item in FIGURES
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in (head, *rows)]


def shown(value: float, unit: str) -> str:
    """A value for people: seconds below one in milliseconds, bytes in thousands."""
    if math.isnan(value):
        return "-"
    if unit == "s":
        return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
    if unit == "B":
        return f"{value / 1000:,.0f} kB"
    return f"{value:.3g} {unit}".rstrip()


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def turns(rounds: int, *works: Callable[[], float]) -> list[list[float]]:
    """What each of the ``works`` gives, called in turn, so that a busy machine slows all of them alike."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for values, work in zip(found, works, strict=True):
            values.append(work())
    return found


def median_ratio(measured: Sequence[float], reference: Sequence[float]) -> float:
    """The median of the ratios of each round."""
    return statistics.median(one / other for one, other in zip(measured, reference, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many of them lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def answer(kernel: Kernel, code: str) -> float:
    """Seconds from sending a cell to its reply. What comes after the reply is the next cell's to bear."""
    began = time.monotonic()
    msg_id = kernel.send(code)
    kernel.wait(lambda: kernel.answered(msg_id), 120, code)
    seconds: float = kernel._replies[msg_id]["received"] - began
    result = kernel.result(msg_id)
    assert result.status == "ok", result.error
    return seconds


TELLS_PEAK, WHY = Path("/proc/self/status").exists(), "only Linux tells the peak of a process"


def peak(pid: int | str) -> int:
    """The most memory that a process took, in bytes. What ``getrusage`` tells holds what its parent took before."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def told(kernel: Kernel, code: str, timeout: float = 300) -> list[float]:
    """Numbers that a cell prints, one a line."""
    result = kernel.run(code, timeout=timeout)
    assert result.status == "ok", result.error
    return [float(line) for line in result.stdout.split()]


def rows(number: int, columns: int = 10) -> pd.DataFrame:
    """A table that a forest or a network learns something from."""
    import numpy as np

    X = np.random.default_rng(0).normal(size=(number, columns))
    frame = pd.DataFrame(X, columns=[f"x{column}" for column in range(columns)])
    frame["y"] = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
    return frame


# The same table, for a cell of a kernel.
ROWS = """
import numpy as np, pandas as pd
def rows(number, columns=10):
    X = np.random.default_rng(0).normal(size=(number, columns))
    frame = pd.DataFrame(X, columns=[f"x{column}" for column in range(columns)])
    frame["y"] = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
    return frame
"""
