"""Networks, metrics and files of the user's own that Keras takes, and that a run cannot: what is said of each."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from sklearn.datasets import load_diabetes, load_iris  # noqa: E402

import mlmagic  # noqa: E402
from mlmagic._inputs import hold  # noqa: E402
from mlmagic.config import resolve  # noqa: E402
from mlmagic.data import Rows  # noqa: E402
from mlmagic.errors import InvalidConfiguration, ModelLoadingError, OutOfMemory, TrainingFailure  # noqa: E402
from mlmagic.executors.keras import _backend, _saved_model  # noqa: E402
from mlmagic.executors.keras._outputs import kind_of  # noqa: E402
from tests.executors.keras_run import prepare  # noqa: E402
from tests.executors.torch_run import Run  # noqa: E402

IRIS = load_iris(as_frame=True).frame
DIABETES = load_diabetes(as_frame=True).frame


def iris(net: Any, **keys: Any) -> Run:
    names = {"net": net, **keys.pop("names", {})}
    return prepare(IRIS, model="$net", names=names, epochs=2, **keys)


class Slip(keras.Model):
    def call(self, x: Any) -> Any:
        return self.dense(x)  # which nobody made


class Narrow(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(3)
        self.dense.build((None, 7))

    def call(self, x: Any) -> Any:
        return self.dense(x)


def test_a_slip_in_the_code_is_told_apart_from_shapes_that_do_not_fit() -> None:
    for net, line, way_out in (
        (Slip, "which nobody made", "Mend the line shown above"),
        (Narrow, "return self.dense(x)", "first and last layer fit the data"),
    ):
        with pytest.raises(InvalidConfiguration, match=f"{net.__name__} fails on inputs of shape") as caught:
            iris(net).check()
        assert line in caught.value.stderr
        assert way_out in caught.value.solution
        assert "\x1b" not in str(caught.value)


def test_a_network_of_two_outputs() -> None:
    given = keras.Input((4,))
    net = keras.Model(given, [keras.layers.Dense(3)(given), keras.layers.Dense(3)(given)])
    with pytest.raises(InvalidConfiguration, match="gives 2 outputs, but a table has one target"):
        iris(net).check()


class Late(keras.Model):
    """Fails only where the batch's size is not known: in the compiled step."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.dense(x) * (int(x.shape[0]) > 0)


def test_an_error_in_training_has_no_marks_of_a_terminal(here: Path) -> None:
    report = mlmagic.submit(
        {"action": "train", "framework": "keras", "data": "$df", "model": "$Late", "gpuEnabled": False},
        df=IRIS,
        Late=Late,
    )
    with pytest.raises(TrainingFailure, match=r"Exception encountered when calling Late\.call") as caught:
        report.wait()
    assert "\x1b" not in str(caught.value)
    assert "int(x.shape[0])" in caught.value.stderr


