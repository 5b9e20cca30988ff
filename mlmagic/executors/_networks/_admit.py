"""Which script of a run's directory may run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic import _known_scripts
from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import how_to_trust

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.executors._networks._script import Admit


def admit_for(file: Path, *, trust: bool) -> Admit:
    """Let the script that ``file`` needs run: one that ran here before, any with ``trust``."""
    return _any if trust else _known(file)


def _any(script: Path, name: str | None, code: bytes) -> None:
    """The person trusts this run's directory; that is no word on its script in others."""


def _known(file: Path) -> Admit:
    def admit(script: Path, name: str | None, code: bytes) -> None:
        if not _known_scripts.known(script, name, code):
            raise ModelLoadingError(
                f"{file.name} needs {script}, which no run of yours ran as it is now; it runs only if you trust it",
                solution=f"Read the script; {how_to_trust(file)}",
            )

    return admit
