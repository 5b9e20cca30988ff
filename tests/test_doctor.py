"""What is installed, where, and the command for what is not."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from mlmagic.doctor import BESIDE, environment, examine


def test_versions_are_those_that_are_installed() -> None:
    told = {line.split()[0]: line.split()[1] for line in examine().splitlines() if line.startswith("  ")}
    for name in ("pandas", "scikit-learn", "anywidget", *BESIDE):
        try:
            assert told[name] == importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            assert told[name] == "not"


def test_this_environment_is_recognised() -> None:
    expected = "virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"
    assert environment().startswith(expected) or (Path(sys.prefix) / "conda-meta").is_dir()


def test_a_conda_environment_is_recognised_whatever_the_shell_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setenv("CONDA_DEFAULT_ENV", "base")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert environment() == f"conda environment {tmp_path}"


def test_what_is_missing_comes_with_its_command(tmp_path: Path) -> None:
    """Without the directories of what is installed, everything is missing but Python."""
    code = "import sys, importlib.metadata as m\nfrom mlmagic.doctor import examine\nsys.path[:] = []\nprint(examine())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    for command in ("pip install torch", "pip install tensorflow keras", "pip install xgboost", "pip install kornia"):
        assert f"not installed: {command}" in done.stdout
