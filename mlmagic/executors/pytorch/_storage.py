"""Networks in files that run no code when they are read: tensors and plain data, which ``weights_only`` loads."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import torch

from mlmagic.data import TRUSTED_FUNCTIONS
from mlmagic.errors import ModelLoadingError
from mlmagic.executors.pytorch._outcome import TorchOutcome
from mlmagic.run_directory import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlmagic.executors._base import Outcome

FORMAT = 1
BEST = "best_model.pt"
PREPARATION = "preparation.skops"


def write(path: Path, body: Mapping[str, Any]) -> Path:
    """Write tensors and plain data whole."""
    return write_whole(path, lambda temporary: torch.save({"format": FORMAT, **body}, temporary))


def read(path: Path) -> dict[str, Any]:
    """Read what :func:`write` wrote, onto the CPU.

    Raises
    ------
    ModelLoadingError
        If it is damaged, or would run code.
    """
    try:
        body = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelLoadingError(
            f"{path.name} is refused: reading it would run code, or it is damaged",
            stderr=f"UnpicklingError: {str(error).splitlines()[0]}",
            solution="Train again; mlmagic writes tensors and plain data only",
        ) from None
    except Exception as error:  # a damaged file fails in any way
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ModelLoadingError(f"{path.name} is no model that this version of mlmagic wrote")
    return body


def save(outcome: Outcome, directory: Path, *, everything: bool) -> dict[str, Path]:
    """Write the best model and, with ``everything``, the last one and the optimizer; files by the report's key."""
    assert isinstance(outcome, TorchOutcome)
    best = {**outcome.about, "state_dict": outcome.model.state_dict()}
    files = {"bestModel": write(directory / BEST, best)}
    if everything and outcome.last is not None and outcome.optimizer is not None:
        files["lastModel"] = write(directory / "last_model.pt", {**outcome.about, **outcome.last})
        optimizer = {"optimizer_name": outcome.about["optimizer_name"], "state_dict": outcome.optimizer}
        files["optimizer"] = write(directory / "optimizer.pt", optimizer)
    if outcome.preparation is not None:
        files["preparation"] = write_preparation(directory, outcome.preparation)
    return files


def write_preparation(directory: Path, preparation: Any) -> Path:
    """Write the fitted preparation beside the weights, as skops stores it."""
    import skops.io

    return write_whole(directory / PREPARATION, lambda temporary: skops.io.dump(preparation, temporary))


def read_preparation(directory: Path) -> Any:
    """Read the fitted preparation; None where the model has none.

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


def plain(value: Any) -> Any:
    """Arguments as plain data, or None where they hold something else, which no file without code can keep."""
    try:
        return _plain(value)
    except TypeError:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(type(value).__name__)
