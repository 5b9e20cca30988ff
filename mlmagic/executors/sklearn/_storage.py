"""Estimators in files that run no code when they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlmagic.data import TRUSTED_FUNCTIONS
from mlmagic.errors import ModelLoadingError
from mlmagic.run_directory import write_whole

# Types without behaviour of their own that scikit-learn's estimators hold; everything else must be trusted by name.
TRUSTED_PREFIXES = (
    "sklearn._loss.",
    "sklearn.ensemble._hist_gradient_boosting.predictor.",
    "sklearn.ensemble._hist_gradient_boosting.binning.",
    "sklearn.metrics._dist_metrics.",
    "sklearn.neighbors._ball_tree.",
    "sklearn.neighbors._kd_tree.",
    "sklearn.tree._tree.Tree",
)


def save(model: Any, path: Path) -> Path:
    """Write a model whole."""
    import skops.io

    return write_whole(path, lambda temporary: skops.io.dump(model, temporary))


def load(path: Path, *, trust: bool) -> Any:
    """Read a model.

    Raises
    ------
    ModelLoadingError
        If the file is damaged, or holds a type that nobody trusted.
    """
    import skops.io

    try:
        unknown = skops.io.get_untrusted_types(file=path)
        strange = [name for name in unknown if not name.startswith(TRUSTED_PREFIXES) and name not in TRUSTED_FUNCTIONS]
        if strange and not trust:
            raise ModelLoadingError(
                f"{path.name} holds types that are not known to be safe: {', '.join(strange)}",
                solution="Write trust: true if you know who made this file",
            )
        return skops.io.load(path, trusted=unknown)
    except (OSError, ValueError, KeyError) as error:
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None
