"""What is installed here, which GPU there is, and what to install for what is missing."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from mlmagic._gpu import read
from mlmagic._units import size
from mlmagic.executors import EXECUTORS

# Those that are not called like their module.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
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
    """Name and memory of the GPU that the driver's own tool finds; None where there is none."""
    found = read()
    if found is None:
        return None
    total = found["memoryTotal"]
    return f"{found['name']}, {size(total)}" if total else str(found["name"])


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {value}" for name, value in rows]
