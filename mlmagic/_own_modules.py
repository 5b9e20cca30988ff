"""The user's own modules in a process: a warm child is of no use once one of them is another than its parent's."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlmagic._installed import is_installed


@dataclass(frozen=True)
class Source:
    """The file of a module, and when it was last written (ns since 1970) and its size, as the module was imported."""

    file: str
    stamp: tuple[int, int] | None


class OwnModules:
    """The user's own modules that this process has imported, by name."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self._known: set[str] = set()

    def look(self, since: int) -> None:
        """Find what was imported after ``since``, in nanoseconds since 1970.

        A file that was written after that may have been imported before it was written: it has no stamp.
        """
        new = sys.modules.keys() - self._known
        self._known |= new
        for name in new:
            file = _file(name)
            stamp = _stamp(file) if file and not is_installed(Path(file)) else None
            if file and stamp:
                self.sources[name] = Source(file, stamp if stamp[0] < since else None)


def current(sources: Mapping[str, Source]) -> bool:
    """Whether another process' modules are what their files say now, and from where this process has them."""
    return all(
        _file(name) in (None, source.file) and source.stamp is not None and source.stamp == _stamp(source.file)
        for name, source in sources.items()
    )


def _file(module: str) -> str | None:
    # Modules that a library makes while it runs may name a file of no place, as "torch.ops" does.
    file = getattr(sys.modules.get(module), "__file__", None)
    return file if isinstance(file, str) and Path(file).is_absolute() else None


def _stamp(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
