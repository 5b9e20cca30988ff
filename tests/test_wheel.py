"""The wheel that users install has the built front end in it; git has not."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files in a freshly built wheel."""
    directory = tmp_path_factory.mktemp("wheel")
    # hatchling itself, and no isolated build: that would fetch hatchling from the index in each test run.
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = directory.glob("jupyter_mlmagic-*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("name", ["index.js", "index.css"])
def test_it_has_the_front_end(names: set[str], name: str) -> None:
    assert f"mlmagic/static/{name}" in names, "run `make frontend` first"


def test_it_has_every_module_and_nothing_else(names: set[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mlmagic").rglob("*.py")}
    assert modules <= names
    assert not [name for name in names if not name.startswith(("mlmagic/", "jupyter_mlmagic-"))]
    assert not [name for name in names if "__pycache__" in name]
