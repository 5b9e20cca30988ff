"""TensorFlow's SavedModel directories: a graph, not Python, yet one that could touch files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from mlmagic._tensorflow import tensorflow
from mlmagic.errors import ModelLoadingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRAPH = "saved_model.pb"
# The signature that predicts, in Keras' words and in TensorFlow's.
_ENDPOINTS = ("serve", "serving_default")
# Operations that reach out of the graph: https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md
_REACHING = {
    "EagerPyFunc",
    "MatchingFiles",
    "MergeV2Checkpoints",
    "PyFunc",
    "PyFuncStateless",
    "ReadFile",
    "Restore",
    "RestoreSlice",
    "RestoreV2",
    "Save",
    "SaveSlices",
    "SaveV2",
    "WriteFile",
}


def read(path: Path, *, way_to_trust: str, trust: bool) -> keras.Model:
    """Read a SavedModel as a model that only predicts.

    Raises
    ------
    ModelLoadingError
        If it is none, its signature takes more than one input, or its graph reads or writes files or runs Python.
    """
    if keras.backend.backend() != "tensorflow":
        raise ModelLoadingError(
            f"{path.name} is a SavedModel, which Keras reads over TensorFlow only; here it runs over "
            f"{keras.backend.backend()}",
            solution="Set KERAS_BACKEND=tensorflow and restart, or name a .keras file",
        )
    if not (path / GRAPH).is_file():
        raise ModelLoadingError(
            f"{path} is no SavedModel: it lacks {GRAPH}", solution="Name the directory that holds it, or a .keras file"
        )
    tf = tensorflow()
    try:
        reaching = [] if trust else sorted(_operations(path) & _REACHING)
        if reaching:
            raise ModelLoadingError(
                f"{path.name} is refused: its graph reaches out of itself ({', '.join(reaching)})",
                solution=f"Export it without them, or, {way_to_trust}",
            )
        loaded = tf.saved_model.load(str(path))
        return _model(tf, path, loaded)
    except ModelLoadingError:
        raise
    except Exception as error:  # a damaged file fails in any way
        first = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=first) from None


def _operations(path: Path) -> set[str]:
    """The operations of all that may run when the model is loaded or called."""
    from tensorflow.core.protobuf import saved_model_pb2

    graph = saved_model_pb2.SavedModel.FromString((path / GRAPH).read_bytes())
    return {node.op for meta in graph.meta_graphs for node in _running(meta)}


def _running(meta: Any) -> Iterator[Any]:
    """The nodes that may run: all but those which store and restore the model's own weights, which nobody calls."""
    functions = {function.signature.name: function.node_def for function in meta.graph_def.library.function}
    saver = {meta.saver_def.save_tensor_name.partition(":")[0], meta.saver_def.restore_op_name}
    todo = [node for node in meta.graph_def.node if node.name not in saver]
    todo += [node for name in meta.object_graph_def.concrete_functions for node in functions.pop(name, ())]
    while todo:
        node = todo.pop()
        yield node
        for value in node.attr.values():
            for called in (value.func, *value.list.func):
                todo += functions.pop(called.name, ())


def _model(tf: Any, path: Path, loaded: Any) -> keras.Model:
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
