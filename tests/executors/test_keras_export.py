"""A network that Keras trains and cannot export: the run says so, tells why in a file, and keeps the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from sklearn.datasets import load_iris  # noqa: E402

import mlmagic  # noqa: E402

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
