"""What ``%load_ext mlmagic`` adds to a bare IPython."""

from __future__ import annotations

import statistics
import subprocess
import sys

from tests.benchmarks._measure import note, timed, turns

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


def test_loading_imports_no_framework() -> None:
    look = f"import sys, time; time.sleep(1); print([name for name in {FRAMEWORKS} if name in sys.modules])"
    done = subprocess.run(_command(f"%load_ext mlmagic\n{look}"), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _ipython(code: str) -> float:
    return timed(lambda: subprocess.run(_command(code), check=True, stdout=subprocess.DEVNULL))


def _command(code: str) -> list[str]:
    return [sys.executable, "-m", "IPython", "--no-banner", "--quick", "-c", code]
