"""What is installed here, which GPU there is, and what to install for what is missing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from mlmagic.executors import EXECUTORS

# Those that are not called like their module.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
GPU_TOOLS = (
    ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
    ["rocm-smi", "--showproductname"],
)
NOTEBOOK = ("jupyter-mlmagic", "ipython", "ipykernel", "jupyterlab", "anywidget", "pandas", "numpy")


def examine() -> str:
    """The findings as aligned text. Imports no framework: versions come from the installed metadata."""
    lines = [f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores, {environment()}", ""]
    lines += _table([(name, _version(name) or "not installed") for name in NOTEBOOK])
    lines += ["", "Frameworks"]
    rows = []
    for entry in EXECUTORS.values():
        found = _version(DISTRIBUTIONS.get(entry.module, entry.module))
        rows.append((entry.title, found or f"not installed: {entry.install}"))
    lines += _table(rows)
    return "\n".join([*lines, "", f"GPU: {gpu() or 'none found'}"])


def environment() -> str:
    """Which kind of environment this is: conda, a virtual environment, or the system's Python."""
    if name := os.environ.get("CONDA_DEFAULT_ENV"):
        return f"conda environment {name!r}"
    return f"virtual environment {sys.prefix}" if sys.prefix != sys.base_prefix else "no virtual environment"


def gpu() -> str | None:
    """Name and memory of the GPUs that the driver's own tool finds; None where there is none."""
    for command in GPU_TOOLS:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and done.stdout.strip():
            return "; ".join(done.stdout.strip().splitlines())
    return None


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {value}" for name, value in rows]
