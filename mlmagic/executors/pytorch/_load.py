"""A network that a run saved, built again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.errors import ModelLoadingError
from mlmagic.executors._networks._admit import admit_for
from mlmagic.executors._networks._preparation import PREPARATION, read_preparation, unpacked
from mlmagic.executors._networks._source import Arguments
from mlmagic.executors.pytorch import _storage
from mlmagic.executors.pytorch._module import build, source
from mlmagic.executors.pytorch._outcome import TorchOutcome
from mlmagic.executors.pytorch._target import Units
from mlmagic.run_directory import CHECKPOINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from mlmagic.config import Reference, RunConfig
    from mlmagic.executors.pytorch.config import TorchTrain
    from mlmagic.state import RunState


_ABOUT = (
    "network",
    "arguments",
    "optimizer_name",
    "squashed",
    "classes",
    "classes_dtype",
    "epoch",
    "threads",
    "reading",
)


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
    best = "bestModel" in state.artifacts or "lastModel" not in state.artifacts
    return outcome_of(_network(config, body, path, file), body, file, path, best=best)


def outcome_of(
    module: nn.Module, body: Mapping[str, Any], file: Path, home: Path | None = None, *, best: bool = True
) -> TorchOutcome:
    """An outcome of one of our files, whose network is there.

    Parameters
    ----------
    home
        Where its run's other files are, if not beside it.
    best
        Whether the best weights of a checkpoint are wanted, not its last.

    Raises
    ------
    ModelLoadingError
        If its weights do not fit, or what prepares its columns is missing.
    """
    weights = (body.get("best") if best else None) or body["state_dict"]
    _storage.fill(module, weights, file, body["network"])
    if body.get("target"):
        Units.from_plain(body["target"]).restore(module)
    about = {name: body[name] for name in _ABOUT if name in body}
    features = tuple(body["features"]) if "features" in body else None
    return TorchOutcome(
        module.eval(), _preparation(body, home or file.parent), _classes(body), features=features, about=about
    )


def _file(path: Path, state: RunState) -> Path | None:
    if "bestModel" in state.artifacts:
        return path / _storage.BEST
    key = next((key for key in ("lastModel", "checkpoint") if key in state.artifacts), None)
    if key is None:
        return None
    # By its name alone: a stream that somebody else wrote must not lead out of the directory.
    name = Path(state.artifacts[key].path).name
    return path / name if name == _storage.LAST else path / CHECKPOINTS / name


def _preparation(body: Mapping[str, Any], home: Path) -> Any:
    if "preparation" in body:
        return unpacked(body["preparation"].numpy().tobytes(), "the file's preparation")
    found = read_preparation(home)
    if found is None and body.get("prepared"):
        raise ModelLoadingError(
            f"{body['network']} takes prepared columns, and {PREPARATION}, which prepares them, is not in {home}",
            solution=f"Copy {PREPARATION} of its run beside it, or name the run's directory",
        )
    return found


def _network(config: RunConfig, body: Mapping[str, Any], path: Path, file: Path) -> nn.Module:
    train: TorchTrain = config.config  # type: ignore[assignment]
    way_out = f"Build it yourself and load its weights: torch.load({str(file)!r}, weights_only=True)['state_dict']"
    if train.model is not None and not train.model.bound:
        raise ModelLoadingError(
            f"{train.model} lived in the notebook that trained it", solution=_how_to_give(train.model, path) or way_out
        )
    if body["arguments"] is None:
        raise ModelLoadingError(f"{body['network']} was built with objects of the notebook", solution=way_out)
    return build(source(train, admit_for(file, trust=config.trust)), Arguments(body["arguments"], {}))


def _how_to_give(model: Reference, path: Path) -> str | None:
    """What a person writes who has the class or network again; None where it was an attribute of something."""
    if model.attributes:
        return None
    return f"Run the cell that defines it, then: report = mlmagic.attach({str(path)!r}, {model.name}={model.name})"


def _classes(body: Mapping[str, Any]) -> np.ndarray | None:
    return None if body["classes"] is None else np.array(body["classes"], dtype=body["classes_dtype"])
