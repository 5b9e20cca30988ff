"""How soon a cell returns that starts a run: the first one of a kernel, and later ones."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.benchmarks._measure import ROWS, answer, note, told
from tests.kernel._kernel import Kernel

KERNELS, LATER = 3, 5
CELLS = {
    "sklearn": "framework: sklearn\nalgorithm: RandomForestClassifier\ndata: $df\nhyperparameters: {n_estimators: 20}",
    "pytorch": "framework: pytorch\narchitecture: mlp\ndata: $df\nepochs: 3",
}
# On an idle machine a `pass` cell takes 5 to 7 ms: the goals are about 50 and 16 of them.
FIRST_LIMIT, LATER_LIMIT = 200, 60


@pytest.mark.parametrize("framework", CELLS)
def test_a_cell_returns_at_once(framework: str, tmp_path: Path) -> None:
    nothing, first, later = [], [], []
    for number in range(KERNELS):
        directory = tmp_path / str(number)
        directory.mkdir()
        kernel = Kernel(directory)
        try:
            told(kernel, ROWS + "df = rows(500)")
            answer(kernel, "%load_ext mlmagic")
            told(kernel, "import time; time.sleep(0.5)")  # nobody writes the first cell in no time
            nothing += [answer(kernel, "pass") for _ in range(20)]
            first.append(answer(kernel, f"%%mltrain r\n{CELLS[framework]}"))
            answer(kernel, "r.wait()")
            for _ in range(LATER):
                later.append(answer(kernel, f"%%mltrain r\n{CELLS[framework]}"))
                answer(kernel, "r.wait()")
        finally:
            kernel.close()
    reference = statistics.median(nothing)
    one = note("cell", f"{framework}, the first one", statistics.median(first), reference, "pass", "< 300 ms")
    many = note("cell", f"{framework}, later ones", statistics.median(later), reference, "pass", "< 100 ms")
    assert one < FIRST_LIMIT
    assert many < LATER_LIMIT
