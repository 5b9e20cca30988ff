"""What an ended run keeps in memory: its model as long as a report of it is held, the data not at all."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

import mlmagic
from mlmagic._listing import Listing
from mlmagic.errors import ModelLoadingError
from mlmagic.jobs import QUEUE
from tests.runs import config, flowers, forest, submit, until

pytestmark = pytest.mark.usefixtures("here")
INPUTS = flowers().iloc[:, :4]


def gone(reference: weakref.ref[Any]) -> None:
    """Whether nobody holds an object, once the run's thread is over too."""

    def dead() -> bool:
        gc.collect()
        return reference() is None

    until(dead, timeout=10)


def table() -> tuple[pd.DataFrame, weakref.ref[np.ndarray]]:
    """A table that is a view of one array, and that array."""
    X, y = load_iris(return_X_y=True)
    values = np.column_stack([X, y])
    frame = pd.DataFrame(values, columns=["a", "b", "c", "d", "target"], copy=False)
    assert np.shares_memory(frame.to_numpy(), values)
    return frame, weakref.ref(values)


def test_a_model_lives_as_long_as_a_report_of_it() -> None:
    report = submit().wait()
    expected = report.model.predict(INPUTS).tolist()
    model = weakref.ref(report.model)
    again = mlmagic.attach(report.output_dir)
    assert again.model is report.model
    del report
    gc.collect()
    assert again.model is model()
    directory = again.output_dir
    del again
    gone(model)
    assert "report-1" in repr(Listing(QUEUE))
    opened = mlmagic.attach(directory)
    assert opened.model.predict(INPUTS).tolist() == expected
    assert opened.model is opened.model


def test_a_model_that_nobody_touched_goes_too() -> None:
    nn = pytest.importorskip("torch").nn

    class Net(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 3)
            made.append(weakref.ref(self))

    made: list[weakref.ref[Any]] = []
    report = submit(None, {"Net": Net}, framework="pytorch", model="$Net", epochs=2).wait()
    assert any(isinstance(one(), Net) for one in made)
    directory = report.output_dir
    del report
    for one in made:
        gone(one)
    with pytest.raises(ModelLoadingError, match="lived in the notebook"):
        _ = mlmagic.attach(directory).model


def test_the_model_of_a_run_that_another_waits_for_is_there_when_its_turn_comes() -> None:
    first, blocking = submit(), forest()
    second = submit(None, {"first": first}, model="$first.model")
    del first
    gc.collect()
    blocking.stop()
    assert second.wait(60).status == "success"


@pytest.mark.parametrize(
    "keys", [{}, {"algorithm": None, "framework": "pytorch", "architecture": "mlp", "epochs": 1}, {"target": "nothing"}]
)
def test_an_ended_run_holds_no_data(keys: dict[str, Any]) -> None:
    if keys.get("framework") == "pytorch":
        pytest.importorskip("torch")
    frame, values = table()
    report = mlmagic.submit({key: value for key, value in config(**keys).items() if value}, df=frame)
    del frame
    report.run.wait(60)
    gone(values)
    assert report.status == ("error" if "target" in keys else "success")


def test_a_run_that_was_cancelled_holds_no_data() -> None:
    blocking = forest()
    frame, values = table()
    report = mlmagic.submit(config(), df=frame)
    del frame
    assert values() is not None, "it waits for its turn"
    report.stop()
    gone(values)
    assert blocking.status in ("queued", "running")


def test_what_a_reused_run_gave_is_let_go_of_too() -> None:
    submit().wait()
    report = submit(reuse=True).wait()
    assert report.metadata["reused"] is True
    model = weakref.ref(report.model)
    assert model() is report.model
    del report
    gone(model)


def test_an_opened_runs_model_lives_as_long_as_its_report() -> None:
    directory = submit().wait().output_dir
    copy = directory.rename(directory.with_name("copy"))
    report = mlmagic.attach(copy)
    model, run = weakref.ref(report.model), report.run
    assert report.model is model()
    del report
    gone(model)
    assert run.state.status == "success"
