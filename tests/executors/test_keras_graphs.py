"""SavedModels from elsewhere: what may reach out of its graph is refused before anything ran, the rest is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from google.protobuf.text_format import MessageToString  # noqa: E402
from tensorflow.core.framework import op_def_pb2  # noqa: E402
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402
from tensorflow.python.client import pywrap_tf_session  # noqa: E402

import mlmagic  # noqa: E402
from mlmagic.errors import ModelLoadingError  # noqa: E402
from mlmagic.executors.keras import _files  # noqa: E402
from mlmagic.executors.keras._operations import CHECKPOINT, HARMLESS, TEXT_FILE  # noqa: E402
from tests.executors.image_data import digits  # noqa: E402
from tests.executors.text_data import docstrings  # noqa: E402

ROW = tf.TensorSpec((None, 4), tf.float32)
ROWS = np.ones((3, 4), np.float32)


def read(path: Path, *, trust: bool = False) -> Any:
    return _files.read(path, {}, way_to_trust=_files.BY_KEY, trust=trust)


def predicted(model: Any, rows: Any = ROWS) -> np.ndarray:
    return np.asarray(model(tf.convert_to_tensor(rows)))


def saved(path: Path, body: Callable[[Any], Any], **tracked: Any) -> Path:
    """A module whose signature is ``body``."""
    module = tf.Module()
    for name, value in tracked.items():
        setattr(module, name, value)
    module.serve = tf.function(body, input_signature=[ROW])
    tf.saved_model.save(module, str(path), signatures={"serve": module.serve})
    return path


def changed(path: Path, change: Callable[[Any], None]) -> Path:
    """The SavedModel with its graph rewritten, as somebody who means ill would."""
    file = path / "saved_model.pb"
    proto = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(proto.meta_graphs[0])
    file.write_bytes(proto.SerializeToString())
    return path


def refused(path: Path, why: str) -> None:
    with pytest.raises(ModelLoadingError, match=why) as caught:
        read(path)
    assert caught.value.message.startswith(f"{path.name} is refused")
    assert caught.value.solution.endswith("if you know who made it: trust: true")


# -- Written or read when the model predicts -----------------------------------------------------------------------


def prints(path: Path) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        with tf.control_dependencies([tf.print("here", output_stream=f"file://{path}")]):
            return tf.reduce_sum(x, axis=1, keepdims=True)

    return body


def writes(path: Path) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        tf.io.write_file(str(path), "here")
        return tf.reduce_sum(x, axis=1, keepdims=True)

    return body


def saves(path: Path) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        saving = tf.raw_ops.SaveV2(prefix=str(path), tensor_names=["x"], shape_and_slices=[""], tensors=[x])
        with tf.control_dependencies([saving]):
            return tf.identity(x)

    return body


def in_branches(path: Path) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        tf.cond(tf.reduce_sum(x) > 0, lambda: tf.io.write_file(str(path), "here"), tf.no_op)
        return x

    return body


WRITERS = {"PrintV2": prints, "WriteFile": writes, "SaveV2": saves, "WriteFile in a branch": in_branches}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_graph_that_writes_is_refused_and_taken_with_trust(kind: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = saved(tmp_path / "model", WRITERS[kind](trace))
    refused(path, rf"may reach out of itself \({kind.split()[0]}\)")
    assert not list(tmp_path.glob("trace*"))
    predicted(read(path, trust=True))
    assert list(tmp_path.glob("trace*"))  # it would have written


def text_line(path: Path) -> Any:
    lines = tf.raw_ops.TextLineDataset(filenames=str(path), compression_type="", buffer_size=0)
    kinds = {"output_types": [tf.string], "output_shapes": [()]}
    iterator = tf.raw_ops.AnonymousIteratorV2(**kinds)[0]
    tf.raw_ops.MakeIterator(dataset=lines, iterator=iterator)
    return tf.raw_ops.IteratorGetNext(iterator=iterator, **kinds)[0]


READERS = {
    "TextLineDataset": text_line,
    "ReadFile": lambda path: tf.io.read_file(str(path)),
    "MatchingFiles": lambda path: tf.strings.length(tf.io.matching_files(str(path))[0]),
    "EagerPyFunc": lambda path: tf.py_function(lambda: path.read_text(), [], tf.string),
    "RestoreV2": lambda path: tf.raw_ops.RestoreV2(
        prefix=str(path), tensor_names=["x"], shape_and_slices=[""], dtypes=[tf.float32]
    )[0],
    "ImmutableConst": lambda path: tf.raw_ops.ImmutableConst(
        dtype=tf.uint8, shape=[1], memory_region_name=f"file://{path}"
    ),
}


@pytest.mark.parametrize("operation", READERS)
def test_a_graph_that_reads_is_refused(operation: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("7")

    def body(x: Any) -> Any:
        found = READERS[operation](secret)
        number = tf.strings.to_number(found) if found.dtype == tf.string else tf.cast(found, tf.float32)
        return x + tf.reshape(number, ())

    path = saved(tmp_path / "model", body)
    refused(path, rf"may reach out of itself \(.*{operation}")
    if operation in ("TextLineDataset", "ReadFile"):
        assert predicted(read(path, trust=True)) == pytest.approx(ROWS + 7)  # it would have told


# -- Run while TensorFlow reads the model --------------------------------------------------------------------------


def test_a_model_of_tensorflow_1_is_refused(tmp_path: Path) -> None:
    """It may name any operation as the one that restores its weights."""
    v1, path, trace = tf.compat.v1, tmp_path / "model", tmp_path / "trace"
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, (None, 4), name="x")
        weights = v1.get_variable("w", initializer=np.ones((4, 1), "float32"), use_resource=True)
        y = tf.matmul(x, weights)
        tf.raw_ops.WriteFile(filename=str(trace), contents="here", name="evil")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(path))
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    changed(path, lambda meta: setattr(meta.saver_def, "restore_op_name", "evil"))
    refused(path, "it is of TensorFlow 1")
    assert not trace.exists()
    tf.saved_model.load(str(path))
    assert trace.exists()  # reading it is enough


class Table(tf.saved_model.experimental.TrackableResource):
    """A table that does something else too while it is made, filled or thrown away."""

    def __init__(self, **also: Callable[[], Any]) -> None:
        super().__init__()
        self._also = also
        self._made = self.resource_handle

    def _create_resource(self) -> Any:
        self._also.get("create", tf.no_op)()
        return tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="table")

    def _initialize(self) -> None:
        self._also.get("initialize", tf.no_op)()

    def _destroy_resource(self) -> None:
        self._also.get("destroy", tf.no_op)()


@pytest.mark.parametrize("when", ["create", "initialize", "destroy"])
def test_what_a_resource_runs_is_looked_at(when: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    table = Table(**{when: lambda: tf.io.write_file(str(trace), "here")})
    path = saved(tmp_path / "model", lambda x: x + 0 * tf.cast(size_of(table), tf.float32), table=table)
    trace.unlink(missing_ok=True)
    refused(path, r"may reach out of itself \(WriteFile\)")
    assert not trace.exists()
    predicted(read(path, trust=True))
    if when != "destroy":
        assert trace.exists()


def size_of(table: Table) -> Any:
    return tf.raw_ops.LookupTableSizeV2(table_handle=table.resource_handle)


def test_the_saver_may_not_be_lent_to_others(tmp_path: Path) -> None:
    """Saving and restoring is let pass only where nothing that runs can call it."""

    def model(name: str) -> Path:
        return saved(tmp_path / name, lambda x: x * weights, weights=weights)

    weights = tf.Variable(2.0)
    assert predicted(read(model("whole"))) == pytest.approx(ROWS * 2)

    def called(meta: Any) -> None:
        (saver,) = (node for node in meta.graph_def.node if node.name == meta.saver_def.restore_op_name)
        for function in meta.graph_def.library.function:
            if any(node.op == "Mul" for node in function.node_def):
                function.node_def.add(name="evil", op="PartitionedCall").attr["f"].CopyFrom(saver.attr["f"])

    refused(changed(model("called"), called), r"\(MergeV2Checkpoints|\(RestoreV2")

    def as_object(meta: Any) -> None:
        (saver,) = (node for node in meta.graph_def.node if node.name == meta.saver_def.restore_op_name)
        node = meta.object_graph_def.nodes.add()
        node.bare_concrete_function.concrete_function_name = saver.attr["f"].func.name

    refused(changed(model("as_object"), as_object), r"\(RestoreV2\)")

    def as_gradient(meta: Any) -> None:
        (saver,) = (node for node in meta.graph_def.node if node.name == meta.saver_def.restore_op_name)
        meta.graph_def.library.registered_gradients.add(
            gradient_func=saver.attr["f"].func.name, registered_op_type="CustomGradient-1"
        )

    refused(changed(model("as_gradient"), as_gradient), r"\(RestoreV2\)")

    def in_anothers_place(meta: Any) -> None:
        (saver,) = (node for node in meta.graph_def.node if node.name == meta.saver_def.restore_op_name)
        for function in meta.graph_def.library.function:
            if function.signature.name == saver.attr["f"].func.name:
                function.attr["api_implements"].s = b"mul"

    refused(changed(model("in_anothers_place"), in_anothers_place), r"\(RestoreV2\)")

    def elsewhere(meta: Any) -> None:
        meta.saver_def.restore_op_name = meta.saver_def.filename_tensor_name.partition(":")[0]

    refused(changed(model("elsewhere"), elsewhere), r"\(RestoreV2\)")


def test_functions_that_nobody_calls_are_looked_at_too(tmp_path: Path) -> None:
    path = saved(tmp_path / "model", lambda x: x)

    def unused(meta: Any) -> None:
        function = meta.graph_def.library.function.add()
        function.signature.name = "unused"
        function.node_def.add(name="read", op="ReadFile")

    refused(changed(path, unused), r"\(ReadFile\)")


def test_an_operation_nobody_knows_and_a_class_of_another_package_are_refused(tmp_path: Path) -> None:
    def renamed(meta: Any) -> None:
        for function in meta.graph_def.library.function:
            for node in function.node_def:
                node.op = "SentencepieceOp" if node.op == "Mul" else node.op

    path = saved(tmp_path / "model", lambda x: x * tf.reduce_sum(x))
    refused(changed(path, renamed), r"may reach out of itself \(SentencepieceOp\)")

    def registered(meta: Any) -> None:
        meta.object_graph_def.nodes[0].registered_name = "other.Gadget"

    path = saved(tmp_path / "other", lambda x: x)
    refused(changed(path, registered), r"has classes of other packages made \(other\.Gadget\)")


# -- Tables from files ---------------------------------------------------------------------------------------------


def from_file(path: Path, words: Path) -> Path:
    """A model that looks words up in a table which is filled from a file: an asset, as TensorFlow writes it."""
    filled = tf.lookup.TextFileInitializer(
        str(words), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    table = tf.lookup.StaticHashTable(filled, -1)
    found = saved(
        path, lambda x: tf.cast(table.lookup(tf.strings.as_string(tf.cast(x, tf.int32))), tf.float32), t=table
    )
    words.unlink()
    return found


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("0\n7\n1\n")
    return path


def test_a_table_from_an_asset_is_read(tmp_path: Path, words: Path) -> None:
    path = from_file(tmp_path / "model", words)
    assert (predicted(read(path)) == 2).all()
    again = tf.saved_model.load(str(path))  # one that was read and written again
    tf.saved_model.save(again, str(tmp_path / "again"), signatures={"serve": again.signatures["serve"]})
    assert (predicted(read(tmp_path / "again")) == 2).all()


def test_an_asset_elsewhere_is_refused(tmp_path: Path, words: Path) -> None:
    path = from_file(tmp_path / "model", words)
    secret = tmp_path / "secret"
    secret.write_text("1\n")
    for name in ("../../secret", str(secret)):

        def named(meta: Any, name: str = name) -> None:
            meta.asset_file_def[0].filename = name

        refused(changed(path, named), "its assets lie outside its directory")
        assert (predicted(read(path, trust=True)) == 0).all()  # it would have told
    (path / "assets" / "link").symlink_to(secret)
    refused(changed(path, lambda meta: setattr(meta.asset_file_def[0], "filename", "link")), r"\(link\)")


def test_a_table_from_another_file_is_refused(tmp_path: Path, words: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("1\n")

    def by_constant(meta: Any) -> None:
        for function, node in fillings(meta):
            constant = function.node_def.add(name="path", op="Const")
            constant.attr["dtype"].type = tf.string.as_datatype_enum
            constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(str(secret)))
            node.input[1] = "path:output:0"

    def by_capture(meta: Any) -> None:
        """The asset's place in the functions is taken by a constant among the objects."""
        constant = meta.graph_def.node.add(name="path", op="Const")
        constant.attr["dtype"].type = tf.string.as_datatype_enum
        constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(str(secret)))
        nodes = meta.object_graph_def.nodes
        place = next(number for number, node in enumerate(nodes) if node.WhichOneof("kind") == "asset")
        nodes[place].constant.operation = "path"

    for number, change in enumerate((by_constant, by_capture)):
        words.write_text("0\n7\n1\n")
        path = changed(from_file(tmp_path / f"model{number}", words), change)
        refused(path, rf"may reach out of itself \({TEXT_FILE}\)")
        assert (predicted(read(path, trust=True)) == 0).all()  # it would have told


