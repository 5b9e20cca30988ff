"""Who watches a cell: an editor, a client that only keeps its outputs, or nobody.

The shell is given; only the magics reach for it.
"""

from __future__ import annotations

import sys
from typing import Any


def nobody_watches(shell: Any) -> bool:
    """Whether a cell must wait for its run by itself.

    A headless client says in its request that it takes no input; an environment variable would be inherited by its
    children and lie. Colab shows no update while no cell runs; a terminal has nowhere to show one.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None or "google.colab" in sys.modules:
        return True
    return _is_headless(shell)


def is_seen_live(shell: Any) -> bool:
    """Whether somebody sees what a cell shows before it has ended."""
    return getattr(shell, "kernel", None) is not None and ("google.colab" in sys.modules or not _is_headless(shell))


def is_logged(shell: Any) -> bool:
    """Whether a headless client passes on what a cell prints while it runs, as papermill does to its log.

    Such a client keeps the notebook that it runs, so its cells count in the history; nbval's do not, which compares
    outputs instead. What is told is cleared at the end, hence only where nothing but the magic can have printed.
    """
    request = _request(shell)
    alone = request.get("code", "").lstrip().startswith("%%ml")
    return alone and _is_headless(shell) and bool(request.get("store_history", True))


def _is_headless(shell: Any) -> bool:
    return not _request(shell).get("allow_stdin", True)


def _request(shell: Any) -> dict[str, Any]:
    """The request that runs the cell."""
    content: dict[str, Any] = shell.kernel.get_parent("shell").get("content", {})
    return content
