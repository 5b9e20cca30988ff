"""An estimator that prints what it does, heard instead of shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mlmagic._capture import captured
from mlmagic.events import Emit, Log


@contextmanager
def printing(
    estimator: Any, verbose: int, emit: Emit, read: Callable[[str], None] = lambda line: None
) -> Iterator[None]:
    """Have ``estimator`` print while the block runs: lines go to ``read(line)``, warnings to the log."""

    def heard(text: str, level: str) -> None:
        if level == "output":
            read(text)
        else:
            emit(Log(text, level))

    before = estimator.verbose
    estimator.set_params(verbose=verbose)
    try:
        with captured(heard):
            yield
    finally:
        estimator.set_params(verbose=before)
