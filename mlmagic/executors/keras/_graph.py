"""Whether a SavedModel from elsewhere may be read: what TensorFlow runs of it must not reach out of its graph.

TensorFlow runs part of a graph while it reads it (tables are made and filled, weights restored) and the rest when the
model predicts. https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md: "TensorFlow models are programs".
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mlmagic.executors.keras._operations import CHECKPOINT, HARMLESS, TEXT_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

GRAPH = "saved_model.pb"
_CALLS = {"PartitionedCall", "StatefulPartitionedCall"}
# What TensorFlow itself writes; other packages may have classes of theirs made while a model is read.
_CLASSES = {"", "tf.StaticHashTable", "tf.TrackableConstant"}


def objection(path: Path) -> str | None:
    """Why the SavedModel in a directory is not to be read without trust; None where nothing speaks against it."""
    from tensorflow.core.protobuf import saved_model_pb2

    graphs = saved_model_pb2.SavedModel.FromString((path / GRAPH).read_bytes()).meta_graphs
    if len(graphs) != 1 or not graphs[0].HasField("object_graph_def"):
        return "it is of TensorFlow 1, which runs any operation that the file names while it reads it"
    (meta,) = graphs
    if names := sorted(_classes(meta) - _CLASSES):
        return f"it has classes of other packages made ({', '.join(names)})"
    if names := sorted(_outside(path, meta)):
        return f"its assets lie outside its directory ({', '.join(names)})"
    if names := sorted(set(_Library(meta).reaching())):
        return f"its graph may reach out of itself ({', '.join(names)})"
    return None


def _classes(meta: Any) -> set[str]:
    """Whom TensorFlow would ask to make, write and restore the model's objects."""
    nodes = meta.object_graph_def.nodes
    return {name for node in nodes for name in (node.registered_name, node.registered_saver)}


def _outside(path: Path, meta: Any) -> Iterator[str]:
    home = path.resolve()
    for asset in meta.asset_file_def:
        if not (path / "assets" / asset.filename).resolve().is_relative_to(home):
            yield asset.filename


class _Library:
    """The functions of a graph, by name."""

    def __init__(self, meta: Any) -> None:
        self._meta = meta
        self._functions: defaultdict[str, list[Any]] = defaultdict(list)
        for function in meta.graph_def.library.function:
            self._functions[function.signature.name].append(function)

    def reaching(self) -> Iterator[str]:
        """The operations that may reach out of the graph: all that are not known to be harmless."""
        saving = self._saving()
        for name, functions in self._functions.items():
            allowed = HARMLESS | CHECKPOINT if name in saving else HARMLESS
            for function in functions:
                yield from self._unknown(function, allowed)
        # TensorFlow 2 does not run these, but nothing but what it writes belongs here.
        yield from {node.op for node in self._meta.graph_def.node} - HARMLESS - CHECKPOINT

    def _unknown(self, function: Any, allowed: frozenset[str]) -> Iterator[str]:
        for node in function.node_def:
            if node.op == TEXT_FILE:
                if not self._is_asset(function, node.input[1]):
                    yield node.op
            elif node.op not in allowed:
                yield node.op

    def _saving(self) -> set[str]:
        """The functions that only save and restore the weights: TensorFlow reads weights without them."""
        saver = self._meta.saver_def
        theirs = {saver.save_tensor_name.partition(":")[0], saver.restore_op_name}
        nodes = self._meta.graph_def.node
        running = {
            *self._called(node.attr for node in nodes if node.name not in theirs),
            *self._started(),
        }
        saving = set(self._called(node.attr for node in nodes if node.name in theirs))
        return self._reached(saving) - self._reached(running)

    def _started(self) -> Iterator[str]:
        """The functions that others than nodes may call: objects, gradients, and TensorFlow in another's place."""
        yield from self._objects()
        yield from self._gradients()
        for name, functions in self._functions.items():
            if any("api_implements" in function.attr for function in functions):
                yield name

    def _objects(self) -> Iterator[str]:
        """The functions that the model's objects have."""
        graph = self._meta.object_graph_def
        yield from graph.concrete_functions
        for node in graph.nodes:  # TensorFlow takes one that is not listed above for one without captures
            yield from node.function.concrete_functions
            yield node.bare_concrete_function.concrete_function_name

    def _gradients(self) -> Iterator[str]:
        library = self._meta.graph_def.library
        for gradient in (*library.gradient, *library.registered_gradients):
            yield gradient.gradient_func

    def _reached(self, names: set[str]) -> set[str]:
        """These functions and all that they call."""
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                for function in self._functions.get(name, ()):
                    todo += self._called((function.attr, *(node.attr for node in function.node_def)))
        return found

    def _called(self, attributes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        for given in attributes:
            for value in given.values():
                for function in (value.func, *value.list.func):
                    if function.name:
                        yield function.name
                        yield from self._called([function.attr])

    def _is_asset(self, function: Any, argument: str) -> bool:
        """Whether an argument of a function is one of the model's assets, whoever calls it."""
        name, arguments = function.signature.name, [each.name for each in function.signature.input_arg]
        if argument not in arguments or name in self._gradients() or "api_implements" in function.attr:
            return False
        place = arguments.index(argument)
        concrete = self._meta.object_graph_def.concrete_functions
        if name in self._objects() and not self._binds_asset(concrete[name], place - len(arguments)):
            return False
        callers = [(caller, node) for caller, node in self._nodes() if name in self._called([node.attr])]
        return all(node.op in _CALLS and self._is_asset(caller, node.input[place]) for caller, node in callers)

    def _binds_asset(self, concrete: Any, place: int) -> bool:
        """Whether an object's function is given an asset for the argument that is so far from the last."""
        bound = concrete.bound_inputs
        if len(bound) < -place:
            return False
        node = self._meta.object_graph_def.nodes[bound[place]]
        return node.WhichOneof("kind") == "asset" and not node.registered_name and not node.children

    def _nodes(self) -> Iterator[tuple[Any, Any]]:
        for functions in self._functions.values():
            for function in functions:
                for node in function.node_def:
                    yield function, node