def fillings(meta: Any) -> Iterator[tuple[Any, Any]]:
    for function in meta.graph_def.library.function:
        for node in [node for node in function.node_def if node.op == TEXT_FILE]:
            yield function, node


def test_an_asset_that_is_given_another_path_is_refused(tmp_path: Path, words: Path) -> None:
    def with_a_child(meta: Any) -> None:
        for node in meta.object_graph_def.nodes:
            if node.WhichOneof("kind") == "asset":
                node.children.add(node_id=0, local_name="_path")

    refused(changed(from_file(tmp_path / "model", words), with_a_child), rf"\({TEXT_FILE}\)")


# -- What is taken -------------------------------------------------------------------------------------------------


def table(rows: int = 60) -> pd.DataFrame:
    values = np.random.default_rng(0).normal(size=(rows, 3)).cumsum(axis=0)
    return pd.DataFrame(values, columns=list("abc"))


OURS: dict[str, dict[str, Any]] = {
    "mlp": {"data": "$table", "target": "b"},
    "windows": {"architecture": "mlp", "data": "$table", "target": "b", "window": 6},
    "cnn": {"hyperparameters": {"channels": [4]}},
    "resnet18": {"imageSize": 32, "batchSize": 16},
    "text_transformer": {
        "data": "$texts",
        "target": "library",
        "hyperparameters": {"width": 16, "layers": 1, "heads": 2, "vocabulary": 300, "maxLength": 8},
    },
}


