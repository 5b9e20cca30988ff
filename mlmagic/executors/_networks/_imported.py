"""Libraries that only some networks need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mlmagic.errors import FrameworkNotFound


def imported(module: str, message: str, solution: str) -> Any:
    """Import a library on use.

    Parameters
    ----------
    message, solution
        Who needs it, and what to do where it is missing.

    Raises
    ------
    FrameworkNotFound
        If it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise FrameworkNotFound(message, stderr=f"ModuleNotFoundError: {error}", solution=solution) from None
