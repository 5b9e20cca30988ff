"""Where Keras' networks come from, and everything that can be wrong with them; their files."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from sklearn.datasets import load_diabetes, load_iris  # noqa: E402

import mlmagic  # noqa: E402
import mlmagic.executors._networks._checkpoints as checkpoints  # noqa: E402
from mlmagic.config import UNBOUND, resolve  # noqa: E402
from mlmagic.errors import InvalidConfiguration, ModelLoadingError  # noqa: E402
from mlmagic.events import Artifact, Log  # noqa: E402
from mlmagic.executors._networks._script import MODULE  # noqa: E402
from tests.executors.keras_run import prepare  # noqa: E402
from tests.executors.torch_run import Run  # noqa: E402

ROOT = Path(__file__).parents[2]
IRIS = load_iris(as_frame=True).frame
DIABETES = load_diabetes(as_frame=True).frame

SUBCLASS = """
import keras

from layers import Block


class Net(keras.Model):
    def __init__(self, n_features, n_classes, hidden=8):
        super().__init__()
        self.body = Block(hidden)
        self.head = keras.layers.Dense(n_classes)

    def call(self, x):
        return self.head(self.body(x))
"""
LAYERS = """
import keras


class Block(keras.layers.Layer):
    def __init__(self, units, **rest):
        super().__init__(**rest)
        self.units = units
        self.dense = keras.layers.Dense(units, activation="relu")

    def call(self, x):
        return self.dense(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
"""
FUNCTION = """
import keras
from layers import Block


def build_model(input_shape, num_classes, hidden=8):
    model = keras.Sequential([keras.Input(input_shape), Block(hidden), keras.layers.Dense(num_classes, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model
"""
INSTANCE = """
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "layers.py").write_text(LAYERS)
    path = tmp_path / "model.py"
    path.write_text(SUBCLASS)
    return path


def iris(**keys: Any) -> Run:
    return prepare(IRIS, target="target", epochs=keys.pop("epochs", 1), **keys)


def fault(run: Run) -> str:
    with pytest.raises(InvalidConfiguration) as caught:
        run.check()
    return caught.value.message


def plain(outputs: int = 3, last: str | None = None, columns: int = 4) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input((columns,)), layers.Dense(8, "relu"), layers.Dense(outputs, last)])


def predicted(run: Run, outcome: Any = None) -> np.ndarray:
    given = run.executor.predict(outcome or run.outcome, run.data.test)
    return given.values if given.probabilities is None else given.probabilities


def saved(run: Run) -> Any:
    """The state of a run whose model is saved."""
    run.executor.save(run.outcome, run.config)
    state = run.state
    state.apply(Artifact("bestModel", "best_model.keras", 1), 0.0)
    return state


SCRIPTS = {"a class": SUBCLASS, "a function": FUNCTION, "a model": INSTANCE}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_script_is_run_and_its_network_comes_back_from_file_and_child(kind: str, script: Path) -> None:
    script.write_text(SCRIPTS[kind])
    modules, path = set(sys.modules), list(sys.path)
    home = script.parent / "run"
    run = iris(modelScript=str(script), directory=home).check().train()
    assert {"layers", MODULE}.isdisjoint(set(sys.modules) - modules)
    assert sys.path == path
    if kind != "a model":
        assert "taken from the data" in run.log
    assert run.metadata["optimizer"] == ("adam" if kind == "a class" else "sgd")
    expected = predicted(run)
    assert np.array_equal(predicted(run, run.executor.load(home, run.config, saved(run))), expected)
    sent = pickle.loads(cloudpickle.dumps(run.outcome, protocol=5))
    assert np.array_equal(predicted(run, sent), expected)
    assert sent.model.compiled
    again = run.executor.read(home / "saved_model", run.config)
    assert predicted(run, again) == pytest.approx(expected, abs=1e-6)
    assert list(again.classes) == [0, 1, 2]


def test_what_is_wrong_with_a_script_is_said(script: Path) -> None:
    two = "import keras\nclass A(keras.Model): ...\nclass B(keras.Model): ..."
    one = "import keras\nclass Network(keras.Model): ..."
    cases = {
        "print('no network here')": (None, "defines no keras.Model", ""),
        two: (None, "defines 2 networks: A, B", ""),
        "def f(:": (None, "SyntaxError", "def f(:"),
        "import keras\nkeras.layers.Dense(-1)": (None, "ValueError", "keras.layers.Dense(-1)"),
        one: ("Netwrok", "no class 'Netwrok'. Did you mean `Network`?", ""),
        "def build():\n    return 3": (None, "build must give a keras.Model; what it gave is of type int", ""),
        "def build(n_classes):\n    raise ValueError('no')": (None, "build(n_classes=3) failed: ValueError", "raise"),
    }  # fmt: skip
    for number, (text, (name, message, stderr)) in enumerate(cases.items()):
        path = script.parent / f"bad_{number}.py"
        path.write_text(text)
        with pytest.raises(ModelLoadingError) as caught:
            iris(modelScript=str(path), **({"modelClass": name} if name else {})).check()
        assert message in caught.value.message
        assert stderr in (caught.value.stderr or "")


def test_shapes_are_checked_before_training() -> None:
    message = fault(iris(model="$net", names={"net": plain(10)}))
    assert message == "Sequential gives (4, 10) for inputs of shape (4, 4), but 3 classes need (rows, 3)"
    assert "fails on inputs of shape (4, 4): ValueError" in fault(iris(model="$net", names={"net": plain(3, None, 7)}))
    regression = prepare(DIABETES, model="$net", names={"net": plain(2, None, 10)})
    assert "a number needs (rows,) or (rows, 1)" in fault(regression)
    wrong = plain(3, "softmax")
    wrong.compile("adam", "sparse_categorical_crossentropy", metrics=["mae"])
    assert "The metric mae fails on a target of shape (4,) and outputs of shape (4, 3)" in fault(
        iris(model="$net", names={"net": wrong})
    )
    frozen = plain()
    frozen.trainable = False
    assert "no parameters to train" in fault(iris(model="$net", names={"net": frozen}))
    assert "$net is of type dict" in fault(iris(model="$net", names={"net": {}}))
    assert fault(iris(model="$net", names={"net": keras.layers.Dense(3)})).endswith("$net is of type Dense")
    assert "already built" in fault(iris(model="$net", names={"net": plain()}, hyperparameters={"units": 3}))


def test_a_layers_own_error_shows_its_line() -> None:
    class Broken(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return keras.ops.reshape(x, (7, 7))  # the line that is shown

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.layer = Broken()

        def call(self, x: Any) -> Any:
            return self.layer(x)

    with pytest.raises(InvalidConfiguration, match="Net fails on inputs") as caught:
        iris(model="$Net", names={"Net": Net}).check()
    assert "the line that is shown" in caught.value.stderr


def test_an_instance_that_keras_cannot_copy_says_what_to_give_instead() -> None:
    class Net(keras.Model):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.layer = keras.layers.Dense(units)

        def call(self, x: Any) -> Any:
            return self.layer(x)

    net = Net(3)
    net(np.zeros((1, 4), "float32"))
    with pytest.raises(InvalidConfiguration, match="Net cannot be copied") as caught:
        iris(model="$net", names={"net": net}).check()
    assert "Give its class or a function" in caught.value.solution
    run = iris(model="$Net", names={"Net": Net}, hyperparameters={"units": 3}).check().train()
    sent = pickle.loads(cloudpickle.dumps(run.outcome, protocol=5))
    assert np.array_equal(predicted(run, sent), predicted(run))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_training_goes_on_from_a_file(suffix: str, tmp_path: Path) -> None:
    model = plain(3, "softmax")
    model.compile(keras.optimizers.Nadam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(IRIS.drop(columns="target").to_numpy("float32"), IRIS.target.to_numpy(), epochs=2, verbose=0)
    path = tmp_path / f"model{suffix}"
    model.save(path)
    keys = {"compiledModel": str(path), "featureScaling": "none", "optimizer": "sgd", "learningRate": 1e-9}
    run = iris(**keys, directory=tmp_path / "run").check().train()
    for ours, theirs in zip(run.outcome.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    run = iris(compiledModel=str(path), featureScaling="none").train()
    assert run.metadata["optimizer"] == "nadam"
    assert run.metadata["lossFunction"] == "sparse_categorical_crossentropy"
    # The optimizer goes on too, where the file has its state: an .h5 of Keras 3 has not.
    if suffix == ".keras":
        assert int(run.outcome.model.optimizer.iterations) == int(model.optimizer.iterations) + len(run.losses)
    read = run.executor.read(path, run.config)
    assert run.executor.predict(read, run.data.test).probabilities == pytest.approx(
        model.predict(run.data.test.X.to_numpy("float32"), verbose=0), abs=1e-6
    )


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_saved_straight_after_compile_is_read_without_a_warning(suffix: str, here: Path) -> None:
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(here / f"net{suffix}")
    keys = {"action": "evaluate", "framework": "tensorflow", "modelPath": f"net{suffix}", "data": "$df"}
    log = mlmagic.run({**keys, "target": "target"}, df=IRIS).log
    assert "150 rows" in log
    assert "optimizer" not in log
    assert "compiled metrics" not in log


def test_a_file_whose_classes_a_script_defines(script: Path) -> None:
    script.write_text(FUNCTION)
    home = script.parent / "first"
    first = iris(modelScript=str(script), directory=home).train()
    first.executor.save(first.outcome, first.config)
    file = str(home / "best_model.keras")
    with pytest.raises(ModelLoadingError, match="needs 'Block'") as caught:
        iris(compiledModel=file).check()
    assert "modelScript" in caught.value.solution
    second_home = script.parent / "second"
    run = iris(compiledModel=file, modelScript=str(script), directory=second_home).check().train()
    assert f"best_model.keras is the model that trains; {script.name} only has the classes" in run.log
    assert "the model that trains" not in first.log
    assert np.array_equal(predicted(run, run.executor.load(second_home, run.config, saved(run))), predicted(run))
    sent = pickle.loads(cloudpickle.dumps(run.outcome, protocol=5))
    assert np.array_equal(predicted(run, sent), predicted(run))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_that_holds_code_is_refused_unless_it_is_trusted(suffix: str, tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential([layers.Input((4,)), layers.Lambda(lambda x: x * 2), layers.Dense(3)])
    path = tmp_path / f"model{suffix}"
    model.save(path)
    with pytest.raises(ModelLoadingError, match="refused: reading it would run code") as caught:
        iris(compiledModel=str(path)).check()
    assert "trust: true" in caught.value.solution
    if suffix == ".keras":
        run = iris(compiledModel=str(path), trust=True, directory=tmp_path / "run").train()
        state = saved(run)
        assert run.executor.load(tmp_path / "run", run.config, state) is not None
        with pytest.raises(ModelLoadingError, match="would run code") as caught:
            run.executor.load(tmp_path / "run", run.config.model_copy(update={"trust": False}), state)
        assert "--trust" in caught.value.solution


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    torn = tmp_path / "torn.keras"
    torn.write_bytes(b"torn")
    with pytest.raises(ModelLoadingError, match=r"torn\.keras: it is damaged"):
        iris(compiledModel=str(torn)).check()
    with pytest.raises(ModelLoadingError, match=r"nowhere\.h5 is not there"):
        iris(compiledModel=str(tmp_path / "nowhere.h5")).check()
    run = iris(architecture="mlp")
    for name, message in (("empty", "lacks saved_model.pb"), ("broken", "Failed to load broken")):
        (tmp_path / name).mkdir()
        if name == "broken":
            (tmp_path / name / "saved_model.pb").write_bytes(b"\xff" * 9)
        with pytest.raises(ModelLoadingError, match=message):
            run.executor.read(tmp_path / name, run.config)


def test_a_saved_model_that_touches_files_is_refused(tmp_path: Path) -> None:
    class Writer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32)])
        def serve(self, x: Any) -> Any:
            tf.io.write_file(str(tmp_path / "written"), "x")
            return x

    writer = Writer()
    tf.saved_model.save(writer, str(tmp_path / "model"), signatures={"serve": writer.serve})
    run = iris(architecture="mlp")
    with pytest.raises(ModelLoadingError, match=r"may reach out of itself \(WriteFile\)"):
        run.executor.read(tmp_path / "model", run.config)
    assert not (tmp_path / "written").exists()


def test_a_model_of_the_notebook_is_adopted() -> None:
    run = iris(architecture="mlp")
    rows = run.data.test
    for model in (plain(3, "softmax"), plain(1, "sigmoid"), plain(1)):
        outcome = run.executor.adopt(model)
        assert outcome.classes is None
        raw = model.predict(rows.X.to_numpy("float32"), verbose=0)
        given = run.executor.predict(outcome, rows)
        if model.layers[-1].activation.__name__ == "linear":
            assert given.values == pytest.approx(raw.reshape(-1), rel=1e-5)
        else:
            assert given.probabilities[:, -1] == pytest.approx(raw[:, -1], abs=1e-6)
            assert (given.values == given.probabilities.argmax(axis=1)).all()
        assert given.metadata["gpuUsed"] is False
    assert run.executor.adopt(object()) is None


def test_weights_alone_need_their_class(script: Path) -> None:
    run = iris(modelScript=str(script), directory=script.parent).train()
    path = script.parent / "net.weights.h5"
    run.outcome.model.save_weights(path)
    asked = {"action": "predict", "framework": "keras", "modelPath": str(path), "data": "$df"}
    with pytest.raises(ModelLoadingError, match="holds weights alone"):
        run.executor.read(path, resolve(asked))
    sizes = {"n_features": 4, "n_classes": 3}
    config = resolve({**asked, "modelScript": str(script), "hyperparameters": sizes})
    with pytest.raises(ModelLoadingError, match="do not fit Net"):  # nobody knows how wide a row is
        run.executor.read(path, config)
    run.executor.save(run.outcome, run.config)
    assert np.array_equal(predicted(run, run.executor.read(path, config)), predicted(run))


LOAD_AGAIN = """
import json, pickle, sys
from mlmagic.events import Artifact
from mlmagic.executors.keras.executor import KerasExecutor
from mlmagic.state import RunState

state, executor = RunState(), KerasExecutor()
state.apply(Artifact("bestModel", "best_model.keras", 1), 0.0)
for home, config, test in pickle.loads(sys.stdin.buffer.read()):
    outcome = executor.load(home, config, state)
    print(json.dumps(executor.predict(outcome, test).probabilities.tolist()))
"""


def test_files_are_what_their_names_say_and_predict_the_same_in_a_new_process(script: Path) -> None:
    runs = [
        iris(directory=script.parent / str(number), **keys).check().train()
        for number, keys in enumerate(({"architecture": "mlp"}, {"modelScript": str(script)}))
    ]
    for run in runs:
        home = run.config.output_dir
        files = run.executor.save(run.outcome, run.config) | dict(run.outcome.artifacts)
        assert not any(name.startswith("__autograph") for name in sys.modules)
        names = {"best_model.keras", "last_model.keras", "saved_model", "model.json", "preparation.skops"}
        assert {path.name for path in files.values()} == names
        assert next(iter(files)) == "bestModel"
        assert json.loads((home / "model.json").read_text())["classes"] == [0, 1, 2]
    asked = [(run.config.output_dir, run.config.bind(lambda reference: UNBOUND), run.data.test) for run in runs]
    done = subprocess.run(
        [sys.executable, "-c", LOAD_AGAIN], input=pickle.dumps(asked), capture_output=True, cwd=ROOT, check=True
    )
    assert not done.stderr
    for run, line in zip(runs, done.stdout.splitlines(), strict=True):
        assert np.array_equal(json.loads(line), predicted(run))


def test_a_script_that_changed_runs_only_if_it_is_trusted(script: Path) -> None:
    home = script.parent / "run"
    run = iris(modelScript=str(script), directory=home).train()
    assert run.executor.load(home, run.config, run.state) is None
    state = saved(run)
    script.write_text(SUBCLASS + "\n# changed since the run\n")
    with pytest.raises(ModelLoadingError, match="only if you trust it") as caught:
        run.executor.load(home, run.config, state)
    assert "--trust" in caught.value.solution
    trusting = run.config.model_copy(update={"trust": True})
    assert np.array_equal(predicted(run, run.executor.load(home, trusting, state)), predicted(run))
    script.write_text(SUBCLASS.replace("hidden=8", "hidden=9"))
    with pytest.raises(ModelLoadingError, match="do not fit Net"):
        run.executor.load(home, trusting, state)


def test_a_network_of_the_notebook_says_how_to_get_it_back(tmp_path: Path) -> None:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.layer = keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.layer(x)

    run = iris(directory=tmp_path, model="$Net", names={"Net": Net}).train()
    state = saved(run)
    with pytest.raises(ModelLoadingError, match="lived in the notebook") as caught:
        run.executor.load(tmp_path, run.config.bind(lambda reference: UNBOUND), state)
    assert f"mlmagic.attach({str(tmp_path)!r}, Net=Net)" in caught.value.solution
    assert np.array_equal(predicted(run, run.executor.load(tmp_path, run.config, state)), predicted(run))
    # One made of Keras' own layers needs nobody.
    run = iris(directory=tmp_path, model="$net", names={"net": plain()}).train()
    loaded = run.executor.load(tmp_path, run.config.bind(lambda reference: UNBOUND), saved(run))
    assert np.array_equal(predicted(run, loaded), predicted(run))


def test_checkpoints_are_the_model_at_that_time_and_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"architecture": "mlp", "epochs": 12, "batchSize": 8}
    without = prepare(DIABETES, **keys).train()
    monkeypatch.setattr(checkpoints, "FIRST", 0.05)
    monkeypatch.setattr(checkpoints, "SECONDS", 0.05)
    run = prepare(DIABETES, directory=tmp_path, checkpointInterval=5, **keys).train()
    assert run.losses == without.losses
    told = {event.path for event in run.events if isinstance(event, Artifact)}
    assert told >= {f"checkpoints/epoch-{epoch}.keras" for epoch in (5, 10)} | {"checkpoints/last.keras"}
    assert all((tmp_path / place).stat().st_size for place in told)
    loaded = run.executor.load(tmp_path, run.config, run.state)
    # In the target's own units, as far as twelve epochs go.
    assert np.abs(run.executor.predict(loaded, run.data.test).values - run.data.test.y).mean() < 100


def test_without_checkpoint_only_the_model_is_stored(tmp_path: Path) -> None:
    run = iris(directory=tmp_path, architecture="mlp", checkpoint=False, checkpointInterval=1).train()
    assert set(run.executor.save(run.outcome, run.config)) == {"bestModel", "modelInfo", "preparation"}
    assert not (tmp_path / "checkpoints").exists()
    assert not run.outcome.artifacts


def test_a_last_model_that_cannot_be_written_is_told_and_takes_nothing_with_it(tmp_path: Path) -> None:
    (tmp_path / "last_model.keras").mkdir()  # in the file's place
    run = iris(directory=tmp_path, architecture="mlp").train()
    assert "lastModel" not in run.outcome.artifacts
    (line,) = [event for event in run.events if isinstance(event, Log) and "last_model" in event.text]
    assert line.level == "warning"
    assert line.text.startswith("last_model.keras was not written: [Errno 21] Is a directory")
    assert (tmp_path / "best_model.keras") == run.executor.save(run.outcome, run.config)["bestModel"]


OVER_TORCH = """
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris

import mlmagic

sys.path.insert(0, ".")
from tests.executors.image_data import digits
from tests.executors.keras_run import prepare

home = Path(sys.argv[1])
keys = {"architecture": "mlp", "epochs": 4, "learningRate": 0.01, "metrics": ["f1"]}
run = prepare(load_iris(as_frame=True).frame, target="target", directory=home, **keys).check().train()
run.executor.save(run.outcome, run.config)
assert run.metadata["backend"] == "torch", run.metadata
assert run.executor.versions().keys() == {"keras", "torch", "scikit-learn"}
assert run.rows[-1]["val_accuracy"] > 0.6 and run.rows[-1]["val_f1"] > 0.5, run.rows
np.save(home / "given.npy", run.executor.predict(run.outcome, run.data.test).probabilities)

changes = ["random_flip", "random_crop", "color_jitter", "random_rotation"]
keys = {"architecture": "cnn", "hyperparameters": {"channels": [8]}, "epochs": 2, "augmentation": changes}
keys |= {"dataPath": str(digits(home / "digits")), "outputDir": str(home / "images"), "gpuEnabled": False}
report = mlmagic.run({"action": "train", "framework": "keras", **keys})
assert report.metadata["backend"] == "torch", report.metadata
assert len(report.history) == 2
"""


def test_another_backend_trains_on_tables_and_images_and_its_file_is_read(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    done = subprocess.run(
        [sys.executable, "-c", OVER_TORCH, str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "saved_model").exists()
    run = iris(architecture="mlp", directory=tmp_path)
    state = run.state
    state.apply(Artifact("bestModel", "best_model.keras", 1), 0.0)
    loaded = run.executor.load(tmp_path, run.config, state)
    assert predicted(run, loaded) == pytest.approx(np.load(tmp_path / "given.npy"), abs=1e-5)
    on = iris(compiledModel=str(tmp_path / "best_model.keras")).check().train()
    assert on.metadata["backend"] == "tensorflow"