@pytest.mark.parametrize("kind", OURS)
def test_what_a_run_wrote_is_read_without_trust(kind: str, here: Path) -> None:
    given = {"action": "train", "framework": "keras", "architecture": kind, "epochs": 1, "gpuEnabled": False}
    if "data" not in OURS[kind]:
        given["dataPath"] = str(digits(here / "digits", count=40))
    names = {"table": table(), "texts": docstrings().head(60)} if "data" in OURS[kind] else {}
    report = mlmagic.run({**given, **OURS[kind]}, **names)
    model = read(Path(report.artifacts["savedModel"]))
    rows = np.ones((2, *(size or 8 for size in model.inputs[0].shape[1:])), model.inputs[0].dtype)
    assert predicted(model, rows) == pytest.approx(report.model.predict(rows, verbose=0), abs=1e-5)


def test_keras_layers_are_read_without_trust(tmp_path: Path) -> None:
    layers = keras.layers
    text = keras.Input((1,), dtype="string")
    vectors = layers.TextVectorization(8, output_sequence_length=5, ngrams=2)
    vectors.adapt(["one two three", "two three four"])
    lookup = layers.StringLookup(vocabulary=["one two", "three"], num_oov_indices=2)
    x = layers.Embedding(8, 4)(vectors(text))
    x = layers.Bidirectional(layers.LSTM(4))(x) + layers.GRU(8)(x)
    x = layers.Normalization(mean=0.5, variance=2.0)(layers.Dropout(0.5)(x))
    hashed = layers.Hashing(4, output_mode="one_hot")(text)
    crossed = layers.CategoryEncoding(5)(lookup(text))
    net = keras.Model(text, layers.Dense(2)(layers.Concatenate()([x, hashed, crossed])))
    net.export(str(tmp_path / "net"), verbose=False)
    rows = np.array([["one two"], ["four"], ["never seen"]])
    assert predicted(read(tmp_path / "net"), rows) == pytest.approx(np.asarray(net(tf.constant(rows))), abs=1e-6)


