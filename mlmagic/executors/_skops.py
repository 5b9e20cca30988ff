"""skops without what its import drags along."""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import Any

# Importing skops walks every package of scikit-learn, and one of them, the array API's adapter, imports torch.
_TORCH_ADAPTER = "sklearn.externals.array_api_compat.torch"


def import_early() -> None:
    """Import skops beside the training, so that saving does not wait for it (2 s, once a process)."""
    if "skops.io" not in sys.modules:
        threading.Thread(target=skops_io, name="mlmagic import", daemon=True).start()


def skops_io() -> Any:
    """Return ``skops.io``, imported without torch."""
    own = _TORCH_ADAPTER not in sys.modules
    if own:
        sys.modules[_TORCH_ADAPTER] = ModuleType(_TORCH_ADAPTER)
    try:
        import skops.io
    finally:
        if own:
            sys.modules.pop(_TORCH_ADAPTER, None)
    return skops.io
