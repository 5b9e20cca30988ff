"""A network that a run saved, built again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic import _known_scripts
from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import how_to_trust
from mlmagic.executors.pytorch import _storage
from mlmagic.executors.pytorch._module import Arguments, build, source
from mlmagic.executors.pytorch._outcome import TorchOutcome
from mlmagic.executors.pytorch._target import Units
from mlmagic.run_directory import CHECKPOINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from mlmagic.config import RunConfig
    from mlmagic.executors.pytorch._script import Admit
    from mlmagic.executors.pytorch.config import TorchTrain
    from mlmagic.state import RunState


def load(path: Path, config: RunConfig, state: RunState) -> TorchOutcome | None:
    """Load the best model below ``path``, or the newest checkpoint of a run that was cut off; None if there is none.

    Raises
    ------
    ModelLoadingError
        If the network's class is not to be had, or its file is refused.
    """
    file = _file(path, state)
    if file is None:
        return None
    body = _storage.read(file)
    module = _network(config, body, file)
    weights = body.get("best") or body["state_dict"]
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelLoadingError(
            f"The weights in {file.name} do not fit {body['network']}",
            stderr=f"RuntimeError: {error}",
            solution="Undo what was changed in its code since the run",
        ) from None
    if body.get("target"):
        Units.from_plain(body["target"]).restore(module)
    about = {
        key: body[key]
        for key in ("network", "arguments", "optimizer_name", "classes", "classes_dtype", "epoch", "threads")
    }
    return TorchOutcome(module.eval(), _storage.read_preparation(path), _classes(body), about=about)


def _file(path: Path, state: RunState) -> Path | None:
    if "bestModel" in state.artifacts:
        return path / _storage.BEST
    if "checkpoint" not in state.artifacts:
        return None
    # By its name alone: a stream that somebody else wrote must not lead out of the directory.
    return path / CHECKPOINTS / Path(state.artifacts["checkpoint"].path).name


def _network(config: RunConfig, body: Mapping[str, Any], file: Path) -> nn.Module:
    train: TorchTrain = config.config  # type: ignore[assignment]
    way_out = f"Build it yourself and load its weights: torch.load({str(file)!r}, weights_only=True)['state_dict']"
    if train.model is not None:
        raise ModelLoadingError(f"The class {body['network']} lived in the notebook", solution=way_out)
    if body["arguments"] is None:
        raise ModelLoadingError(f"{body['network']} was built with objects of the notebook", solution=way_out)
    return build(source(train, _admit_any if config.trust else _admit_known(file)), Arguments(body["arguments"], {}))


def _admit_any(script: Path, name: str | None, code: bytes) -> None:
    """The person trusts this run's directory; that is no word on its script in others."""


def _admit_known(file: Path) -> Admit:
    def admit(script: Path, name: str | None, code: bytes) -> None:
        if not _known_scripts.known(script, name, code):
            raise ModelLoadingError(
                f"{file.name} needs {script}, which no run of yours ran as it is now; it runs only if you trust it",
                solution=f"Read the script; {how_to_trust(file)}",
            )

    return admit


def _classes(body: Mapping[str, Any]) -> np.ndarray | None:
    return None if body["classes"] is None else np.array(body["classes"], dtype=body["classes_dtype"])
