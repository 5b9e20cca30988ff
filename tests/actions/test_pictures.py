"""Pictures of many labels, and of labels that no model knew."""

from __future__ import annotations

import time
from pathlib import Path

import matplotlib.image
import numpy as np
from sklearn.datasets import load_iris

import mlmagic
from mlmagic.actions import _pictures


def seconds(labels: int, path: Path) -> float:
    matrix = np.random.default_rng(0).integers(0, 9, (labels, labels))
    began = time.process_time()
    _pictures.confusion(matrix, [f"label {number}" for number in range(labels)]).savefig(path)
    return time.process_time() - began


def test_many_labels_take_no_longer_than_some(tmp_path: Path) -> None:
    seconds(3, tmp_path / "warm.png")
    few, many = seconds(_pictures.MOST_COUNTS, tmp_path / "few.png"), seconds(200, tmp_path / "many.png")
    assert many < 3 * few  # a text for each of 40,000 counts took a minute
    assert matplotlib.image.imread(tmp_path / "many.png").std() > 0.01


def test_labels_that_the_model_never_saw_are_in_the_picture(here: Path) -> None:
    """No row of the test has a label that the training rows have."""
    frame = load_iris(as_frame=True).frame
    frame["group"] = np.where(frame["target"] == 0, "b", "a")
    frame.loc[60:74, "group"], frame.loc[120:129, "group"] = "c", "d"
    keys = {"framework": "sklearn", "algorithm": "LogisticRegression", "target": "target", "groups": "group"}
    body = {"action": "train", "data": "$df", "validationSplit": 0.25, "seed": 3, **keys}
    report = mlmagic.run(body, df=frame)
    test = report.metrics["test"]
    assert not set(report.predictions["actual"]) & set(report.model.classes_)
    assert test["accuracy"] == 0
    assert sorted(test["labels"]) == ["0", "1", "2"]
    assert Path(report.artifacts["confusionMatrixPlot"]).is_file()
