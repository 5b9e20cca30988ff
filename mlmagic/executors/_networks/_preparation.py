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
    path = directory / PREPARATION
    return unpacked(path.read_bytes(), path.name) if path.exists() else None


def packed(preparation: Any) -> bytes:
    """What :func:`write_preparation` writes."""
    import skops.io

    content: bytes = skops.io.dumps(preparation)
    return content


def unpacked(content: bytes, name: str) -> Any:
    """Read what :func:`packed` gave, from a file called ``name``.

    Raises
    ------
    ModelLoadingError
        If it is damaged, or holds types that are none of a preparation's.
    """
    import skops.io

    try:
        strange = set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED_FUNCTIONS)
        if strange:
            raise ModelLoadingError(f"{name} is refused: it holds {', '.join(sorted(strange))}")
        return skops.io.loads(content, trusted=list(TRUSTED_FUNCTIONS))
    except ModelLoadingError:
        raise
    except Exception as error:  # a damaged file fails in any way
        raise ModelLoadingError(f"Failed to load {name}", stderr=f"{type(error).__name__}: {error}") from None
