"""The tutorials as a reader runs them: opened in Lab, all cells at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser._lab import Lab

TUTORIALS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_run_all_cells(lab: Lab, path: Path) -> None:
    """Runs go on behind a cell that does not wait, so the next one must not need what they have not given yet."""
    shutil.copy(path, lab.server.root)
    lab.open(name=path.name)
    lab.run_all()
    lab.save()
    cells = [cell for cell in lab.read().cells if cell.cell_type == "code"]
    errors = [
        output.traceback
        for cell in cells
        for output in cell.outputs
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", ())
    ]
    assert not errors
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
