"""Estimators in files that run no code when they are read."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from mlmagic.data import TRUSTED_FUNCTIONS
from mlmagic.errors import ModelLoadingError
from mlmagic.run_directory import write_whole

# Types without behaviour of their own that scikit-learn's estimators hold; everything else must be trusted by name.
TRUSTED_PREFIXES = (
    "sklearn._loss.",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.",
    "sklearn.ensemble._hist_gradient_boosting.binning.",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.",
    "sklearn.metrics._classification.",
    "sklearn.metrics._dist_metrics.",
    "sklearn.metrics._scorer.",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neighbors._ball_tree.",
    "sklearn.neighbors._kd_tree.",
    "sklearn.neural_network._stochastic_optimizers.",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.",
)


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
        strange = [name for name in unknown if not name.startswith(TRUSTED_PREFIXES) and name not in TRUSTED_FUNCTIONS]
        if strange and not trust:
            raise ModelLoadingError(
                f"{path.name} holds types that are not known to be safe: {', '.join(strange)}",
                solution="Write trust: true if you know who made this file",
            )
        return skops_io.load(path, trusted=unknown)
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
