"""A network that a run saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import how_to_trust
from mlmagic.executors._networks._admit import admit_for
from mlmagic.executors._networks._preparation import read_preparation
from mlmagic.executors._networks._script import run_script
from mlmagic.executors._networks._source import Arguments
from mlmagic.executors.keras import _files, _storage
from mlmagic.executors.keras._copy import objects_of, own_objects
from mlmagic.executors.keras._model import build, source
from mlmagic.executors.keras._outcome import KerasOutcome, one_row
from mlmagic.run_directory import CHECKPOINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.config import Reference, RunConfig
    from mlmagic.executors.keras.config import KerasTrain
    from mlmagic.state import RunState


def load(path: Path, config: RunConfig, state: RunState) -> KerasOutcome | None:
    """Load the best model below ``path``, or the newest checkpoint of a run that was cut off; None if there is none.

    Raises
    ------
    ModelLoadingError
        If the network's class is not to be had, or its file is refused.
    """
    file = _file(path, state)
    if file is None:
        return None
    about = _storage.read_about(path)
    if about is None:
        raise ModelLoadingError(f"{_storage.ABOUT} is not there, which says what {file.name} predicts")
    model = _model(config, about, path, file)
    return KerasOutcome(model, read_preparation(path), classes_of(about), about=about)


def _file(path: Path, state: RunState) -> Path | None:
    # By its name alone: a stream that somebody else wrote must not lead out of the directory.
    for key in ("bestModel", "savedModel", "lastModel", "checkpoint"):
        if key in state.artifacts:
            found = Path(state.artifacts[key].path)
            home = path / CHECKPOINTS if key == "checkpoint" or found.parent.name == CHECKPOINTS else path
            return home / found.name
    return None


def _model(config: RunConfig, about: Mapping[str, Any], path: Path, file: Path) -> keras.Model:
    train: KerasTrain = config.config  # type: ignore[assignment]
    way = how_to_trust(path / file.name)
    if file.name == _storage.SAVED_MODEL or (about["whole"] and file.suffix == ".keras"):
        return _files.read(file, {}, way_to_trust=way, trust=config.trust)
    if train.model is not None and not train.model.bound:
        raise ModelLoadingError(
            f"{train.model} lived in the notebook that trained it", solution=_how_to_give(train.model, path, file)
        )
    admit = admit_for(path / file.name, trust=config.trust)
    if train.compiled_model is not None:
        assert train.model_script is not None
        script = run_script(Path(train.model_script).expanduser(), None, admit)
        return _files.read(file, objects_of(script), way_to_trust=way, trust=config.trust)
    return _built_again(train, about, file, admit)


def _built_again(train: KerasTrain, about: Mapping[str, Any], file: Path, admit: Any) -> keras.Model:
    found = source(train, admit)
    if found.make is not None and about["arguments"] is None:
        raise ModelLoadingError(
            f"{about['network']} was built with objects of the notebook",
            solution=f"Build it yourself and load its weights: net.load_weights({str(file)!r})",
        )
    model = build(found, Arguments(about["arguments"] or {}, {}), mixed=train.mixed_precision)
    fill(model, file, about, about["network"])
    return model


def fill(model: keras.Model, file: Path, about: Mapping[str, Any] | None, name: str) -> None:
    """Read weights into a network.

    Parameters
    ----------
    about
        What a row is, for a network that is only built when it is called; None where nobody knows.

    Raises
    ------
    ModelLoadingError
        If they do not fit.
    """
    try:
        if not model.built and about is not None:
            model(one_row(about))
        with keras.saving.custom_object_scope(own_objects(model)):
            model.load_weights(file)
    except Exception as error:  # shapes that do not fit, a damaged file
        raise ModelLoadingError(
            f"The weights in {file.name} do not fit {name}",
            stderr=f"{type(error).__name__}: {error}".splitlines()[0][:300],
            solution="Give the class with which they were trained, and what it was called with",
        ) from None


def _how_to_give(model: Reference, path: Path, file: Path) -> str:
    """What a person does who has the class or network again."""
    if model.attributes:
        return f"Build it yourself and load its weights: net.load_weights({str(file)!r})"
    return f"Run the cell that defines it, then: report = mlmagic.attach({str(path)!r}, {model.name}={model.name})"


def classes_of(about: Mapping[str, Any]) -> np.ndarray | None:
    """The labels in the order of the outputs; None for a regression."""
    return None if about["classes"] is None else np.array(about["classes"], dtype=about["classesDtype"])
