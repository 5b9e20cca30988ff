"""Input that is not what it should be, told from the cell's text to the message: type, cause, place and way out.

What only one module can know is tested beside it: damaged images and records, files that hold code, rows and labels
that a model never saw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

import mlmagic
from mlmagic.errors import Fault, InvalidConfiguration, MLError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("here")
IRIS = load_iris(as_frame=True).frame
SCRIPT = """\
action: train
framework: {framework}
modelScript: net.py
modelClass: Net
data: $df
target: target
epochs: 1
gpuEnabled: false
"""
TORCH_NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x):
        return self.layer(x)
"""
KERAS_NET = """\
import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.layer = keras.layers.Dense(2)

    def call(self, x):
        return self.layer(x)
"""
NETS = {"pytorch": TORCH_NET, "keras": KERAS_NET}


def failure(text: str, frame: pd.DataFrame = IRIS, **names: Any) -> MLError:
    """The error of a run, which says what to do and shows nothing of ours."""
    with pytest.raises(MLError) as caught:
        mlmagic.run(text, df=frame, **names)
    assert caught.value.solution
    assert "Traceback" not in str(caught.value)
    return caught.value


def the_fault(error: MLError) -> Fault:
    assert isinstance(error, InvalidConfiguration)
    (found,) = error.faults
    return found


@pytest.fixture(params=["pytorch", "keras"])
def framework(request: pytest.FixtureRequest) -> str:
    pytest.importorskip({"pytorch": "torch", "keras": "keras"}[request.param])
    name: str = request.param
    return name


# -- scripts


def test_a_script_that_is_not_there(framework: str, here: Path) -> None:
    error = failure(SCRIPT.format(framework=framework))
    assert error.type == "model-loading-error"
    assert error.message == "line 3, column 1: modelScript 'net.py' is not there"
    assert error.stderr == f"FileNotFoundError: {here / 'net.py'}"
    assert "path" in error.solution


def test_a_script_whose_name_is_misspelt(framework: str, here: Path) -> None:
    (here / "nets.py").write_text(NETS[framework])
    assert failure(SCRIPT.format(framework=framework)).message.endswith("Did you mean 'nets.py'?")


def test_a_class_that_a_script_does_not_have(framework: str, here: Path) -> None:
    (here / "net.py").write_text(NETS[framework].replace("Net(", "Nets("))
    error = failure(SCRIPT.format(framework=framework))
    assert error.type == "model-loading-error"
    assert error.message == "line 4, column 1: net.py has no class 'Net'. Did you mean `Nets`?"
    assert error.solution == "Write modelClass: Nets"


def test_a_script_that_raises_shows_its_own_last_frame(framework: str, here: Path) -> None:
    (here / "net.py").write_text("import math\n\n\ndef deeper():\n    return math.sqrt(-1)\n\n\ndeeper()\n")
    error = failure(SCRIPT.format(framework=framework))
    assert (error.type, error.message) == ("model-loading-error", "net.py failed: ValueError: math domain error")
    frames = [line for line in error.stderr.splitlines() if line.lstrip().startswith("File ")]
    assert frames[-1].strip() == 'File "net.py", line 5, in deeper'
    assert all("net.py" in frame for frame in frames)
    assert "line shown above" in error.solution


def test_outputs_that_do_not_fit_the_labels(framework: str, here: Path) -> None:
    (here / "net.py").write_text(NETS[framework])
    error = failure(SCRIPT.format(framework=framework))
    found = the_fault(error)
    assert found.message == "Net gives (4, 2) for inputs of shape (4, 4), but 3 classes need (rows, 3)"
    assert (error.type, found.line, found.column) == ("invalid-configuration", 3, 1)
    assert "last layer" in error.solution


# -- labels that are not 0 to k-1


LABELS = {
    "words": {0: "setosa", 1: "versicolor", 2: "virginica"},
    "numbers with gaps": {0: -3, 1: 7, 2: 100},
    "words that are numbers": {0: "10", 1: "9", 2: "08"},
}


@pytest.mark.parametrize("names", LABELS.values(), ids=LABELS)
def test_networks_take_any_labels_and_give_them_back(framework: str, names: dict[int, Any]) -> None:
    frame = IRIS.assign(target=IRIS["target"].map(names))
    text = f"action: train\nframework: {framework}\narchitecture: mlp\ndata: $df\nepochs: 30\nlearningRate: 0.01\n"
    report = mlmagic.run(text, df=frame)
    labels = sorted(names.values())
    assert report.metrics["test"]["labels"] == [str(label) for label in labels]
    assert set(report.predictions["predicted"]) <= set(labels)
    assert set(report.predictions["actual"]) == set(labels)
    assert report.metrics["test"]["accuracy"] > 0.8
    again = mlmagic.load_model(report.output_dir).predict(frame)
    assert (again == frame["target"]).mean() > 0.8


def test_a_loss_of_the_notebook_sees_numbers_from_nought(framework: str) -> None:
    seen: set[float] = set()
    frame = IRIS.assign(target=IRIS["target"].map(LABELS["numbers with gaps"]))
    text = SCRIPT.format(framework=framework).replace("modelScript: net.py\nmodelClass: Net", "architecture: mlp")
    mlmagic.run(f"{text}lossFunction: $loss\n", df=frame, loss=_loss(framework, seen))
    assert seen == {0, 1, 2}


