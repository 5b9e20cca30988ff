"""Notebooks that nobody watches: progress is text in the log, and none of it stays in the notebook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

if TYPE_CHECKING:
    from tests.kernel._kernel import Kernel

ROOT = Path(__file__).parents[2]
DATA = "%load_ext mlmagic\nfrom sklearn.datasets import load_iris\ndf = load_iris(as_frame=True).frame"
BODY = (
    "# NBVAL_CHECK_OUTPUT\nframework: sklearn\nalgorithm: RandomForestClassifier\ndata: $df\ntarget: target\n"
    "hyperparameters: {n_estimators: 1500}\n"
)
FOREST = f"%%mltrain report\n{BODY}"
SANITIZED = ("--nbval-current-env", "--nbval-sanitize-with", str(ROOT / ".ci" / "nbval.cfg"))


def test_what_a_waiting_cell_tells_is_cleared_when_the_report_comes(fresh_kernel: Kernel) -> None:
    fresh_kernel.run(DATA)
    cell = fresh_kernel.run(FOREST, allow_stdin=False, timeout=90)
    assert "df: 150 rows" in cell.stdout
    assert "report: success" in cell.stdout
    kinds = [message["header"]["msg_type"] for message in cell.messages]
    assert kinds.index("stream") < kinds.index("clear_output") < kinds.index("display_data")
    assert "stream" not in kinds[kinds.index("clear_output") :]


def test_what_a_cell_printed_itself_is_never_cleared(fresh_kernel: Kernel) -> None:
    fresh_kernel.run(DATA)
    code = f"print('mine')\nget_ipython().run_cell_magic('mltrain', 'report', {BODY!r})"
    cell = fresh_kernel.run(code, allow_stdin=False, timeout=90)
    assert (cell.status, cell.stdout) == ("ok", "mine\n"), cell.error
    assert not any(message["header"]["msg_type"] == "clear_output" for message in cell.messages)


def test_a_quiet_cell_tells_nothing(fresh_kernel: Kernel) -> None:
    fresh_kernel.run(DATA)
    cell = fresh_kernel.run(FOREST.replace("report", "report --quiet", 1), allow_stdin=False, timeout=90)
    assert (cell.status, cell.stdout, cell.outputs) == ("ok", "", []), cell.error


def test_papermill_logs_progress_and_nbval_finds_its_notebook_unchanged(tmp_path: Path) -> None:
    pytest.importorskip("papermill")
    cells = [DATA, FOREST, "# NBVAL_CHECK_OUTPUT\nprint(report)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    papermill = ["papermill", "--kernel", "python3", "--log-output", "--no-progress-bar", "in.ipynb", "out.ipynb"]
    done = run(tmp_path, *papermill)
    assert done.returncode == 0, done.stderr
    log = done.stdout + done.stderr
    assert "df: 150 rows" in log
    assert "report: training · tree " in log
    assert " of 1500" in log
    trained = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[1]
    assert [output.output_type for output in trained.outputs] == ["display_data"]
    compared = run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", *SANITIZED, "out.ipynb")
    assert compared.returncode == 0, compared.stdout


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=180)
