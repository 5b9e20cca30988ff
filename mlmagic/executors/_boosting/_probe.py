"""A model file of unknown origin, opened in a process of its own first.

A damaged file does not raise: XGBoost 3.2 and LightGBM 4.7 abort, take all memory or read where they should not, and
would take the notebook's kernel with them.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmagic.executors._boosting._library import Library

_REFUSED = 3
_SECONDS = 120
# Address space, not memory: threads and libraries take much of the first and little of the second.
_SPACE = 16 * 2**30


def complaint(library: Library, path: Path) -> str | None:
    """Why a file is no model that predicts; None where it is one."""
    kind = type(library)
    command = [sys.executable, "-m", __name__, kind.__module__, kind.__name__, str(path.absolute())]
    paths = os.pathsep.join(filter(None, sys.path))
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired:
        return f"reading it takes more than {_SECONDS} s"
    if done.returncode == _REFUSED:
        return done.stdout.strip()
    return None if done.returncode == 0 else "a process that reads it does not survive"


def main(module: str, name: str, path: str) -> int:
    """Read a model file and predict with it."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (_SPACE, _SPACE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    library: Library = getattr(import_module(module), name)()
    try:
        estimator = library.parse(Path(path).read_bytes())
        estimator.predict(library.rows(estimator))
    except Exception as error:
        print(library.complaint(error))
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
