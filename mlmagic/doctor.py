"""What is installed here, which GPU there is, and what to install for what is missing."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mlmagic._gpu import read
from mlmagic._units import size
from mlmagic.executors import EXECUTORS

# Those that are not called like their module.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
# What only some runs need.
BESIDE = {
    "tensorflow": "trains for Keras",
    "kornia": "augments images for PyTorch",
    "tokenizers": "reads text",
    "rtdl-revisiting-models": "has the tabular transformer",
    "transformers": "has trained weights for images",
    "tensorboard": "shows runs: logging: {tensorboard: true}",
    "wandb": "shows runs: logging: {wandb: true}",
}
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
    lines += [*_table(rows), "", "Beside them"]
    missing = "not installed: pip install"
    lines += _table([(name, _version(name) or f"{missing} {name} ({why})") for name, why in BESIDE.items()])
    device = gpu()
    return "\n".join([*lines, "", f"GPU: {device or 'none found'}", *(_idle() if device else ())])


def environment() -> str:
    """Which kind of environment this is: conda, a virtual environment, or the system's Python."""
    if (Path(sys.prefix) / "conda-meta").is_dir():  # whatever is active in the shell that started the server
        return f"conda environment {sys.prefix}"
    return f"virtual environment {sys.prefix}" if sys.prefix != sys.base_prefix else "no virtual environment"


def gpu() -> str | None:
    """Name and memory of the GPU that the driver's own tool finds; None where there is none."""
    found = read()
    if found is None:
        return None
    total = found["memoryTotal"]
    return f"{found['name']}, {size(total)}" if total else str(found["name"])


def _idle() -> list[str]:
    """Why a GPU that is there stays idle, as far as versions tell."""
    build = _version("torch") or ""
    if not build.endswith("+cpu"):
        return []
    return [f"  PyTorch {build} is built for processors only; pytorch.org/get-started has the command for the GPU's"]


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {value}" for name, value in rows]
