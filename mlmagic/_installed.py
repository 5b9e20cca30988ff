"""Which modules are installed, and so as good as their version; all others are the user's own."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import sys
import sysconfig
import types
from pathlib import Path


@functools.cache
def _own_places() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    return (Path(paths["stdlib"]), Path(paths["platstdlib"]), Path(__file__).parent)


def is_installed(file: Path) -> bool:
    """Whether a file belongs to Python, to an installed distribution or to mlmagic."""
    if {"site-packages", "dist-packages"} & set(file.parts):
        return True
    return any(file.is_relative_to(place) for place in _own_places())


def library_of(module: str | None) -> str | None:
    """The name and version of a module that is installed; None for one of the user's own."""
    top = (module or "").partition(".")[0]
    loaded = sys.modules.get(top)
    if not top or top == "__main__":
        return None
    spec = getattr(loaded, "__spec__", None) if loaded else importlib.util.find_spec(top)
    file = getattr(spec, "origin", None) or getattr(loaded, "__file__", None)
    if file in (None, "built-in", "frozen"):
        return module if top in sys.stdlib_module_names else None
    return f"{module} {_version(top, loaded)}" if is_installed(Path(file)) else None


def _version(top: str, loaded: types.ModuleType | None) -> str:
    try:
        return str(getattr(loaded, "__version__", None) or importlib.metadata.version(top))
    except importlib.metadata.PackageNotFoundError:
        return ""  # a part of Python, or named otherwise than its distribution
