"""A network of an earlier run is wanted again: what is missing is said, and what is there comes back."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

from sklearn.datasets import load_iris  # noqa: E402

from mlmagic.config import UNBOUND, resolve  # noqa: E402
from mlmagic.errors import ModelLoadingError  # noqa: E402
from mlmagic.events import Artifact  # noqa: E402
from mlmagic.executors.keras._copy import copied  # noqa: E402
from mlmagic.executors.keras._outcome import KerasOutcome  # noqa: E402
from mlmagic.state import RunState  # noqa: E402
from tests.executors.keras_run import prepare  # noqa: E402
from tests.executors.torch_run import Run  # noqa: E402

IRIS = load_iris(as_frame=True).frame


class Net(keras.Model):
    def __init__(self, layer: Any = None) -> None:
        super().__init__()
        self.layer = layer or keras.layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.layer(x)


def trained(directory: Path, **keys: Any) -> tuple[Run, RunState]:
    """A run, and the state of one that has saved its model."""
    run = prepare(IRIS, directory=directory, epochs=1, **keys).train()
    state = RunState()
    for key, path in run.executor.save(run.outcome, run.config).items():
        state.apply(Artifact(key, path.name, 1), 0.0)
    return run, state


def refused(run: Run, state: RunState, config: Any = None) -> ModelLoadingError:
    assert run.config.output_dir is not None
    with pytest.raises(ModelLoadingError) as caught:
        run.executor.load(run.config.output_dir, config or run.config, state)
    return caught.value


def test_what_its_outputs_mean_is_lost(tmp_path: Path) -> None:
    run, state = trained(tmp_path, architecture="mlp")
    (tmp_path / "model.json").unlink()
    assert refused(run, state).message == "model.json is not there, which says what best_model.keras predicts"


def test_it_was_built_with_objects_of_the_notebook(tmp_path: Path) -> None:
    names = {"Net": Net, "layer": keras.layers.Dense(3)}
    run, state = trained(tmp_path, model="$Net", hyperparameters={"layer": "$layer"}, names=names)
    error = refused(run, state)
    assert error.message == "Net was built with objects of the notebook"
    assert "net.load_weights(" in error.solution


def test_its_class_was_an_attribute(tmp_path: Path) -> None:
    values = {"nets": SimpleNamespace(Net=Net), "frame": IRIS}
    flat = {"action": "train", "framework": "keras", "data": "$frame", "model": "$nets.Net", "epochs": 1}
    run = prepare(IRIS, model="$Net", names={"Net": Net}, epochs=1, directory=tmp_path)
    look = lambda reference: values["nets"].Net if reference.attributes else values[reference.name]  # noqa: E731
    config = resolve(flat).bind(look).model_copy(update={"output_dir": tmp_path})
    done = Run(config, run.data, run.executor).train()
    done.executor.save(done.outcome, done.config)
    state = RunState()
    state.apply(Artifact("bestModel", "best_model.keras", 1), 0.0)
    error = refused(done, state, config.bind(lambda reference: UNBOUND))
    assert error.message == "$nets.Net lived in the notebook that trained it"
    assert "net.load_weights(" in error.solution


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    run = prepare(IRIS, architecture="mlp")
    path = tmp_path / "nothing.keras"
    with pytest.raises(ModelLoadingError, match=r"nothing\.keras"):
        run.executor.read(path, resolve({"action": "predict", "modelPath": str(path), "data": "$df"}))


def test_bare_weights_of_a_network_that_a_script_has_built(tmp_path: Path) -> None:
    script, weights = tmp_path / "net.py", tmp_path / "own.weights.h5"
    script.write_text("import keras\n\nnet = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, 'softmax')])\n")
    by_hand = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    by_hand.save_weights(weights)
    run = prepare(IRIS, architecture="mlp")
    asked = {"action": "predict", "framework": "keras", "modelPath": str(weights), "modelScript": str(script)}
    outcome = run.executor.read(weights, resolve({**asked, "data": "$df"}))
    X = run.data.test.X.to_numpy("float32")
    given = run.executor.predict(outcome, run.data.test).probabilities
    np.testing.assert_allclose(given, by_hand.predict(X, verbose=0), rtol=1e-5)


def test_a_run_without_a_model_goes_to_another_process_too() -> None:
    assert pickle.loads(pickle.dumps(KerasOutcome(None))).model is None


class Telling(keras.Model):
    """Says what it was made with, so that Keras can make it again; only its build makes its weights."""

    def __init__(self, units: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.units = units
        self.dense = keras.layers.Dense(units)

    def build(self, shape: Any) -> None:
        self.dense.build(shape)
        self.built = True

    def call(self, x: Any) -> Any:
        return self.dense(x)

    def get_config(self) -> dict[str, Any]:
        return {"units": self.units}


def test_a_copy_of_a_class_that_tells_how_it_is_made() -> None:
    net = Telling(3)
    rows = np.ones((2, 4), dtype=np.float32)
    before = np.asarray(net(rows))
    copy = copied(net)
    net.dense.kernel.assign(np.zeros((4, 3)))
    np.testing.assert_array_equal(np.asarray(copy(rows)), before)
