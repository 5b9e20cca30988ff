"""Training in Keras: the loop beside Keras called by hand, stopping, early stopping, callbacks, divergence."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from palmerpenguins import load_penguins  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris  # noqa: E402
from sklearn.metrics import balanced_accuracy_score, log_loss, r2_score, recall_score, roc_auc_score  # noqa: E402

from mlmagic.data import Rows  # noqa: E402
from mlmagic.errors import FrameworkNotFound, InvalidConfiguration, TrainingDiverged, TrainingFailure  # noqa: E402
from mlmagic.events import Best, Event, Plan, Steps  # noqa: E402
from mlmagic.executors._base import Executor  # noqa: E402
from mlmagic.executors._networks._inputs import matrix  # noqa: E402
from mlmagic.executors.keras import _run  # noqa: E402
from mlmagic.executors.keras.executor import KerasExecutor  # noqa: E402
from tests.executors.keras_run import prepare  # noqa: E402
from tests.executors.torch_run import Run  # noqa: E402

ROOT = Path(__file__).parents[2]
PENGUINS = load_penguins()
CANCER = load_breast_cancer(as_frame=True).frame
DIABETES = load_diabetes(as_frame=True).frame
IRIS = load_iris(as_frame=True).frame


def net(columns: int, outputs: int, last: str | None = None, hidden: int = 8) -> Any:
    """A small network, the same every time."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((columns,)),
            layers.Dense(hidden, activation="relu"),
            layers.Dense(outputs, activation=last),
        ]
    )


def cancer(model: Any, **keys: Any) -> Run:
    names = {"net": model, **keys.pop("names", {})}
    keys = {"epochs": 2, "batchSize": 50, **keys}
    return prepare(CANCER, target="target", model="$net", names=names, **keys)


def weights_of(model: Any) -> np.ndarray:
    return np.concatenate([part.reshape(-1) for part in model.get_weights()])


def by_hand(run: Run, model: Any, y: np.ndarray, weight: np.ndarray | None = None) -> list[float]:
    """``train_on_batch`` over the same rows in the same order."""
    train = run.config.config
    inputs = matrix(run.outcome.preparation, run.data.train)
    order = np.random.default_rng(run.config.seed)
    losses = []
    for _ in range(train.epochs):
        places = order.permutation(len(inputs))
        for start in range(0, len(inputs), train.batch_size):
            batch = places[start : start + train.batch_size]
            sample = None if weight is None else weight[batch]
            losses.append(model.train_on_batch(inputs[batch], y[batch], sample_weight=sample, return_dict=True)["loss"])
    return losses


def test_it_is_an_executor_and_importing_it_imports_no_keras() -> None:
    assert isinstance(KerasExecutor(), Executor)
    code = "import mlmagic.executors.keras.executor, sys; sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


