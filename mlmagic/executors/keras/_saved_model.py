"""TensorFlow's SavedModel directories: a graph, not Python, yet a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from mlmagic._tensorflow import tensorflow
from mlmagic.errors import ModelLoadingError
from mlmagic.executors.keras import _graph

if TYPE_CHECKING:
    from pathlib import Path

# The signature that predicts, in Keras' words and in TensorFlow's.
_ENDPOINTS = ("serve", "serving_default")


def read(path: Path, *, way_to_trust: str, trust: bool) -> keras.Model:
    """Read a SavedModel as a model that only predicts.

    Parameters
    ----------
    way_to_trust
        What a person does who knows its maker, where its graph may reach out of itself.
    trust
        Whether it may.

    Raises
    ------
    ModelLoadingError
        If it is none, its signature takes more than one input or gives more than one output, or, without ``trust``,
        an operation of it is not known to leave files, the network, processes and Python alone.
    """
    if keras.backend.backend() != "tensorflow":
        raise ModelLoadingError(
            f"{path.name} is a SavedModel, which Keras reads over TensorFlow only; here it runs over "
            f"{keras.backend.backend()}",
            solution="Set KERAS_BACKEND=tensorflow and restart, or name a .keras file",
        )
    if not (path / _graph.GRAPH).is_file():
        raise ModelLoadingError(
            f"{path} is no SavedModel: it lacks {_graph.GRAPH}",
            solution="Name the directory that holds it, or a .keras file",
        )
    tf = tensorflow()
    try:
        objection = None if trust else _graph.objection(path)
        if objection is not None:
            raise ModelLoadingError(
                f"{path.name} is refused: {objection}", solution=f"Export it without that, or, {way_to_trust}"
            )
        return _model(path, tf.saved_model.load(str(path)))
    except ModelLoadingError:
        raise
    except Exception as error:  # a damaged file fails in any way
        first = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=first) from None


def _model(path: Path, loaded: Any) -> keras.Model:
    signatures = loaded.signatures
    endpoint = next((name for name in _ENDPOINTS if name in signatures), None)
    if endpoint is None:
        raise ModelLoadingError(
            f"{path.name} has no signature {' or '.join(_ENDPOINTS)}; it has {', '.join(signatures) or 'none'}",
            solution="Export it with model.export(...)",
        )
    function = signatures[endpoint]
    _, inputs = function.structured_input_signature
    outputs = function.structured_outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelLoadingError(
            f"{path.name} takes {len(inputs)} inputs and gives {len(outputs)} outputs; a table needs one of each"
        )
    (name, spec), (output,) = next(iter(inputs.items())), outputs
    given = keras.Input(tuple(spec.shape[1:]), dtype=spec.dtype.name)
    return keras.Model(given, _Signature(loaded, lambda values: function(**{name: values})[output])(given))


class _Signature(keras.layers.Layer):
    """A layer that calls a function of a graph."""

    def __init__(self, loaded: Any, function: Any) -> None:
        super().__init__(dtype=None)
        self._loaded = loaded  # holds the graph's weights
        self._function = function

    def call(self, inputs: Any) -> Any:
        """Call it."""
        return self._function(inputs)
