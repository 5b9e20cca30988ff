"""The fitted preparation in a file beside the network's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.data import TRUSTED_FUNCTIONS
from mlmagic.errors import ModelLoadingError
from mlmagic.run_directory import write_whole

if TYPE_CHECKING:
    from pathlib import Path

PREPARATION = "preparation.skops"


def write_preparation(directory: Path, preparation: Any) -> Path:
    """Write it whole, as skops stores it: no pickle."""
    import skops.io

    return write_whole(directory / PREPARATION, lambda temporary: skops.io.dump(preparation, temporary))


def read_preparation(directory: Path) -> Any:
    """Read it; None where the model has none.

    Raises
    ------
    ModelLoadingError
        If it is damaged, or holds types that are none of a preparation's.
    """
    import skops.io

    path = directory / PREPARATION
    if not path.exists():
        return None
    try:
        strange = set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_FUNCTIONS)
        if strange:
            raise ModelLoadingError(f"{path.name} is refused: it holds {', '.join(sorted(strange))}")
        return skops.io.load(path, trusted=list(TRUSTED_FUNCTIONS))
    except (OSError, ValueError, KeyError) as error:
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None
