"""Real data and scripts at the paths that the seed documents' configs name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_iris

from tests.executors.image_data import DIGITS

RESNET = """
from torch import nn


class Bottleneck(nn.Module):
    def __init__(self, channels, inner):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ReLU(),
            nn.Conv2d(inner, inner, 3, padding=1, bias=False), nn.BatchNorm2d(inner), nn.ReLU(),
            nn.Conv2d(inner, channels, 1, bias=False), nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return (x + self.body(x)).relu()


class ResNet50(nn.Module):
    # As deep as a notebook's processor takes lightly.
    def __init__(self, num_classes=2):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 7, 4, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.blocks = nn.Sequential(Bottleneck(16, 8), Bottleneck(16, 8))
        self.head = nn.Linear(16, num_classes)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))
"""
PERCEPTRON = """
from torch import nn


class Net(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_features, 16), nn.ReLU(), nn.Linear(16, n_classes))

    def forward(self, x):
        return self.layers(x)
"""
KERAS = """
import keras


@keras.saving.register_keras_serializable("digits")
class Scale(keras.layers.Layer):
    def call(self, x):
        return x / 16.0


if __name__ == "__main__":
    model = keras.Sequential(
        [keras.Input((64,)), Scale(), keras.layers.Dense(32, "relu"), keras.layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save("model.h5")
"""


def irises(path: Path) -> pd.DataFrame:
    """Irises as a CSV file: ``feature1`` to ``feature4`` and the species as text."""
    data = load_iris()
    frame = pd.DataFrame(data.data, columns=[f"feature{number}" for number in range(1, 5)])
    frame["label"] = data.target_names[data.target]
    return _csv(frame, path)


def customers(path: Path) -> pd.DataFrame:
    """569 rows of 30 numbers, and one of two labels: ``churn``."""
    data = load_breast_cancer(as_frame=True)
    return _csv(data.frame.rename(columns={"target": "churn"}), path)


def digits(rows: slice) -> pd.DataFrame:
    """Handwritten digits as 64 numbers and a label."""
    frame = pd.DataFrame(DIGITS.data[rows], columns=[f"pixel{number:02}" for number in range(64)])
    return frame.assign(label=DIGITS.target[rows])


def records(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as TensorFlow's own records, a feature a column."""
    import tensorflow as tf

    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in frame.to_dict("records"):
            features = {name: _feature(tf, value) for name, value in row.items()}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())


def _feature(tf: Any, value: float) -> Any:
    if isinstance(value, (int, np.integer)):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))


def _csv(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
    return frame