def test_layers_of_images_are_read_without_trust(tmp_path: Path) -> None:
    layers = keras.layers
    net = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(1 / 255),
            *(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.PReLU(), layers.DepthwiseConv2D(3)),
            *(
                layers.SeparableConv2D(4, 2),
                layers.Conv2DTranspose(4, 3),
                layers.UpSampling2D(2),
                layers.MaxPooling2D(),
            ),
            *(layers.LayerNormalization(), layers.GroupNormalization(2), layers.SpatialDropout2D(0.2)),
            *(layers.Reshape((-1, 4)), layers.GaussianNoise(0.1), layers.Conv1D(4, 3, padding="causal")),
            *(layers.GlobalAveragePooling1D(), layers.Dense(2, "softmax")),
        ]
    )
    net.export(str(tmp_path / "net"), verbose=False)
    rows = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 3)).astype("float32")
    assert predicted(read(tmp_path / "net"), rows) == pytest.approx(net.predict(rows, verbose=0), abs=1e-5)


def test_layers_of_chance_are_read_without_trust(tmp_path: Path) -> None:
    """Keras exports them as they are in training."""
    layers = keras.layers
    changes = [layers.Resizing(18, 18), layers.CenterCrop(16, 16)]
    changes += [layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomZoom(0.1), layers.RandomContrast(0.1)]
    changes += [layers.RandomTranslation(0.1, 0.1), layers.RandomCrop(8, 8), layers.RandomBrightness(0.1)]
    net = keras.Sequential([keras.Input((16, 16, 3)), *changes])
    net.export(str(tmp_path / "net"), verbose=False)
    assert predicted(read(tmp_path / "net"), np.ones((2, 16, 16, 3), np.float32)).shape == (2, 8, 8, 3)