def _loss(framework: str, seen: set[float]) -> Any:
    """Cross entropy in the framework's own order of arguments, which notes what it is given."""
    if framework == "pytorch":
        from torch.nn.functional import cross_entropy

        def of_torch(prediction: Any, target: Any) -> Any:
            seen.update(np.unique(target.cpu().numpy()).tolist())
            return cross_entropy(prediction, target)

        return of_torch
    import keras
    import tensorflow as tf

    def of_keras(target: Any, prediction: Any) -> Any:
        tf.py_function(lambda values: seen.update(np.unique(values.numpy()).tolist()), [target], [])
        return keras.losses.sparse_categorical_crossentropy(target, prediction, from_logits=True)

    return of_keras


# -- names that are none


def test_an_optimizer_that_there_is_none_of(framework: str) -> None:
    found = the_fault(failure(f"framework: {framework}\naction: train\narchitecture: mlp\ndata: $df\noptimizer: adamm"))
    assert found.message == "optimizer must be one of adam, adamw, sgd or rmsprop, got 'adamm'"
    assert (found.line, found.column, found.suggestion) == (5, 12, "adam")


UNKNOWN = [
    ("sklearn", "algorithm: RandomForestClassifier", "max_dept", "max_depth", "takes an int in the range [1, inf)"),
    ("xgboost", "algorithm: XGBClassifier", "max_dept", "max_depth", "max_depth takes whole numbers >= 0."),
    ("lightgbm", "algorithm: LGBMClassifier", "min_chld_samples", "min_child_samples", "takes whole numbers >= 0."),
    ("pytorch", "architecture: mlp", "dropuot", "dropout", "takes a number of at least 0 and below 1"),
    ("keras", "architecture: mlp", "hiden", "hidden", "takes a list of whole numbers of at least 1"),
]


@pytest.mark.parametrize(("framework", "model", "wrong", "meant", "says"), UNKNOWN, ids=[case[0] for case in UNKNOWN])
def test_a_hyperparameter_that_the_estimator_does_not_have(
    framework: str, model: str, wrong: str, meant: str, says: str
) -> None:
    pytest.importorskip({"pytorch": "torch"}.get(framework, framework))
    text = f"action: train\nframework: {framework}\n{model}\ndata: $df\nhyperparameters:\n  {wrong}: 3\n"
    found = the_fault(failure(text))
    assert (found.line, found.column, found.suggestion) == (6, 3, meant)
    assert repr(wrong) in found.message
    assert says in found.message
    assert len(found.message) < 200


WRONG = [
    ("sklearn", "algorithm: RandomForestClassifier", "max_depth: -7", "int in the range [1, inf) or None. Got -7"),
    ("xgboost", "algorithm: XGBClassifier", "max_depth: -7", "max_depth takes whole numbers >= 0, got -7"),
    (
        "lightgbm",
        "algorithm: LGBMClassifier",
        "num_leaves: 1",
        "num_leaves takes whole numbers from 2 to 131072, got 1",
    ),
    ("pytorch", "architecture: mlp", "dropout: 3", "must be a number of at least 0 and below 1, got 3"),
    ("keras", "architecture: mlp", "hidden: [0]", "whole number of at least 1, got 0"),
]


@pytest.mark.parametrize(("framework", "model", "wrong", "says"), WRONG, ids=[case[0] for case in WRONG])
def test_a_hyperparameter_out_of_its_range(framework: str, model: str, wrong: str, says: str) -> None:
    pytest.importorskip({"pytorch": "torch"}.get(framework, framework))
    text = f"action: train\nframework: {framework}\n{model}\ndata: $df\nhyperparameters:\n  {wrong}\n"
    found = the_fault(failure(text))
    assert says in found.message
    assert found.line == 6


# -- files


def test_a_record_that_is_cut_off(here: Path) -> None:
    pytest.importorskip("tensorflow")
    from tests.seed_data import digits, records

    path = here / "data" / "train.tfrecord"
    records(digits(slice(0, 20)), path)
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    start = 0
    for _ in range(19):  # a record is its length, a checksum, itself and another checksum
        start += 8 + 4 + int.from_bytes(content[start : start + 8], "little") + 4
    error = failure("action: train\nframework: sklearn\nalgorithm: GaussianNB\ndataPath: data/train.tfrecord\n")
    assert error.type == "data-loading-error"
    assert error.message == f"line 4, column 1: Record 20 of train.tfrecord (byte {start}) is cut off"


def test_a_file_that_is_no_image(here: Path) -> None:
    pytest.importorskip("torch")
    from tests.executors.image_data import digits

    digits(here / "data", count=40)
    (here / "data" / "3" / "notes.png").write_text("no image")
    error = failure("action: train\nframework: pytorch\narchitecture: cnn\ndataPath: data\nepochs: 1\n")
    assert error.type == "data-loading-error"
    assert "3/notes.png" in error.message.replace("\\", "/")
