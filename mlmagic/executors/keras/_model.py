"""Where the network comes from."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mlmagic import _known_scripts
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._networks import _source
from mlmagic.executors._networks._script import run_script
from mlmagic.executors._networks._source import Arguments, Source, describe
from mlmagic.executors.keras import _backend, _files
from mlmagic.executors.keras._cnn import cnn
from mlmagic.executors.keras._copy import copied, objects_of, overrides
from mlmagic.executors.keras._mlp import mlp
from mlmagic.executors.keras._resnet import resnet18, resnet50
from mlmagic.executors.keras._script import load_network
from mlmagic.executors.keras._text_transformer import text_transformer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.executors._networks._script import Admit
    from mlmagic.executors.keras.config import KerasTrain

# What the key architecture names.
ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "mlp": mlp,
    "cnn": cnn,
    "resnet18": resnet18,
    "resnet50": resnet50,
    "text_transformer": text_transformer,
}


def source(train: KerasTrain, admit: Admit = _known_scripts.note, *, trust: bool = False) -> Source:
    """Find the network. Runs the user's script, once ``admit`` lets it.

    Raises
    ------
    ModelLoadingError
        If the script or the file gives none.
    InvalidConfiguration
        If the notebook's variable is no network.
    """
    if train.architecture is not None:
        return Source(ARCHITECTURES[train.architecture], None, train.architecture, "architecture")
    if train.compiled_model is not None:
        return Source(None, _from_file(train, admit, trust), Path(train.compiled_model).name, "compiledModel")
    if train.model_script is not None:
        found = load_network(Path(train.model_script).expanduser(), train.model_class, admit)
        return _sourced(found, "modelScript")
    assert train.model is not None
    value = train.model.value
    if isinstance(value, keras.Model) or inspect.isfunction(value) or _is_class(value):
        return _sourced(value, "model")
    message = f"model must be a keras.Model, as a class, a function that gives one or an instance; {train.model} is "
    message += describe(value, "keras.Model")
    raise InvalidConfiguration([Fault("config.model", message, value=str(train.model))])


def image_shape(model: Any) -> tuple[int | None, ...] | None:
    """Height, width and channels that a model takes, None for any; None where it does not say, or takes no images."""
    shape = _row(model)
    return shape if shape is not None and len(shape) == 3 else None


def text_tokens(model: Any) -> tuple[int | None, int | None]:
    """Tokens of a text that a model takes, and how many it knows; None where it does not say."""
    shape = _row(model)
    layers = model._flatten_layers() if isinstance(model, keras.Model) else ()
    # A smaller one is of positions.
    known = max((layer.input_dim for layer in layers if isinstance(layer, keras.layers.Embedding)), default=None)
    return (shape[0] if shape is not None and len(shape) == 1 else None), known


def scales_itself(model: Any) -> bool:
    """Whether the layers that scale come first in a model: it takes pixels and columns as they are."""
    layers = model._flatten_layers() if isinstance(model, keras.Model) else ()
    return next((_scales(layer) for layer in layers if _scales(layer) or _weighs(layer)), False)


def _scales(layer: Any) -> bool:
    if isinstance(layer, keras.layers.Normalization):  # one that was never adapted does nothing
        known = layer.mean is not None and layer.variance is not None
        return known and bool(np.any(np.asarray(layer.mean) != 0) or np.any(np.asarray(layer.variance) != 1))
    return isinstance(layer, keras.layers.Rescaling)


def _weighs(layer: Any) -> bool:
    return bool(layer.weights) and not isinstance(layer, keras.Model)


def _row(model: Any) -> tuple[int | None, ...] | None:
    shape = getattr(model, "input_shape", None) if getattr(model, "built", False) else None
    return tuple(shape[1:]) if isinstance(shape, tuple) else None


def build(found: Source, given: Arguments, *, mixed: bool) -> keras.Model:
    """A network to train: a new one, or a copy of the user's.

    Raises
    ------
    ModelLoadingError
        If its class raises, or makes something else.
    InvalidConfiguration
        If the user's cannot be copied.
    """
    dtype = _policy() if mixed else None
    if found.make is None:
        return _copy(found, dtype)
    with _default_policy(dtype):
        model: keras.Model = _source.build(found.make, found.name, given, keras.Model, "keras.Model")
    if _is_class(found.make) and not overrides(model, "get_config"):
        # Keras forgets what a class was called with; its file would not say it.
        model.get_config = lambda: dict(given.values)
    return model


def _from_file(train: KerasTrain, admit: Admit, trust: bool) -> keras.Model:
    assert train.compiled_model is not None
    objects: dict[str, Any] = {}
    if train.model_script is not None:
        objects = objects_of(run_script(Path(train.model_script).expanduser(), None, admit))
    path = Path(train.compiled_model).expanduser()
    return _files.read(path, objects, way_to_trust=_files.BY_KEY, trust=trust, compiled=True)


def _sourced(value: Any, key: str) -> Source:
    if isinstance(value, keras.Model):
        return Source(None, value, type(value).__name__, key)
    return Source(value, None, value.__name__, key)


def _is_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, keras.Model)


def _copy(found: Source, dtype: str | None) -> keras.Model:
    try:
        return copied(found.given, dtype)
    except Exception as error:  # a class's own get_config and from_config may fail in any way
        cause = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        message = f"{found.name} cannot be copied, and training never changes a model that it is given"
        raise InvalidConfiguration(
            [Fault(f"config.{found.key}", message)],
            stderr=cause,
            solution="Give its class or a function that makes it (model: $Net), or give the class get_config()",
        ) from None


def _policy() -> str:
    return "mixed_float16" if _backend.has_gpu() else "mixed_bfloat16"


@contextmanager
def _default_policy(dtype: str | None) -> Iterator[None]:
    """Make layers of this policy inside the block."""
    before = keras.config.dtype_policy()
    if dtype is not None:
        keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        if dtype is not None:
            keras.config.set_dtype_policy(before)