class Written(tf.Module):
    """A module by hand: loops, branches, tables, a counter, chance and a gradient of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable(tf.ones((4, 1)))
        self.calls = tf.Variable(0, dtype=tf.int64)
        given = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([3.0, 4.0]))
        self.table = tf.lookup.StaticHashTable(given, 0.0)
        self.seen = tf.lookup.experimental.MutableHashTable(tf.int64, tf.int64, -1)
        self.chance = tf.random.Generator.from_seed(1)

    @tf.function(input_signature=[ROW])
    def serve(self, x: Any) -> Any:
        self.calls.assign_add(1)
        self.seen.insert(self.calls, self.calls)
        tf.debugging.assert_all_finite(x, "finite")
        total = tf.zeros((tf.shape(x)[0], 1))
        for _ in tf.range(3):
            total += x @ self.weights
        number = 0
        while number < tf.cast(self.seen.lookup(self.calls), tf.int32) % 2:
            number += 1
        kept = tf.TensorArray(tf.float32, size=2).write(0, total).write(1, total).stack()
        noise = 0 * self.chance.normal((1,)) + 0 * tf.random.uniform((1,))
        looked = tf.cond(tf.reduce_sum(x) > 0, lambda: self.looked("b"), lambda: self.looked("a"))
        return self.own(kept[0]) + looked + noise

    def looked(self, word: str) -> Any:
        return self.table.lookup(tf.constant(word))

    @staticmethod
    @tf.custom_gradient
    def own(x: Any) -> Any:
        return tf.identity(x), lambda gradient: gradient * 2


def test_a_module_by_hand_is_read_without_trust(tmp_path: Path) -> None:
    module = Written()
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=True)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures={"serve": module.serve}, options=options)
    assert predicted(read(tmp_path / "model")) == pytest.approx(np.full((3, 1), 12 + 4))
    assert predicted(read(tmp_path / "model"), -ROWS) == pytest.approx(np.full((3, 1), -12 + 3))


# -- The list ------------------------------------------------------------------------------------------------------


def test_no_harmless_operation_says_that_it_takes_a_file_an_address_or_python() -> None:
    """By the names of what each takes, in the words of the installed TensorFlow."""
    every = op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    known = {operation.name: operation for operation in every.op}
    assert len(HARMLESS & known.keys()) > 700
    assert not HARMLESS & (CHECKPOINT | {TEXT_FILE})
    suspect = ("file", "url", "address", "memory_region", "token", "descriptor", "output_stream", "dataset")
    for name in HARMLESS & known.keys():
        operation = known[name]
        taken = [each.name for each in (*operation.input_arg, *operation.attr)]
        assert not [each for each in taken if any(word in each.lower() for word in suspect)], MessageToString(operation)
