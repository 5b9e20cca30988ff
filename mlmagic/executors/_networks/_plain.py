"""Arguments as data that a file without code can hold."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """Arguments as plain data; None where they hold something else."""
    try:
        return _plain(value)
    except TypeError:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(type(value).__name__)
