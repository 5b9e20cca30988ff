"""Names and values in messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable


def listing(names: Iterable[str], most: int = 12) -> str:
    """Quote the names in their order, cut off after ``most``."""
    names = list(names)
    more = f", ... ({len(names)} in all)" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def shown(value: object) -> str:
    """Write a value as a person would: 3, not np.int64(3)."""
    return repr(value.item() if isinstance(value, np.generic) else value)
