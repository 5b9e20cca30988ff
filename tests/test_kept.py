"""What a run has is kept, whatever happens to it: the model, the folds, the results of the run before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

import mlmagic
from mlmagic.errors import DataLoadingError, InvalidConfiguration, ModelLoadingError
from mlmagic.events import Log, Plan
from mlmagic.run_directory import EVENTS, RunDirectory
from tests.runs import Sleeper, flowers, submit, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("here")


class SlowToPredict(GaussianNB):
    """Fits at once; what it predicts takes its time."""

    def predict_proba(self, X: Any) -> Any:
        time.sleep(30)
        return super().predict_proba(X)


class FailsToPredict(GaussianNB):
    def predict_proba(self, X: Any) -> Any:
        raise ValueError("no idea")


class SlowAfterFolds(Sleeper):
    """Fits the folds at once and the whole training part never."""

    def fit(self, X: Any, y: Any) -> SlowAfterFolds:
        self.seconds = 60 if len(X) > 110 else 0
        return super().fit(X, y)


def test_a_stop_while_the_model_is_measured_keeps_it() -> None:
    report = submit(None, {"slow": SlowToPredict()}, model="$slow")
    until(lambda: report.run.state.phase == "evaluating")
    report.stop()
    assert report.wait(60).status == "stopped"
    assert isinstance(report.model, GaussianNB)
    assert report.model.classes_.tolist() == [0, 1, 2]


def test_a_model_that_cannot_be_measured_is_kept() -> None:
    report = submit(None, {"broken": FailsToPredict()}, model="$broken")
    with pytest.raises(mlmagic.MLError, match="no idea"):
        report.wait(60)
    assert report.model.theta_.shape == (3, 4)
    with pytest.raises(mlmagic.MLError, match="no idea"):
        report.metrics  # noqa: B018


def test_folds_outlive_a_run_that_must_be_killed() -> None:
    report = submit(None, {"slow": SlowAfterFolds(0)}, model="$slow", crossValidation={"folds": 3})
    until(lambda: report.run.state.phase == "training")
    report.stop()
    report.wait(60)
    assert report.status == "stopped"
    folds = report.metrics["crossValidation"]
    assert folds["accuracy"] == pytest.approx(report.history["accuracy"].tolist())
    assert folds["meanAccuracy"] == pytest.approx(np.mean(folds["accuracy"]))


def test_two_runs_in_one_directory_keep_their_own_results() -> None:
    first = submit("GaussianNB", outputDir="same").wait()
    before = first.predictions
    second = submit("DummyClassifier", outputDir="same").wait()
    pd.testing.assert_frame_equal(first.predictions, before)
    assert not second.predictions.equals(before)
    assert all("same/.previous/1" in path for path in first.artifacts.values())
    assert mlmagic.attach("same").to_dict() == second.to_dict()


def test_a_damaged_line_ends_nobodys_waiting() -> None:
    report = submit("GaussianNB").wait()
    stream = report.output_dir / EVENTS
    lines = stream.read_bytes().splitlines(keepends=True)
    stream.write_bytes(b"".join([*lines[:3], b"\x00garbage\n", b'{"time":1,"event":"row"}\n', *lines[3:]]))
    copy = report.output_dir.rename(report.output_dir.with_name("copy"))
    assert (
        mlmagic.attach(copy).to_dict()["executionReport"]["metrics"] == report.to_dict()["executionReport"]["metrics"]
    )


def test_a_late_heartbeat_is_not_written_after_the_end() -> None:
    report = submit("GaussianNB").wait()
    before = (report.output_dir / EVENTS).read_bytes()
    report.run.emit(Log("late"))  # type: ignore[attr-defined]
    report.run.emit(Plan("late"))  # type: ignore[attr-defined]
    assert (report.output_dir / EVENTS).read_bytes() == before
    assert report.status == "success"


def test_a_target_in_another_order_is_put_in_the_datas_order() -> None:
    frame = load_iris(as_frame=True).frame
    X, y = frame.drop(columns="target"), frame["target"]
    config = {"action": "train", "framework": "sklearn", "algorithm": "GaussianNB", "data": "$X", "target": "$y"}
    straight = mlmagic.run(config, X=X, y=y)
    shuffled = mlmagic.run(config, X=X, y=y.sample(frac=1, random_state=1))
    assert shuffled.metrics == straight.metrics
    assert "order" in shuffled.log


def test_a_network_of_the_notebook_is_given_again_when_its_run_is_opened() -> None:
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self, in_features: int, num_classes: int, hidden: int = 8) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(in_features, hidden), torch.nn.Linear(hidden, num_classes)
            )

        def forward(self, x: Any) -> Any:
            return self.layers(x)

    keys = {"framework": "pytorch", "model": "$Net", "epochs": 2, "hyperparameters": {"hidden": 5}}
    trained = submit(None, {"Net": Net}, **keys).wait()
    copy = trained.output_dir.rename(trained.output_dir.with_name("copy"))
    with pytest.raises(ModelLoadingError, match=r"\$Net lived in the notebook") as caught:
        _ = mlmagic.attach(copy).model
    assert f"mlmagic.attach({str(copy.absolute())!r}, Net=Net)" in caught.value.solution
    again = mlmagic.attach(copy, Net=Net)
    assert type(again.model) is Net
    for given, expected in zip(again.model.parameters(), trained.model.parameters(), strict=True):
        assert torch.equal(given, expected)
    rows = flowers().iloc[:, :4]
    assert (again.preparation.transform(rows) == trained.preparation.transform(rows)).all()


def test_a_name_that_the_run_does_not_have_is_refused() -> None:
    report = submit("GaussianNB").wait()
    copy = report.output_dir.rename(report.output_dir.with_name("copy"))
    with pytest.raises(InvalidConfiguration, match=r"names no variable \$Net; it names \$df"):
        mlmagic.attach(copy, Net=object)


def test_a_directory_does_not_choose_what_of_a_given_object_runs(here: Path) -> None:
    torch = pytest.importorskip("torch")

    class Nets:
        small = torch.nn.Linear

    directory = (
        submit(
            None,
            {"nets": Nets},
            framework="pytorch",
            model="$nets.small",
            epochs=1,
            hyperparameters={"out_features": 3},
        )
        .wait()
        .output_dir
    )
    copy = directory.rename(directory.with_name("copy"))
    with pytest.raises(ModelLoadingError, match=r"\$nets.small lived in the notebook"):
        _ = mlmagic.attach(copy, nets=Nets).model


def test_a_directory_without_a_run_says_so(here: Path) -> None:
    with pytest.raises(DataLoadingError, match="holds no run"):
        mlmagic.attach(here)
    assert list(here.iterdir()) == []
    claimed = RunDirectory.claim(here / "next", "report")
    with pytest.raises(DataLoadingError, match="has not started yet"):
        mlmagic.attach(here / "next")
    claimed.release()


def test_flowers_are_left_as_they_are() -> None:
    frame = flowers()
    before = frame.copy()
    submit("GaussianNB", {"df": frame}).wait()
    pd.testing.assert_frame_equal(frame, before)
