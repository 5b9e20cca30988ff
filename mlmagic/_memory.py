"""How much memory there is, and how much of it one table may take."""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path

# The share of the machine's memory that a table, or one part of its rows as a network takes it, may fill.
SHARE = 0.25
# Where Linux says how much memory a container has.
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def limit() -> int:
    """Bytes that a table, or one part of its rows, may take; what is larger stays on disk."""
    return int(SHARE * _memory())


@cache
def _memory() -> int:
    import psutil

    memory: int = psutil.virtual_memory().total
    with contextlib.suppress(OSError, ValueError):  # a container may have less; "max" where it has not
        memory = min(memory, int(_CONTAINER.read_text()))
    return memory
