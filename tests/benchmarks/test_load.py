"""What ``%load_ext mlmagic`` adds to a bare IPython."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from tests.benchmarks._measure import answer, note, timed, turns
from tests.kernel._kernel import Kernel

ROUNDS = 7
FRAMEWORKS = ("sklearn", "torch", "tensorflow", "keras", "xgboost", "lightgbm", "pandas")
# A figure of the machine's own that moves with it; several times the goal.
LIMIT = 2.0


def test_loading_adds_little_to_ipython() -> None:
    bare, loaded = turns(ROUNDS, lambda: _ipython("pass"), lambda: _ipython("%load_ext mlmagic"))
    added = statistics.median(more - less for more, less in zip(loaded, bare, strict=True))
    start = statistics.median(bare)
    ratio = note("load", "%load_ext mlmagic, added to a start", added, start, "bare IPython", "< 150 ms")
    assert ratio < LIMIT


def test_loading_imports_no_framework(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        answer(kernel, "%load_ext mlmagic")
        # What the first cell needs is imported by a thread.
        early = "[thread.join() for thread in threading.enumerate() if thread.name == 'mlmagic import']"
        look = f"print([name for name in {FRAMEWORKS} if name in sys.modules])"
        assert kernel.run(f"import sys, threading\n{early}\n{look}").stdout.strip() == "[]"
        assert kernel.run("print('mlmagic.dashboard' in sys.modules)").stdout.strip() == "True"
    finally:
        kernel.close()


def _ipython(code: str) -> float:
    command = [sys.executable, "-m", "IPython", "--no-banner", "--quick", "-c", code]
    return timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
