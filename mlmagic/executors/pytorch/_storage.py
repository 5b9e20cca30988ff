"""Networks in files that run no code when they are read: tensors and plain data, which ``weights_only`` loads."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import torch

from mlmagic.errors import ModelLoadingError
from mlmagic.executors._networks._preparation import packed, write_preparation
from mlmagic.executors.pytorch._outcome import TorchOutcome
from mlmagic.run_directory import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from mlmagic.executors._base import Outcome

FORMAT = 1
BEST, LAST = "best_model.pt", "last_model.pt"


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
            stderr=f"UnpicklingError: {beyond_tensors(error)}",
            solution="Train again; mlmagic writes tensors and plain data only",
        ) from None
    except Exception as error:  # a damaged file fails in any way
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ModelLoadingError(f"{path.name} is no model that this version of mlmagic wrote")
    return body


def beyond_tensors(error: pickle.UnpicklingError) -> str:
    """What a file holds beside tensors and plain data, in torch's words but without its advice to load it anyway."""
    said = str(error).rpartition("WeightsUnpickler error:")[2].strip()
    return (said.splitlines() or [""])[0].partition(" was not an allowed global")[0]


def fill(module: nn.Module, weights: Mapping[str, Any], file: Path, name: str) -> None:
    """Load weights into a network.

    Raises
    ------
    ModelLoadingError
        If they are another network's.
    """
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelLoadingError(
            f"The weights in {file.name} do not fit {name}",
            stderr=f"RuntimeError: {error}",
            solution="Undo what was changed in its code since they were saved, or name the class they belong to",
        ) from None


def export(outcome: Outcome, path: Path) -> None:
    """Write all that the model needs into one file, what prepares its columns too."""
    assert isinstance(outcome, TorchOutcome)
    body = {**outcome.about, "state_dict": outcome.model.state_dict()}
    if outcome.features is not None:
        body["features"] = list(outcome.features)
    if outcome.preparation is not None:
        # As a tensor: plain bytes are none of what weights_only loads.
        body["preparation"] = torch.frombuffer(bytearray(packed(outcome.preparation)), dtype=torch.uint8)
    write(path, body)


def save(outcome: Outcome, directory: Path, *, everything: bool) -> dict[str, Path]:
    """Write the best model and, with ``everything``, the last one and the optimizer; files by the report's key."""
    assert isinstance(outcome, TorchOutcome)
    best = {**outcome.about, "state_dict": outcome.model.state_dict()}
    files = {"bestModel": write(directory / BEST, best)}
    if everything and outcome.last is not None and outcome.optimizer is not None:
        files["lastModel"] = write(directory / LAST, {**outcome.about, **outcome.last})
        optimizer = {"optimizer_name": outcome.about["optimizer_name"], "state_dict": outcome.optimizer}
        files["optimizer"] = write(directory / "optimizer.pt", optimizer)
    if outcome.preparation is not None:
        files["preparation"] = write_preparation(directory, outcome.preparation)
    return files
