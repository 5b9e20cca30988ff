"""The SavedModel of a run: written quietly; where Keras cannot export a network, the run says so and goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from sklearn.datasets import load_iris  # noqa: E402

import mlmagic  # noqa: E402
from mlmagic.executors.keras import _storage  # noqa: E402

IRIS = load_iris(as_frame=True).frame
# TensorFlow exports what a model tracks; what only its code holds, it does not find.
LEFT_OUT = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([1, 2], [0.5, 0.2], tf.int64), 0.0)


class Net(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.dense(x) + LEFT_OUT.lookup(tf.cast(x[:, :1], tf.int64))


def train(**keys: Any) -> Any:
    given = {"action": "train", "framework": "keras", "data": "$df", "model": "$Net", "epochs": 2, "gpuEnabled": False}
    return mlmagic.run({**given, **keys}, df=IRIS, Net=Net)


def test_a_class_that_cannot_be_exported(here: Path) -> None:
    report = train()
    assert report.status == "success"
    assert "savedModel" not in report.artifacts
    assert not (report.output_dir / "saved_model").exists()
    why = (report.output_dir / "saved_model_error.txt").read_text()
    assert Path(report.artifacts["savedModelError"]).name == "saved_model_error.txt"
    assert report.to_dict()["executionReport"]["artifacts"]["savedModelError"].endswith("saved_model_error.txt")
    # Keras' own words, as it says them to who exports it by hand.
    with pytest.raises(Exception, match="untracked") as caught:
        report.model.export(str(here / "by_hand"), input_signature=[keras.InputSpec("float32", (None, 4))])
    assert type(caught.value).__name__ in why
    assert "untracked" in why


def test_the_log_says_it_in_one_line_and_which_file_has_the_model(here: Path) -> None:
    for _ in range(2):  # not only the first time
        report = train()
        (line,) = [line for line in report.log.splitlines() if "saved_model" in line]
        assert line == (
            "saved_model was not written, for Keras cannot export this network; saved_model_error.txt says why, "
            "best_model.keras has the model"
        )
        assert line in (report.output_dir / "training.log").read_text()
    again = Net()
    again(np.zeros((1, 4), dtype=np.float32))
    again.load_weights(report.artifacts["bestModel"])
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), report.model.get_weights(), strict=True))


def test_nothing_is_exported_where_no_files_are_asked_for(here: Path) -> None:
    report = train(checkpoint=False)
    assert "saved_model" not in report.log
    assert "savedModelError" not in report.artifacts


# A kernel is interactive, which makes TensorFlow log to the stream that there was when it was imported.
IN_A_KERNEL = """
import sys

sys.ps1 = ">>> "
import logging, threading

import keras
import tensorflow as tf

from mlmagic.executors.keras import _storage

net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
about = {"inputs": [4], "inputsDtype": "float32"}
print("loud")
net.export(sys.argv[1] + "/by_hand", verbose=False)
print("quiet")
sys.stdout.flush()
stop = threading.Event()


def beside():
    while not stop.wait(0.001):
        tf.get_logger().info("another thread")


thread = threading.Thread(target=beside)
thread.start()
_storage.write_saved_model(net, about, _storage.Path(sys.argv[1]) / "ours")
stop.set()
thread.join()
print("after")
tf.get_logger().info("this thread")
"""


def test_an_export_writes_nothing_into_the_cell_that_runs(tmp_path: Path) -> None:
    asked = [sys.executable, "-c", IN_A_KERNEL, str(tmp_path)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (tmp_path / "ours" / "saved_model.pb").exists(), done.stderr
    loud, quiet = done.stdout.split("quiet\n")
    assert "INFO:tensorflow:Assets written to" in loud  # what TensorFlow says where nobody minds
    during, after = quiet.split("after\n")
    assert set(during.splitlines()) == {"INFO:tensorflow:another thread"}
    assert after == "INFO:tensorflow:this thread\n"
    assert "/new/assets" not in done.stdout + done.stderr


class Plain(keras.Model):
    """Its call knows nothing of training; its layers do."""

    def __init__(self) -> None:
        super().__init__()
        self.normal, self.drop, self.dense = (
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3),
        )

    def call(self, x: Any) -> Any:
        return self.dense(self.drop(self.normal(x)))


def test_the_export_predicts_as_the_network_does_when_it_does_not_train(here: Path) -> None:
    layers = keras.layers
    changed = [layers.RandomFlip(), layers.RandomRotation(0.5), layers.CenterCrop(6, 6), layers.BatchNormalization()]
    net = keras.Sequential([keras.Input((8, 8, 3)), *changed, layers.Dropout(0.5), layers.Flatten(), layers.Dense(2)])
    rows = np.random.default_rng(0).normal(3, 5, (4, 8, 8, 3)).astype("float32")
    own = Plain()
    for model, inputs in ((net, rows), (own, rows[:, 0, :, 0])):
        expected = model.predict(inputs, verbose=0)
        about = {"inputs": list(inputs.shape[1:]), "inputsDtype": "float32"}
        path = _storage.write_saved_model(model, about, here / "saved_model")
        signatures = tf.saved_model.load(str(path)).signatures
        for name in ("serve", "serving_default"):
            (argument,) = signatures[name].structured_input_signature[1]
            (given,) = signatures[name](**{argument: tf.constant(inputs)}).values()
            assert given.numpy() == pytest.approx(expected, abs=1e-5)
