"""A copy of a model that is there already, so that the user's own is never changed."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

_LIBRARIES = {"jax", "keras", "mlmagic", "numpy", "tensorflow", "torch", *sys.stdlib_module_names} - {"__main__"}


def copied(model: keras.Model, dtype: str | None = None) -> keras.Model:
    """Copy a model with its weights, and with optimizer and loss if it is compiled.

    Parameters
    ----------
    dtype
        A policy for every layer, such as "mixed_float16"; None for each layer's own.

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        If Keras cannot make the model again from its config, as with most classes of one's own.
    """
    with keras.saving.custom_object_scope(own_objects(model) | compiled_objects(model)):
        clone = _clone(model, dtype)
        if model.built and not clone.built:
            clone.build_from_config(model.get_build_config())
        if model.built:
            give_weights(clone, model.get_weights())
        if model.compiled:
            clone.compile_from_config(model.get_compile_config())
            _take_state(model.optimizer, clone.optimizer)
    return clone


def give_weights(model: keras.Model, weights: list[Any]) -> None:
    """Set all weights; a layer that was adapted counts with constants, which Keras makes of them for files only."""
    model.set_weights(weights)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def snapshot(value: Any, *, fitted: bool) -> Any:
    """A model with its weights, fitted or not, where Keras can copy it; all else as it is.

    A model that cannot be copied is one too that the run will say something about.
    """
    if not isinstance(value, keras.Model):
        return value
    try:
        return copied(value)
    except Exception:  # a class's own get_config and from_config may fail in any way
        return value


def own_objects(model: keras.Model) -> dict[str, Any]:
    """Classes and functions of the user's own that a model is made of, by the names in its config."""
    return _named(own for part in model._flatten_layers() for own in (part, type(part), *_values(part)))


def compiled_objects(model: keras.Model) -> dict[str, Any]:
    """Classes and functions of the user's own that it is compiled with, by the names in its config."""
    if not model.compiled:
        return {}
    metrics = getattr(model._compile_metrics, "_user_metrics", None)
    return _named(own for part in keras.tree.flatten([model.loss, metrics]) for own in (part, type(part)))


def objects_of(script: ModuleType) -> dict[str, Any]:
    """Classes and functions of the user's own that a script has, by name."""
    return {name: value for name, value in vars(script).items() if _is_own(value)}


def overrides(model: keras.Model, method: str) -> bool:
    """Whether the model's class has a method of its own in place of Keras'."""
    return not getattr(type(model), method).__module__.startswith("keras.")


def _named(found: Iterable[Any]) -> dict[str, Any]:
    own = [value for value in found if _is_own(value)]
    return {name: value for value in own for name in {value.__name__, keras.saving.get_registered_name(value)}}


def _clone(model: keras.Model, dtype: str | None) -> keras.Model:
    if not (isinstance(model, keras.Sequential) or hasattr(model, "operations")):
        return keras.models.clone_model(model)  # by its class's own config

    def layer_again(layer: Any) -> Any:
        if isinstance(layer, keras.layers.Lambda):
            return _lambda_again(layer)
        # Keras' operations, which a functional model has between its layers, know no policy.
        policy = {"dtype": dtype} if dtype and isinstance(layer, keras.Layer) else {}
        return type(layer).from_config(layer.get_config() | policy)

    return keras.models.clone_model(model, clone_function=layer_again, recursive=True)


def _lambda_again(layer: Any) -> Any:
    """A Lambda layer with the same function, which is here already: from its config Keras would refuse it."""
    return keras.layers.Lambda(
        layer.function,
        output_shape=layer._output_shape,
        mask=layer.mask,
        arguments=layer.arguments,
        name=layer.name,
        dtype=layer.dtype_policy,
    )


def _take_state(source: Any, target: Any) -> None:
    """Let an optimizer go on where another is; one that an .h5 file left half restored begins anew."""
    if source is None or not source.built:
        return
    if [tuple(item.shape) for item in source.variables] == [tuple(item.shape) for item in target.variables]:
        for variable, value in zip(target.variables, source.variables, strict=True):
            variable.assign(value)


def _values(part: Any) -> Iterator[Any]:
    """What an object holds: a layer's activation, say, and the class of its initializer."""
    held: Mapping[str, Any] = getattr(part, "__dict__", {})
    for value in held.values():
        yield from (value, type(value))


def _is_own(value: Any) -> bool:
    if not (inspect.isclass(value) or inspect.isfunction(value)) or value.__name__ == "<lambda>":
        return False
    return (value.__module__ or "").partition(".")[0] not in _LIBRARIES
