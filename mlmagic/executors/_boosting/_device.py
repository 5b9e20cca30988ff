"""Where training runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.events import Emit, Log

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.executors._boosting._library import Library
    from mlmagic.executors._boosting.config import BoostingTrain

_DRIVER = Path("/proc/driver/nvidia/gpus")


def require_one_word(config: RunConfig) -> None:
    """Refuse ``device`` and ``gpuEnabled`` that say different things.

    Raises
    ------
    InvalidConfiguration
        If they do.
    """
    train: BoostingTrain = config.config  # type: ignore[assignment]
    if None in (train.device, config.gpu_enabled) or (train.device == "cuda") is config.gpu_enabled:
        return
    given = f"device: {train.device} and gpuEnabled: {str(config.gpu_enabled).lower()}"
    message = f"{given} contradict each other: keep one of them."
    raise InvalidConfiguration([Fault("config.device", message, value=train.device)])


def choose(library: Library, config: RunConfig, emit: Emit) -> dict[str, Any]:
    """Choose the GPU if it is asked for, or there is one and nobody forbids it, and the library can use it.

    Returns
    -------
    dict
        The choice under the report's keys; ``gpuUsed`` tells.
    """
    train: BoostingTrain = config.config  # type: ignore[assignment]
    asked = train.device == "cuda" or bool(config.gpu_enabled)
    forbidden = train.device == "cpu" or config.gpu_enabled is False
    if asked or (not forbidden and _models()):
        reason = library.cuda()
        if reason is None:
            model = next(iter(_models()), None)
            return {"device": "cuda", "gpuUsed": True, **({"gpuModel": model} if model else {})}
        if asked:
            emit(Log(f"A GPU is asked for, but {reason}: training on the CPU", "warning"))
    return {"device": "cpu", "gpuUsed": False}


def _models() -> list[str]:
    """Names of the GPUs whose driver is loaded."""
    found = []
    for file in sorted(_DRIVER.glob("*/information")):
        lines = dict(line.split(":", 1) for line in file.read_text().splitlines() if ":" in line)
        found.append(lines.get("Model", "GPU").strip())
    return found