OPTIMIZERS = {
    "adam": ({}, lambda: keras.optimizers.Adam(0.01)),
    "sgd": ({"momentum": 0.9, "weightDecay": 1e-3}, lambda: keras.optimizers.SGD(0.01, 0.9, weight_decay=1e-3)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_losses_and_weights_are_those_of_keras_called_by_hand(name: str) -> None:
    keys, make = OPTIMIZERS[name]
    run = cancer(net(30, 2), optimizer=name, learningRate=0.01, seed=3, **keys).train()
    model = net(30, 2)
    model.compile(make(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    expected = by_hand(run, model, run.data.train.y.to_numpy())
    assert run.losses == pytest.approx(expected, rel=1e-4, abs=1e-5)
    run.outcome.model.set_weights(run.outcome.model.get_weights())
    best = run.metadata["bestEpoch"] == 2
    assert not best or weights_of(run.outcome.model) == pytest.approx(weights_of(model), rel=1e-3, abs=1e-4)


def test_weights_of_rows_are_those_of_keras() -> None:
    weight = pd.Series(np.linspace(0, 3, len(CANCER)))
    run = cancer(net(30, 1), sampleWeight="$weight", names={"weight": weight}, validationSplit=0.0).train()
    model = net(30, 1)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    rows = run.data.train
    expected = by_hand(run, model, rows.y.to_numpy()[:, None].astype("float32"), rows.weight.to_numpy("float32"))
    told = np.array(expected) / rows.weight.mean()  # Keras divides by the number of rows
    assert run.losses == pytest.approx(told, rel=1e-4, abs=1e-5)
    assert weights_of(run.outcome.model) == pytest.approx(weights_of(model), rel=1e-3, abs=1e-4)


def test_a_loss_that_counts_by_weights_itself_is_told_as_it_is() -> None:
    weight = pd.Series(np.linspace(0, 3, len(CANCER)))
    own = keras.losses.BinaryCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
    keys = {"sampleWeight": "$weight", "lossFunction": "$own", "names": {"weight": weight, "own": own}}
    run = cancer(net(30, 1), epochs=1, batchSize=1000, optimizer="sgd", learningRate=1e-12, **keys).train()
    for part, some in (("train", run.data.train), ("val", run.data.validation)):
        shares = KerasExecutor().predict(run.outcome, some).probabilities
        assert run.rows[0][f"{part}_loss"] == pytest.approx(log_loss(some.y, shares, sample_weight=some.weight), 1e-4)


@pytest.mark.parametrize("own", [keras.losses.MeanSquaredError(), keras.losses.MeanSquaredError, "mean_squared_error"])
def test_rows_count_in_a_loss_of_the_notebook_that_takes_the_targets_units(own: Any, tmp_path: Path) -> None:
    weight = pd.Series(np.random.default_rng(0).uniform(0, 4, len(DIABETES)))
    names = {"weight": weight, "own": getattr(keras.losses, own) if isinstance(own, str) else own}
    keys = {"architecture": "mlp", "lossFunction": "$own", "sampleWeight": "$weight", "checkpointInterval": 1}
    keys |= {"optimizer": "sgd", "learningRate": 1e-12, "epochs": 1, "batchSize": 64}
    run = prepare(DIABETES, target="target", directory=tmp_path, names=names, **keys).train()
    for part, some in (("train", run.data.train), ("val", run.data.validation)):
        squared = (KerasExecutor().predict(run.outcome, some).values - some.y) ** 2
        assert run.rows[0][f"{part}_loss"] == pytest.approx(np.average(squared, weights=some.weight), rel=1e-4)


def test_an_epoch_is_told_by_the_mean_over_its_rows() -> None:
    run = prepare(CANCER, target="target", architecture="mlp", epochs=2, batchSize=50, metrics=["f1", "auc"]).train()
    plan = next(event for event in run.events if isinstance(event, Plan) and event.unit)
    count = len(run.data.train)
    sizes = [50] * (count // 50) + [count % 50]
    assert plan == Plan("training", "epoch", 2, steps=len(sizes))
    assert run.rows[0]["train_loss"] == pytest.approx(np.average(run.losses[: len(sizes)], weights=sizes))
    columns = {part: ["loss", "accuracy", "f1", "roc_auc"] for part in ("train", "val")}
    assert list(run.rows[0]) == [f"{part}_{name}" for part, names in columns.items() for name in names]
    blocks = [event for event in run.events if isinstance(event, Steps)]
    assert [block.start for block in blocks] == list(
        np.cumsum([0] + [len(block.values["train_loss"]) for block in blocks[:-1]])
    )
    assert len(run.losses) == 2 * len(sizes)


def test_a_metric_of_all_rows_at_once_has_a_curve_on_the_training_rows() -> None:
    def worst(y_true: Any, y_pred: Any) -> float:
        return float(recall_score(y_true, y_pred, average=None).min())

    keys = {"metrics": ["roc_auc", "balanced_accuracy", "$worst"], "names": {"worst": worst}, "learningRate": 1e-12}
    early = {"metric": "train_roc_auc", "patience": 5}
    run = cancer(net(30, 2), optimizer="sgd", earlyStopping=early, **keys).train()
    train = run.data.train
    shares = KerasExecutor().predict(run.outcome, train).probabilities
    said = shares.argmax(axis=1)
    expected = {
        "train_roc_auc": roc_auc_score(train.y, shares[:, 1]),
        "train_balanced_accuracy": balanced_accuracy_score(train.y, said),
        "train_worst": worst(train.y, said),
    }
    for epoch in run.rows:
        assert {name: epoch[name] for name in expected} == pytest.approx(expected, rel=1e-6)
    assert "train_roc_auc, train_balanced_accuracy, train_worst: measured by one more pass" in run.log
    best = next(event for event in run.events if isinstance(event, Best))
    assert best == Best(1, "train_roc_auc", run.rows[0]["train_roc_auc"])
    assert "measured by one more pass" not in cancer(net(30, 2), epochs=1).train().log


def test_of_many_training_rows_the_first_are_measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "MOST", 100)
    run = cancer(net(30, 2), optimizer="sgd", learningRate=1e-12, metrics=["roc_auc"], epochs=1).train()
    first = Rows(run.data.train.X.iloc[:100], run.data.train.y.iloc[:100])
    shares = KerasExecutor().predict(run.outcome, first).probabilities
    assert run.rows[0]["train_roc_auc"] == pytest.approx(roc_auc_score(first.y, shares[:, 1]), rel=1e-6)
    assert "the first 100 training rows" in run.log


@pytest.mark.parametrize("task", ["species", "sex", "body_mass_g"])
def test_it_learns_more_than_a_guess_and_scores_as_the_evaluation_room_does(task: str) -> None:
    from mlmagic.evaluation import Comparison, evaluate, scores

    keys = {} if task == "body_mass_g" else {"metrics": ["precision", "recall", "f1"]}
    run = prepare(PENGUINS, target=task, architecture="mlp", epochs=40, learningRate=0.005, **keys).check().train()
    test, rows = run.data.test, run.data.validation
    given = run.executor.predict(run.outcome, test)
    if task == "body_mass_g":
        assert r2_score(test.y, given.values) > 0.75
    else:
        assert (given.values == test.y).mean() > test.y.value_counts(normalize=True).iloc[0] + 0.2
        assert given.probabilities.sum(axis=1) == pytest.approx(1)
        assert set(given.values) <= set(run.outcome.classes)
    given = run.executor.predict(run.outcome, rows)
    truth = rows.y.to_numpy()
    measured = Comparison(run.data.task, truth, given.values, given.probabilities, run.outcome.classes)
    expected = scores(measured) | {
        name: evaluate(measured)[name] for name in {"precision", "recall"} & {*keys.get("metrics", ())}
    }
    best = run.rows[run.metadata["bestEpoch"] - 1]
    assert {name: best[f"val_{name}"] for name in expected} == pytest.approx(expected, rel=1e-3)


def test_a_target_of_any_scale_is_learned_in_its_own_units() -> None:
    frame = DIABETES.assign(target=DIABETES.target * 1000 + 200_000)
    names = {"build": lambda n_features: net(n_features, 1, hidden=32)}
    names["build"].__name__ = "build"
    run = prepare(frame, target="target", model="$build", names=names, epochs=40, learningRate=0.005).train()
    assert run.metadata["targetScaling"]["mean"] == pytest.approx(run.data.train.y.mean())
    assert "standardised" in run.log
    given = run.executor.predict(run.outcome, run.data.test)
    assert r2_score(run.data.test.y, given.values) > 0.3
    # The model itself speaks these units: nothing is wrapped around it.
    raw = run.outcome.model.predict(matrix(run.outcome.preparation, run.data.test), verbose=0).reshape(-1)
    assert raw == pytest.approx(given.values, rel=1e-4)
    assert run.rows[-1]["val_rmse"] > 1000
    again = prepare(frame, target="target", model="$net", names={"net": run.outcome.model}, epochs=1).train()
    # It came compiled: it goes on from where it was, in its own units.
    assert "targetScaling" not in again.metadata
    assert again.rows[0]["val_r2"] == pytest.approx(run.rows[-1]["val_r2"], abs=0.15)


def test_a_loss_and_a_metric_of_the_notebook_get_the_targets_units() -> None:
    seen: list[Any] = []

    def weighted(y_true: Any, y_pred: Any) -> Any:
        seen.append(tuple(y_true.shape))
        return keras.ops.mean(keras.ops.abs(y_true - y_pred) * (1 + keras.ops.cast(y_pred < y_true, "float32")))

    class Largest(keras.metrics.Metric):
        def __init__(self, name: str = "largest") -> None:
            super().__init__(name=name)
            self.value = self.add_weight(initializer="zeros")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.value.assign(keras.ops.maximum(self.value, keras.ops.max(y_true)))

        def result(self) -> Any:
            return self.value

    keys = {"target": "target", "architecture": "mlp", "lossFunction": "$weighted", "metrics": ["$Largest"]}
    names = {"weighted": weighted, "Largest": Largest}
    run = prepare(DIABETES, task="regression", epochs=1, names=names, **keys).check().train()
    assert run.metadata["lossFunction"] == "$weighted"
    assert run.rows[0]["train_largest"] == pytest.approx(run.data.train.y.max())
    assert run.losses[0] > 20


LOSSES = {
    "a sigmoid and its name": (1, "sigmoid", "binary_crossentropy"),
    "a softmax and columns": (2, "softmax", "categorical_crossentropy"),
    "labels": (2, "softmax", "sparse_categorical_crossentropy"),
    "a logit": (1, None, "hinge"),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_compiled_model_keeps_its_own_loss_and_optimizer(case: str) -> None:
    outputs, last, loss = LOSSES[case]
    model = net(30, outputs, last)
    model.compile(keras.optimizers.Nadam(0.02), loss, metrics=["mse" if outputs == 1 else loss, "accuracy"])
    before = weights_of(model)
    run = cancer(model, epochs=6).check().train()
    assert (run.metadata["optimizer"], run.metadata["learningRate"]) == ("nadam", pytest.approx(0.02))
    assert run.metadata["lossFunction"] == loss
    assert run.rows[-1]["val_accuracy"] > 0.85
    assert set(run.rows[-1]) > {"train_loss", "train_accuracy", "val_loss", "val_accuracy"}
    assert type(run.outcome.model.optimizer) is keras.optimizers.Nadam
    assert run.outcome.model.loss == loss
    given = run.executor.predict(run.outcome, run.data.test)
    assert (given.values == run.data.test.y).mean() > 0.85
    # The user's own model is as it was.
    assert np.array_equal(weights_of(model), before)
    assert not model.optimizer.built or int(model.optimizer.iterations) == 0


@pytest.mark.parametrize("how", [{"run_eagerly": True}, {"jit_compile": True}])
def test_steps_one_by_one_and_steps_of_xla_are_the_same(how: dict[str, bool]) -> None:
    runs = []
    for keys in ({}, how):
        model = net(30, 2)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), **keys)
        runs.append(cancer(model, metrics=["f1"]).train())
    assert runs[1].losses == pytest.approx(runs[0].losses, rel=1e-5)
    assert runs[1].rows[-1] == pytest.approx(runs[0].rows[-1], rel=1e-5)
    assert runs[1].outcome.model.run_eagerly == how.get("run_eagerly", False)


def test_a_config_may_name_another_optimizer_or_loss() -> None:
    model = net(30, 2, "softmax")
    model.compile(keras.optimizers.Nadam(0.02), "categorical_crossentropy")
    run = cancer(model, epochs=1, learningRate=0.3).train()
    assert (run.metadata["optimizer"], run.metadata["learningRate"]) == ("nadam", pytest.approx(0.3))
    run = cancer(model, epochs=1, optimizer="sgd", lossFunction="sparse_categorical_crossentropy").train()
    assert (run.metadata["optimizer"], run.metadata["learningRate"]) == ("sgd", pytest.approx(0.001))
    assert run.metadata["lossFunction"] == "cross_entropy"


class Halved(keras.Model):
    """A model with a step of its own."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.layer = keras.layers.Dense(n_classes)
        self.tracker = keras.metrics.Mean(name="loss")

    def call(self, x: Any) -> Any:
        return self.layer(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            loss = 0.5 * keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, self(x), from_logits=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result(), "half": loss}

    @property
    def metrics(self) -> list[Any]:
        return [self.tracker]


def test_a_models_own_train_step_trains_it() -> None:
    run = cancer(Halved, optimizer="sgd", learningRate=0.1).check().train()
    assert "train_half" in run.rows[0]
    assert run.rows[0]["train_loss"] == pytest.approx(np.average(run.losses[:7], weights=[50] * 6 + [41]), rel=1e-3)
    assert run.rows[1]["train_loss"] < 0.7 * run.rows[0]["train_loss"]
    assert "train_step of its own" in run.log


def test_callbacks_by_name_and_of_the_notebook(tmp_path: Path) -> None:
    class Seen(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.batches: list[int] = []
            self.epochs: list[dict[str, float]] = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.batches.append(batch)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.epochs.append(logs)
            self.model.stop_training = epoch == 2

    seen = Seen()
    named = ["csv_logger", "model_checkpoint", "early_stopping", "terminate_on_nan", "reduce_lr_on_plateau", "$seen"]
    keys = {"callbacks": named, "epochs": 50, "names": {"seen": seen}, "directory": tmp_path}
    run = cancer(net(30, 2), **keys).train()
    steps = -(-len(run.data.train) // 50)
    assert seen.batches == list(range(steps)) * 3
    assert [logs["val_loss"] for logs in seen.epochs] == [row["val_loss"] for row in run.rows]
    assert [logs["loss"] for logs in seen.epochs] == [row["train_loss"] for row in run.rows]
    assert run.metadata["finalEpoch"] == 3
    assert run.metadata["earlyStopped"] is True
    written = pd.read_csv(tmp_path / "csv_log.csv")
    assert written["val_accuracy"].to_list() == pytest.approx([row["val_accuracy"] for row in run.rows])
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == [f"epoch-{n}.keras" for n in (1, 2, 3)]
    assert run.outcome.artifacts["csvLog"] == tmp_path / "csv_log.csv"


def test_reducing_the_rate_is_keras_own_doing() -> None:
    rates: list[float] = []
    watching = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(float(watching.model.optimizer.learning_rate))
    )
    plateau = keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=100)
    names = {"plateau": plateau, "watching": watching}
    cancer(net(30, 2), callbacks=["$plateau", "$watching"], epochs=4, names=names).train()
    assert rates == pytest.approx([0.001, 0.0005, 0.00025, 0.000125])


def test_callbacks_that_monitor_a_metric_know_which_way_is_better(tmp_path: Path) -> None:
    made = {
        "stopping": keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=50),
        "saving": keras.callbacks.ModelCheckpoint(tmp_path / "m.keras", monitor="val_f1", save_best_only=True),
        "plateau": keras.callbacks.ReduceLROnPlateau(monitor="val_accuracy", patience=50),
    }
    keys = {"epochs": 4, "metrics": ["accuracy", "f1"], "callbacks": [f"${name}" for name in made], "names": made}
    done = cancer(net(30, 2), directory=tmp_path, **keys).train()
    for name, metric in (("stopping", "val_accuracy"), ("saving", "val_f1"), ("plateau", "val_accuracy")):
        assert made[name].best == pytest.approx(max(row[metric] for row in done.rows))


def test_what_is_no_callback_and_no_metric_of_keras_is_said() -> None:
    with pytest.raises(InvalidConfiguration, match=r"callbacks takes a .*; \$odd is of type int"):
        cancer(net(30, 2), names={"odd": 3}, callbacks=["$odd"]).train()
    with pytest.raises(InvalidConfiguration, match=r"metrics takes a .*; \$odd is of type type"):
        cancer(net(30, 2), names={"odd": keras.layers.Dense}, metrics=["$odd"]).train()


def test_a_tensorboard_that_is_missing_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(FrameworkNotFound, match="TensorBoard not found") as caught:
        cancer(net(30, 2), callbacks=["tensorboard"], directory=tmp_path).train()
    assert "pip install tensorboard" in caught.value.solution


def test_tensorboard_gets_the_epochs(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    run = cancer(net(30, 2), callbacks=["tensorboard"], directory=tmp_path).train()
    assert run.outcome.artifacts["tensorboard"] == tmp_path / "tensorboard"
    assert list((tmp_path / "tensorboard").rglob("events.out.tfevents.*"))


def test_the_best_epoch_is_that_of_the_history_and_its_weights_come_back() -> None:
    early = {"patience": 4, "metric": "val_loss"}
    keys = {"target": "target", "architecture": "mlp", "learningRate": 0.03, "epochs": 80, "batchSize": 16}
    run = prepare(DIABETES, earlyStopping=early, **keys).check().train()
    losses = [row["val_loss"] for row in run.rows]
    best = int(np.argmin(losses)) + 1
    assert run.metadata["bestEpoch"] == best
    assert run.metadata["earlyStopped"] is True
    assert run.metadata["finalEpoch"] == len(losses) == best + 4
    assert [event for event in run.events if isinstance(event, Best)][-1] == Best(best, "val_loss", min(losses))
    given = run.executor.predict(run.outcome, run.data.validation)
    assert r2_score(run.data.validation.y, given.values) == pytest.approx(run.rows[best - 1]["val_r2"], abs=1e-3)
    validation = run.outcome.metrics["validation"]
    assert validation["bestLoss"] == min(losses) == validation["loss"][best - 1]
    assert validation["finalLoss"] == losses[-1]
    with pytest.raises(InvalidConfiguration, match="Did you mean `val_accuracy`"):
        prepare(IRIS, target="target", architecture="mlp", earlyStopping={"metric": "val_acuracy"}).check()


@pytest.mark.parametrize("finished", [0, 1])
def test_a_stop_in_the_middle_of_an_epoch_keeps_the_best_so_far(finished: int) -> None:
    X = np.random.default_rng(0).normal(size=(60_000, 20))
    frame = pd.DataFrame(X, columns=[f"x{number}" for number in range(20)])
    frame["label"] = np.where(X[:, 0] > 0, "yes", "no")
    run = prepare(frame, architecture="mlp", epochs=1000, batchSize=16)
    asked: list[float] = []

    def stop(event: Event) -> None:
        if isinstance(event, Steps) and len(run.rows) >= finished and len(run.losses) > 500 and not asked:
            asked.append(time.perf_counter())
            run.stop.set()

    run.on_event = stop
    run.train()
    assert asked
    assert len(run.rows) == run.metadata["finalEpoch"] == finished
    assert len(run.losses) % -(-len(run.data.train) // 16) != 0
    assert (run.executor.predict(run.outcome, run.data.test).values == run.data.test.y).mean() > 0.6
    assert run.metadata.get("bestEpoch") == (finished or None)


def test_a_stop_before_the_first_step_gives_no_model() -> None:
    run = prepare(IRIS, target="target", architecture="mlp")
    run.stop.set()
    assert run.train().outcome.model is None


def test_a_loss_that_is_no_number_says_when_and_what_to_do() -> None:
    run = prepare(DIABETES, target="target", architecture="mlp", optimizer="sgd", learningRate=1e4, epochs=50)
    with pytest.raises(TrainingDiverged) as caught:
        run.train()
    error = caught.value
    assert error.message.startswith(("Training loss became NaN at epoch ", "Training loss became infinite at epoch "))
    assert error.metadata["learningRate"] == pytest.approx(1e4)
    assert not np.isfinite(run.losses[-1])


def test_what_a_step_fails_with_is_said_in_one_line() -> None:
    class Picky(keras.layers.Layer):
        def call(self, x: Any, training: bool | None = None) -> Any:
            import tensorflow as tf

            if not training:
                return x
            with tf.control_dependencies([tf.debugging.assert_less(tf.shape(x)[0], 20, "too many rows")]):
                return tf.identity(x)

    model = keras.Sequential([keras.layers.Input((30,)), Picky(), keras.layers.Dense(2)])
    with pytest.raises(TrainingFailure) as caught:
        cancer(model).check().train()
    assert caught.value.message.startswith("InvalidArgumentError: ")
    assert "too many rows" in caught.value.message
    assert "Graph execution error" not in caught.value.message


def test_the_users_random_state_is_as_before_and_a_seed_repeats_a_run() -> None:
    random.seed(7)
    np.random.seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist()
    keys = {"target": "target", "architecture": "mlp", "hyperparameters": {"dropout": 0.2}, "epochs": 2}
    first, second, other = (prepare(IRIS, seed=seed, **keys).train() for seed in (5, 5, 6))
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert np.array_equal(weights_of(first.outcome.model), weights_of(second.outcome.model))
    assert first.losses == second.losses != other.losses


def test_mixed_precision_computes_in_16_bits_and_keeps_32() -> None:
    run = prepare(IRIS, target="target", architecture="mlp", mixedPrecision=True, epochs=3).check().train()
    layers = run.outcome.model.layers
    assert {layer.compute_dtype for layer in layers[:-1]} <= {"bfloat16", "float16"}
    assert layers[-1].compute_dtype == "float32"
    assert {str(weight.dtype) for weight in run.outcome.model.weights} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    copied = cancer(net(30, 2), mixedPrecision=True, epochs=1).train()
    assert copied.outcome.model.layers[0].compute_dtype in ("bfloat16", "float16")


def test_rows_of_ones_own_validate() -> None:
    held = IRIS.sample(30, random_state=1)
    rest = IRIS.drop(index=held.index)
    run = prepare(rest, target="target", architecture="mlp", epochs=1, validationData="$held", names={"held": held})
    run.train()
    pd.testing.assert_frame_equal(run.data.validation.X, held.drop(columns="target"))
    assert len(run.data.train) == 96
    given = run.executor.predict(run.outcome, run.data.validation)
    assert (given.values == held.target).mean() == pytest.approx(run.rows[0]["val_accuracy"])


def test_a_missing_keras_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(FrameworkNotFound) as caught:
        KerasExecutor().versions()
    assert caught.value.exit_code == 127
    assert caught.value.solution == "Install Keras and TensorFlow: pip install keras tensorflow"


@pytest.mark.gpu
def test_a_gpu_is_used_and_named() -> None:
    from mlmagic.executors.keras import _backend

    if not _backend.has_gpu():
        pytest.skip("no GPU here")
    run = prepare(CANCER, target="target", architecture="mlp", epochs=3, gpuEnabled=True).check().train()
    assert run.metadata["gpuUsed"] is True
    assert run.metadata["gpuModel"]