class Silent(keras.Model):
    """Its own steps measure the loss alone."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.dense(x)

    def train_step(self, data: Any) -> Any:
        return {"loss": super().train_step(data)["loss"]}

    def test_step(self, data: Any) -> Any:
        return {"loss": super().test_step(data)["loss"]}


def test_early_stopping_on_what_the_networks_own_steps_do_not_measure() -> None:
    run = iris(Silent, earlyStopping={"metric": "val_accuracy"}).check()
    message = r"earlyStopping\.metric must be one of train_loss, val_loss"
    with pytest.raises(InvalidConfiguration, match=message) as caught:
        run.train()
    assert caught.value.faults[0].value == "val_accuracy"


def test_what_may_be_a_metric_of_keras() -> None:
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    names = {"top": keras.metrics.sparse_top_k_categorical_accuracy}  # a plain function; five of three are all
    run = iris(net, names=names, metrics=["$top"]).train()
    assert run.rows[-1]["val_sparse_top_k_categorical_accuracy"] == 1
    message = r"metrics takes a keras metric or a function; \$odd is of type Adam"
    with pytest.raises(InvalidConfiguration, match=message):
        iris(net, names={"odd": keras.optimizers.Adam()}, metrics=["$odd"]).check()


def test_a_network_of_another_framework_says_which_one_to_write() -> None:
    nn = pytest.importorskip("torch.nn")
    own = type("Own", (nn.Module,), {})
    for net, what in ((nn.Sequential(nn.Linear(4, 3)), "of type Sequential"), (own, "the class Own")):
        with pytest.raises(InvalidConfiguration) as caught:
            iris(net).check()
        assert caught.value.message.endswith(f"$net is {what}, which comes from torch: write framework: pytorch")


class Failing(keras.metrics.Metric):
    """Fails where it is asked, be it in an update or for its value."""

    def __init__(self, name: str = "failing", late: bool = False) -> None:
        super().__init__(name=name)
        self.late = late

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if not self.late:
            raise ValueError("no update")

    def result(self) -> Any:
        raise ValueError("no value")

    def get_config(self) -> Any:
        return {"name": self.name, "late": self.late}


@pytest.mark.parametrize(("late", "why"), [(False, "no update"), (True, "no value")])
def test_a_metric_that_fails_is_named(late: bool, why: str) -> None:
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    named = rf"The metric lame fails on a target of shape \(4,\) and .*: ValueError: {why}"
    with pytest.raises(InvalidConfiguration, match=named):
        iris(net, names={"own": Failing("lame", late=late)}, metrics=["accuracy", "$own"]).check()
    with keras.saving.custom_object_scope({"Failing": Failing}):
        net.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy", Failing("lame", late=late)])
        with pytest.raises(InvalidConfiguration, match=named):
            iris(net).check()


def test_a_metric_that_cannot_be_made_anew_is_named() -> None:
    class Needy(keras.metrics.Mean):
        def __init__(self, share: float, **keys: Any) -> None:
            super().__init__(**keys)

    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    for given in (Needy, Needy(0.5)):
        with pytest.raises(InvalidConfiguration, match=r"\$own cannot be made anew .*: TypeError: .*share") as caught:
            iris(net, names={"own": given}, metrics=["$own"]).check()
        assert "get_config()" in caught.value.solution


def test_a_warning_of_keras_is_told_once(here: Path) -> None:
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "softmax")])
    keys = {"action": "train", "framework": "keras", "model": "$net", "data": "$df", "gpuEnabled": False, "epochs": 2}
    report = mlmagic.run(keys, net=net, df=IRIS[IRIS.target < 2])
    assert report.log.count("You are using a softmax over axis -1 of a tensor") == 1


def test_every_warning_of_the_users_own_is_told(here: Path) -> None:
    class Warns(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            warnings.warn(f"clipped in epoch ({epoch})", stacklevel=1)

    keys = {"action": "train", "framework": "keras", "architecture": "mlp", "data": "$df", "epochs": 3}
    report = mlmagic.run({**keys, "gpuEnabled": False, "callbacks": ["$warning"]}, warning=Warns(), df=IRIS)
    assert [report.log.count(f"clipped in epoch ({epoch})") for epoch in range(3)] == [1, 1, 1]


def test_a_stop_while_validation_rows_are_measured() -> None:
    stop = threading.Event()

    class Stopping(keras.callbacks.Callback):
        def on_test_begin(self, logs: Any = None) -> None:
            stop.set()

    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    run = iris(net, names={"stopping": Stopping()}, callbacks=["$stopping"])
    run.stop = stop
    run.train()
    assert run.rows == []  # the epoch that was cut off has no measure
    assert run.outcome.model is not None


def test_a_network_that_speaks_the_targets_units_goes_on_from_there() -> None:
    X, y = DIABETES.drop(columns="target").to_numpy(), DIABETES["target"].to_numpy()
    weights, *_ = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y)
    known = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    known.layers[0].set_weights([weights[:-1, None], weights[-1:]])
    keys = {"model": "$net", "epochs": 1, "learningRate": 1e-9, "featureScaling": "none", "optimizer": "sgd"}
    run = prepare(DIABETES, names={"net": known}, **keys).train()
    expected = known.predict(X, verbose=0).ravel()
    found = run.executor.predict(run.outcome, Rows(DIABETES.drop(columns="target"))).values
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        ("sparse_categorical_crossentropy", "probabilities"),
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), "logits"),
        (keras.losses.SparseCategoricalCrossentropy(), "probabilities"),
        ("mse", "logits"),  # which says nothing: the values do
    ],
    ids=["name", "logits", "shares", "silent"],
)
def test_a_compiled_loss_tells_what_outputs_are_where_the_layers_do_not(loss: Any, kind: str) -> None:
    class Own(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    net = Own()
    net.compile(loss=loss)
    assert kind_of(net, np.array([[3.0, -1.0, 2.0]]), "classification") == kind
    net = Own()
    assert kind_of(net, np.array([[0.2, 0.5, 0.3]]), "classification") == "probabilities"
    assert kind_of(net, np.array([0.2, 1.0]), "classification") == "probabilities"


def test_a_network_that_gives_more_than_a_row_of_numbers() -> None:
    given = keras.Input((4,))
    net = keras.Model(given, keras.layers.Reshape((2, 2))(keras.layers.Dense(4)(given)))
    with pytest.raises(ModelLoadingError, match=r"gives shape \(\d+, 2, 2\), where rows have one number each"):
        mlmagic.run({"action": "predict", "model": "$net", "data": "$df"}, net=net, df=IRIS.drop(columns="target"))


def test_a_network_that_runs_step_by_step_predicts_the_same(here: Path) -> None:
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    net.compile(run_eagerly=True)
    X = IRIS.drop(columns="target")
    table = mlmagic.run({"action": "predict", "model": "$net", "data": "$df"}, net=net, df=X).predictions
    np.testing.assert_allclose(table.iloc[:, -3:], net.predict(X.to_numpy(), verbose=0), rtol=1e-5)


def test_saved_models_that_are_no_network_of_a_table(tmp_path: Path) -> None:
    class Two(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 2)), tf.TensorSpec((None, 2))])
        def add(self, one: Any, other: Any) -> Any:
            return one + other

    module = Two()
    tf.saved_model.save(module, str(tmp_path / "none"), signatures={"add": module.add})
    with pytest.raises(ModelLoadingError, match=r"none has no signature serve or serving_default; it has add"):
        _saved_model.read(tmp_path / "none", way_to_trust="trust it", trust=True)
    tf.saved_model.save(module, str(tmp_path / "two"), signatures={"serving_default": module.add})
    with pytest.raises(ModelLoadingError, match="two takes 2 inputs and gives 1 outputs; a table needs one of each"):
        _saved_model.read(tmp_path / "two", way_to_trust="trust it", trust=True)


def test_more_than_memory_holds_is_told_as_such() -> None:
    with (
        pytest.raises(OutOfMemory, match="The CPU ran out of memory") as caught,
        _backend.device_errors("cpu:0", 64, 5),
    ):
        tf.zeros((2**20, 2**20, 16))
    assert caught.value.metadata == {"batchSize": 64, "modelParameters": 5}
    assert caught.value.solution.endswith("Try batchSize: 32")
    assert "ResourceExhaustedError" in caught.value.stderr


def test_an_error_of_tensorflow_is_told_by_its_last_line() -> None:
    with pytest.raises(TrainingFailure) as caught, _backend.device_errors("cpu:0", 64, 5):
        tf.linalg.inv(tf.zeros((2, 2)))
    assert caught.value.message.startswith("InvalidArgumentError: ")
    assert "Input is not invertible" in caught.value.message


def test_a_network_is_held_as_it_is_now_or_itself_where_keras_cannot_copy_it() -> None:
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    config = resolve({"action": "train", "framework": "keras", "model": "$net", "data": "$df"})
    held = hold(config, {"net": net, "df": pd.DataFrame()})["$net"]
    assert held is not net
    before = held.get_weights()[0].copy()
    net.layers[0].kernel.assign(np.ones((4, 3)))
    np.testing.assert_array_equal(held.get_weights()[0], before)

    class Own(keras.Model):
        def get_config(self) -> Any:
            raise RuntimeError("no")

    own = Own()
    assert hold(config, {"net": own, "df": pd.DataFrame()})["$net"] is own


def test_augmentation_that_an_older_keras_has_no_layer_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlmagic.executors._networks._augmentation import Erasing
    from mlmagic.executors.keras._finish import _made

    monkeypatch.delattr(keras.layers, "RandomErasing")
    with pytest.raises(InvalidConfiguration, match=r"random_erasing in Keras: Keras 3.* has no layer for it"):
        _made("random_erasing", Erasing(), None, 0)  # type: ignore[arg-type]
