"""Estimators in files that run no code when they are read."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import how_to_trust
from mlmagic.executors.sklearn._trusted import trusted
from mlmagic.run_directory import write_whole

# Importing skops walks every package of scikit-learn, and one of them, the array API's adapter, imports torch.
_TORCH_ADAPTER = "sklearn.externals.array_api_compat.torch"


def import_early() -> None:
    """Import skops beside the training, so that saving does not wait for it (2 s, once a process)."""
    if "skops.io" not in sys.modules:
        threading.Thread(target=_skops, name="mlmagic import", daemon=True).start()


def save(model: Any, path: Path) -> Path:
    """Write a model whole."""
    return write_whole(path, lambda temporary: _skops().dump(model, temporary))


def load(path: Path, *, trust: bool) -> Any:
    """Read a model.

    Raises
    ------
    ModelLoadingError
        If the file is damaged, or holds a type that nobody trusted.
    """
    skops_io = _skops()
    try:
        unknown = skops_io.get_untrusted_types(file=path)
        safe = unknown if trust else trusted(unknown)
        if strange := sorted(set(unknown) - set(safe)):
            raise ModelLoadingError(
                f"{path.name} holds types that are not known to be safe: {', '.join(strange)}",
                solution=f"Load it only {how_to_trust(path)}",
            )
        return skops_io.load(path, trusted=safe)
    except ModelLoadingError:
        raise
    except Exception as error:  # a damaged file fails in any way
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None


def _skops() -> Any:
    own = _TORCH_ADAPTER not in sys.modules
    if own:
        sys.modules[_TORCH_ADAPTER] = ModuleType(_TORCH_ADAPTER)
    try:
        import skops.io
    finally:
        if own:
            sys.modules.pop(_TORCH_ADAPTER, None)
    return skops.io
