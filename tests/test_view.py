"""What the page is told of a run, where no other test looks: the device, and how much of a long list there is."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import mlmagic
from mlmagic import _view
from mlmagic.events import Metadata, Plan, Usage, decode, encode
from mlmagic.state import RunState
from tests.runs import flowers, forest, submit, until

GIB = 2**30
GPU = {"name": "NVIDIA H100", "utilisation": 63, "memoryUsed": 12 * GIB, "memoryTotal": 80 * GIB}
NETWORK = {"action": "train", "framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "target"}


def state(*events: object) -> RunState:
    """A run after these events, each written to the stream and read again."""
    run = RunState()
    for event in events:
        run.apply(decode(json.loads(encode(event))), 0.0)  # type: ignore[arg-type]
    return run


def test_a_device_is_told_as_it_was_measured_last() -> None:
    run = state(Usage(1, 1, GPU | {"utilisation": 5}), Usage(1, 1, GPU))
    assert _view.device(run) == GPU


def test_what_nobody_measured_of_a_device_is_none() -> None:
    named = {"name": "NVIDIA A100", "utilisation": None, "memoryUsed": None, "memoryTotal": None}
    assert _view.device(state(Metadata({"gpuUsed": True, "gpuModel": "NVIDIA A100"}))) == named
    assert _view.device(state(Usage(1, 1, {"name": "NVIDIA A100"}))) == named


def test_a_processor_is_no_device() -> None:
    assert _view.device(state(Metadata({"gpuUsed": False, "threads": 2}), Usage(1, 1))) is None


def test_steps_are_counted_so_that_a_fraction_of_an_epoch_is_a_step_again(here: None) -> None:
    run = mlmagic.run({**NETWORK, "epochs": 1, "batchSize": 10}, df=flowers())
    axis = _view.moving(run.run, "button")["axis"]
    assert axis == {"unit": "epoch", "total": 1, "steps": run.run.state.axis.steps}
    curve = next(curve for key, curve in run.run.state.curves.items() if key.grain == "step")
    assert axis["steps"] == curve.count
    assert state(Plan("growing", "tree", 5)).axis.steps is None


@pytest.mark.parametrize(("wanted", "notice"), [(True, "GPU asked for, none found: CPU"), (False, None), (None, None)])
def test_a_gpu_that_was_asked_for_and_is_not_there(
    here: None, monkeypatch: pytest.MonkeyPatch, wanted: bool | None, notice: str | None
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)  # on a machine that has one, too
    run = mlmagic.run({**NETWORK, "epochs": 1, "gpuEnabled": wanted}, df=flowers())
    told = _view.settled(run.run)
    assert told["notice"] == notice
    assert told["threads"] == run.metadata["threads"]
    assert _view.moving(run.run, "button")["device"] is None


def test_a_stop_says_what_it_kept(here: None) -> None:
    run = mlmagic.submit({**NETWORK, "epochs": 100_000}, df=flowers())
    until(lambda: len(run.history) > 2)
    run.stop()
    facts = run.wait().metadata
    told = f"Kept the model of epoch {facts['bestEpoch']}, the best of {facts['finalEpoch']}"
    assert _view.settled(run.run)["notice"] == told
    assert _view.notice(mlmagic.run({**NETWORK, "epochs": 1}, df=flowers()).run) is None


def test_a_stop_says_that_there_was_nothing_to_keep(here: None) -> None:
    run = forest(crossValidation={"folds": 5})
    until(lambda: len(run.history) > 0)
    run.stop()
    run.wait()
    assert _view.settled(run.run)["notice"] == "Stopped before there was a model to keep, in: cross-validation"


def test_the_page_gets_long_lists_shortened_and_the_report_whole(here: None) -> None:
    run = mlmagic.run({**NETWORK, "epochs": 300}, df=flowers())
    shown = json.loads(_view.settled(run.run)["report"])["executionReport"]["metrics"]["train"]["loss"]
    whole = run.to_dict()["executionReport"]["metrics"]["train"]["loss"]
    assert len(whole) == 300
    assert shown == [*whole[:3], "...", whole[-1]]


def test_of_many_features_the_first_are_listed_and_all_are_counted(here: None) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 45))
    table = pd.DataFrame(rows, columns=[f"x{i}" for i in range(45)]).assign(target=rows[:, 7] > 0)
    run = submit("RandomForestClassifier", {"df": table}, hyperparameters={"n_estimators": 10}).wait()
    found = _view.importance(run.run)
    assert found is not None
    assert (len(found["features"]), found["count"]) == (_view.IMPORTANCES, 45)
    assert found["features"][0] == "x7"
