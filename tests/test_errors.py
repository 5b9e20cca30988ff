"""Bad input gets one clear error: its type, the cause with its place, the way out; the process lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

import mlmagic
from mlmagic.errors import KINDS, Fault, InvalidConfiguration, MLError, from_dict

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("here")
IRIS = load_iris(as_frame=True).frame


def fails(frame: pd.DataFrame = IRIS, **keys: Any) -> MLError:
    """The error of a run that differs from a good one by these keys; None leaves a key out."""
    good = {"action": "train", "framework": "sklearn", "algorithm": "GaussianNB", "data": "$df", "target": "target"}
    config = {key: value for key, value in {**good, **keys}.items() if value is not None}
    with pytest.raises(MLError) as raised:
        mlmagic.run(config, df=frame)
    error = raised.value
    assert error.solution
    assert "Traceback" not in str(error)
    assert "site-packages" not in str(error)
    return error


def test_missing_file(here: Path) -> None:
    IRIS.to_csv(here / "train.csv")
    error = fails(data=None, dataPath="trian.csv")
    assert error.type == "data-loading-error"
    assert error.message == "Failed to load training data"
    assert error.stderr == "FileNotFoundError: trian.csv not found"
    assert "train.csv" in error.solution


def test_missing_columns_are_named_at_once() -> None:
    error = fails(target="targt", featureColumns=["petal", "sepal length (cm)"])
    assert isinstance(error, InvalidConfiguration)
    assert [fault.path for fault in error.faults] == ["target", "featureColumns[0]"]
    assert error.faults[0].suggestion == "target"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["1"] * 100 + ["two"] * 50, "mixes numbers and words"),
        ([f"a sentence of its own, number {row}" for row in range(150)], "free text"),
        (pd.date_range("2020-01-01", periods=150), "dates"),
        ([np.inf] + [1.0] * 149, "infinite"),
    ],
)
def test_a_column_that_cannot_be_used(values: Any, says: str) -> None:
    error = fails(IRIS.assign(odd=values))
    assert error.type == "data-loading-error"
    assert "'odd'" in error.message
    assert says in error.message
    assert "featureColumns" in error.solution


def test_wrong_target_type() -> None:
    assert "regressor" in fails(IRIS.assign(name="a"), algorithm="Ridge", target="name").message
    error = fails(target="petal length (cm)", task="classification")
    assert "fractional" in error.message
    assert "pd.cut" in error.solution


def test_one_class_only() -> None:
    assert "one class only" in fails(IRIS.assign(target=1)).message


@pytest.mark.parametrize("frame", [IRIS.iloc[:0], pd.DataFrame()])
def test_empty_data(frame: pd.DataFrame) -> None:
    assert fails(frame).type == "data-loading-error"


def test_every_bad_hyperparameter_at_once() -> None:
    error = fails(hyperparameters={"var_smoothing": "a", "priorz": 1})
    assert isinstance(error, InvalidConfiguration)
    unknown, wrong = error.faults
    assert unknown.suggestion == "priors"
    assert "in the range [0.0, inf). Got 'a'" in wrong.message


def test_faults_of_the_run_have_their_place_in_the_text() -> None:
    text = """\
action: train
framework: sklearn
algorithm: GaussianNB
data: $df
target: target
hyperparameters:
  priorz: 1
"""
    with pytest.raises(InvalidConfiguration) as raised:
        mlmagic.run(text, df=IRIS)
    (fault,) = raised.value.faults
    assert (fault.line, fault.column) == (7, 3)


def test_names_and_keys_are_told_together() -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        mlmagic.run("action: train\nframework: sklearn\nalgorithm: GaussianNBB\ndata: $dff\n", df=IRIS)
    assert [(fault.line, fault.suggestion) for fault in raised.value.faults] == [(3, "GaussianNB"), (4, "$df")]


def test_what_a_library_refuses_is_told_in_its_own_words() -> None:
    error = fails(IRIS.mask(IRIS == 5.0), prepare="none", target="target")
    assert error.type == "training-failure"
    assert error.message.startswith("ValueError: Input X contains NaN")


def test_a_loss_that_is_no_number() -> None:
    pytest.importorskip("torch")
    error = fails(framework="pytorch", algorithm=None, architecture="mlp", learningRate=1e10, optimizer="sgd")
    assert error.type == "training-diverged"
    assert error.metadata["learningRate"] == 1e10
    assert error.message == f"Training loss became NaN at epoch {error.metadata['epoch']}"


def test_a_directory_that_cannot_be_written(here: Path) -> None:
    (here / "file").touch()
    error = fails(outputDir="file/run")
    assert error.type == "output-error"
    assert "outputDir" in error.solution


def test_the_process_lives_on_and_the_next_run_is_good() -> None:
    fails(hyperparameters={"priorz": 1})
    report = mlmagic.run({"action": "train", "framework": "sklearn", "algorithm": "GaussianNB", "data": "$df"}, df=IRIS)
    assert report.status == "success"


@pytest.mark.parametrize("kind", sorted(KINDS.values(), key=lambda kind: kind.type))
def test_an_error_keeps_everything_on_its_way(kind: type[MLError]) -> None:
    if kind is InvalidConfiguration:
        error: MLError = InvalidConfiguration([Fault("a", "b must be c", 1, 2, object(), "d"), Fault("e", "f")])
    else:
        error = kind("what", solution="do this", stderr="cause", metadata={"epoch": 3})
    again = from_dict(error.to_dict())
    assert type(again) is kind
    assert again.to_dict() == error.to_dict()
    assert str(again) == str(error)
    assert "exitCode" in error.to_dict()
