"""Networks that no run of ours trained: an object of the notebook, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mlmagic import _known_scripts
from mlmagic.config._reference import Reference
from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import missing
from mlmagic.executors._networks import _source
from mlmagic.executors._networks._preparation import read_preparation
from mlmagic.executors._networks._script import run_script
from mlmagic.executors._networks._source import Arguments
from mlmagic.executors.keras import _files, _storage
from mlmagic.executors.keras._copy import objects_of
from mlmagic.executors.keras._load import classes_of, fill
from mlmagic.executors.keras._outcome import KerasOutcome
from mlmagic.executors.keras._outputs import kind_of
from mlmagic.executors.keras._script import load_network

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.config._inference import InferenceConfig
    from mlmagic.data import Task


def adopt(model: keras.Model) -> KerasOutcome:
    """What predicts with a model that no run of ours made: what its outputs mean is read off it."""
    shape = getattr(model, "output_shape", None) if getattr(model, "outputs", None) else None
    width = shape[-1] if isinstance(shape, tuple) and len(shape) > 1 else 1
    task: Task = "classification" if (width or 1) > 1 or _two_classes(model) else "regression"
    kind = kind_of(model, np.full((1, width or 1), 2.0), task)  # 2 is no probability
    return KerasOutcome(model, about={"outputs": kind})


def read(path: Path, config: RunConfig) -> KerasOutcome:
    """Read a .keras or .h5 file, a SavedModel, or bare weights; one of our own with what lies beside it.

    Raises
    ------
    ModelLoadingError
        If it is not there, is damaged, would run code, or its network's class is not to be had.
    """
    path = path.expanduser()
    if not path.exists():
        raise missing(path)
    wanted: InferenceConfig = config.config  # type: ignore[assignment]
    about = _storage.read_about(path.parent)
    model = (
        _weights(path, wanted, about) if path.name.endswith(_storage.WEIGHTS) else _whole(path, wanted, config.trust)
    )
    if about is None:
        return adopt(model)
    return KerasOutcome(model, read_preparation(path.parent), classes_of(about), about=about)


def _whole(path: Path, wanted: InferenceConfig, trust: bool) -> keras.Model:
    script = getattr(wanted, "model_script", None)
    # The person names the script in this very cell: it is theirs, as in training.
    objects = objects_of(run_script(Path(script).expanduser(), None, _known_scripts.note)) if script else {}
    return _files.read(path, objects, way_to_trust=_files.BY_KEY, trust=trust, compiled=True)


def _weights(path: Path, wanted: InferenceConfig, about: dict[str, Any] | None) -> keras.Model:
    if wanted.model_script is None:
        raise ModelLoadingError(
            f"{path.name} holds weights alone: they need their network's class",
            solution="Name the script that has it: modelScript: net.py, modelClass: Net; or load them into a network "
            "of the notebook and give that: model: $net",
        )
    found = load_network(Path(wanted.model_script).expanduser(), wanted.model_class, _known_scripts.note)
    if not isinstance(found, keras.Model):
        given = wanted.hyperparameters.items()
        values = {name: item.value if isinstance(item, Reference) else item for name, item in given}
        called = values or (about or {}).get("arguments") or {}
        found = _source.build(found, found.__name__, Arguments(called, {}), keras.Model, "keras.Model")
    fill(found, path, about, type(found).__name__)
    return found


def _two_classes(model: keras.Model) -> bool:
    """Whether one output is a probability or a logit."""
    loss = model.loss if model.compiled else None
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or ""
    return "crossentropy" in name or kind_of(model, np.full((1, 1), 2.0), "classification") == "probabilities"
