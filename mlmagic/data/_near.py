"""Names and values in messages."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable


def near(name: str, names: Iterable[str]) -> str | None:
    """Find the closest of ``names``, whatever its case; None where nothing is close."""
    by_lower = {known.lower(): known for known in names}
    found = get_close_matches(name.lower(), list(by_lower), n=1)
    return by_lower[found[0]] if found else None


def listing(names: Iterable[str], most: int = 12) -> str:
    """Quote the names in their order, cut off after ``most``."""
    names = list(names)
    more = f", ... ({len(names)} in all)" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def shown(value: object) -> str:
    """Write a value as a person would: 3, not np.int64(3)."""
    return repr(value.item() if isinstance(value, np.generic) else value)
