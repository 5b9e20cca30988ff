"""Rows are predicted in blocks: progress is told, a stop is heard."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

import mlmagic
from mlmagic.actions import _blocks


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, how long a block takes does not make the next one shorter."""
    monkeypatch.setattr(_blocks, "SECONDS", 1e6)


@pytest.mark.usefixtures("_patient")
def test_blocks_give_what_one_call_gives() -> None:
    diabetes = load_diabetes(as_frame=True)
    X = pd.concat([diabetes.data] * 60, ignore_index=True)
    model = LinearRegression().fit(diabetes.data, diabetes.target)
    report = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=X)
    np.testing.assert_array_equal(report.predictions["predicted"], model.predict(X))
    assert report.metadata["batchSize"] == len(X) - 1024
    small = mlmagic.run({"action": "predict", "model": "$m", "data": "$X", "batchSize": 1000}, m=model, X=X)
    assert small.metadata["batchSize"] == 1000
    np.testing.assert_allclose(small.predictions["predicted"], report.predictions["predicted"], rtol=1e-12)


class Counted:
    """A model that notes how many rows it is asked for, and may take its time."""

    def __init__(self, seconds: float = 0.0, at: int | None = None, event: threading.Event | None = None) -> None:
        self.asked: list[int] = []
        self.seconds, self.at, self.event = seconds, at, event

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        import time

        self.asked.append(len(X))
        time.sleep(self.seconds)
        if self.event is not None and len(self.asked) == self.at:
            self.event.wait(30)
        return np.arange(len(X), dtype=float)


def wide(rows: int, columns: int) -> pd.DataFrame:
    return pd.DataFrame(np.zeros((rows, columns), dtype=np.float32)).rename(columns=lambda number: f"x{number}")


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (4, [1024, 1_048_576, 2112]),
        (1000, [512, 7680, 20]),
        (20_000, [32, 384, 10]),
    ],
)
def test_a_block_is_as_long_as_its_rows_are_narrow(columns: int, expected: list[int]) -> None:
    model, rows = Counted(), wide(sum(expected), columns)
    mlmagic.run({"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=model, X=rows)
    assert model.asked == expected


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize(("rows", "expected"), [(60_000, [1024, 60_000]), (40_000, [1024, 38_976])])
def test_a_table_of_one_block_is_asked_for_whole_if_the_first_batch_is_little_of_it(
    rows: int, expected: list[int]
) -> None:
    model = Counted()
    report = mlmagic.run(
        {"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=model, X=wide(rows, 4)
    )
    assert model.asked == expected
    assert len(report.predictions) == report.metadata["samplesProcessed"] == rows


def test_a_slow_model_is_not_asked_for_more_than_it_answers_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_blocks, "SECONDS", 0.05)
    model = Counted(seconds=0.05)
    mlmagic.run({"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=model, X=wide(4096, 4))
    assert model.asked == [1024] * 4


@pytest.mark.usefixtures("_patient")
def test_a_stop_keeps_the_rows_so_far_and_progress_is_told() -> None:
    held, kept = threading.Event(), 1024 + 39 * 1024
    model, rows = Counted(at=2, event=held), wide(50_000, 200)
    report = mlmagic.submit({"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=model, X=rows)
    while len(model.asked) < 2:
        assert not report.run.wait(0.01), report.log
    assert (report.run.state.plan.unit, report.run.state.plan.total) == ("row", 50_000)
    report.stop()
    held.set()
    report.wait()
    assert report.status == "stopped"
    assert len(report.predictions) == report.metadata["samplesProcessed"] == kept
    assert report.run.state.done <= kept
    assert f"Stopped after {kept} of 50000 rows" in report.log
    assert report.to_dict()["executionReport"]["predictions"]["shape"] == [kept]
    assert len(pd.read_csv(report.artifacts["predictionsCSV"])) == kept
