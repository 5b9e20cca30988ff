"""Files that memory has no room for are trained on, evaluated and predicted from disk."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_regression
from sklearn.linear_model import LogisticRegression

import mlmagic
from mlmagic import _memory
from mlmagic.config import resolve
from mlmagic.data import Cancelled, Rows, _deal, _large, _mapped, read, training_data
from mlmagic.executors._networks import _sample
from tests.benchmarks._measure import TELLS_PEAK, WHY
from tests.data.test_large import records

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose memory has room for no table, and pieces of some rows."""
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
    monkeypatch.setattr(_large, "PIECE", 20_000)
    monkeypatch.setattr(_mapped, "PIECE", 20_000)


def words(rows: int = 1200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["a", "b", "c"]).round(3)
    frame["colour"] = rng.choice(["red", "green", "blue"], rows)
    frame.loc[::7, "b"] = np.nan
    score = frame["a"] + (frame["colour"] == "red")
    return frame.assign(kind=np.where(score > 0.3, "high", "low"))


TRAIN = {"action": "train", "framework": "pytorch", "architecture": "mlp", "epochs": 3, "seed": 1, "target": "kind"}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_trains_the_network_that_it_trains_in_memory(
    suffix: str, here: Path, request: pytest.FixtureRequest
) -> None:
    path = here / f"t.{suffix}"
    words().to_csv(path, index=False) if suffix == "csv" else words().to_parquet(path)
    held = mlmagic.run(TRAIN | {"dataPath": str(path)})
    request.getfixturevalue("small")
    streamed = mlmagic.run(TRAIN | {"dataPath": str(path)})
    assert streamed.metadata["streamed"] is True
    assert "is kept on disk" in streamed.log
    assert "is kept on disk" not in held.log
    assert streamed.metrics["test"] == held.metrics["test"]
    assert streamed.metadata["dataHash"] == held.metadata["dataHash"]
    for key in ("data", "trainSamples", "testSamples", "encoded", "filled"):
        assert streamed.metadata[key] == held.metadata[key]
    # It evaluates and predicts from disk as well, with whatever model.
    keys = {"model": "$m", "dataPath": str(path)}
    found = mlmagic.run({"action": "evaluate"} | keys, m=held)
    request.getfixturevalue("monkeypatch").setattr(_memory, "SHARE", 0.25)
    assert mlmagic.run({"action": "evaluate"} | keys, m=held).metrics == found.metrics


def test_predictions_of_a_file_on_disk_are_those_of_the_table(here: Path, request: pytest.FixtureRequest) -> None:
    frame = words().dropna()[["a", "b", "c", "kind"]]
    model = LogisticRegression().fit(frame[["a", "b", "c"]], frame["kind"])
    frame.to_parquet(here / "t.parquet")
    request.getfixturevalue("small")
    report = mlmagic.run({"action": "predict", "model": "$m", "dataPath": "t.parquet"}, m=model)
    np.testing.assert_array_equal(report.predictions["predicted"], model.predict(frame[["a", "b", "c"]]))
    np.testing.assert_array_equal(report.predictions.index, frame.index)


@pytest.mark.usefixtures("small")
def test_few_columns_of_a_wide_table_are_predicted_without_the_others() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20_000, 200)), columns=[f"c{i}" for i in range(200)])
    model = LogisticRegression().fit(frame[["c0", "c1"]], frame["c0"] > 0)
    config = {"action": "predict", "model": "$m", "data": "$df"}
    mlmagic.run(config, m=model, df=frame[:100])  # imports
    tracemalloc.start()
    report = mlmagic.run(config, m=model, df=frame)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < frame.memory_usage().sum() / 2, "a piece of the table has the model's columns alone"
    np.testing.assert_array_equal(report.predictions["predicted"], model.predict(frame[["c0", "c1"]]))


@pytest.mark.usefixtures("small")
def test_who_stops_a_run_that_reads_ends_it(here: Path) -> None:
    words(60_000).to_csv(here / "t.csv", index=False)
    report = mlmagic.submit(TRAIN | {"dataPath": "t.csv"})
    while (plan := report.run.state.plan) is None or plan.phase != "reading":
        assert not report.run.wait(0.001), report.log
    assert plan.unit == "row"
    assert plan.total == 60_000
    report.stop()
    report.wait()
    assert report.status == "stopped"
    assert "error" not in report.log.lower()
    assert "model" not in report.artifacts


@pytest.mark.usefixtures("small")
def test_a_stop_is_heard_while_validation_rows_are_read(here: Path) -> None:
    words(200).to_csv(here / "t.csv", index=False)
    words(60_000).to_csv(here / "v.csv", index=False)
    report = mlmagic.submit(TRAIN | {"dataPath": "t.csv", "validationData": "v.csv"})
    while "v.csv may take" not in report.log:
        assert not report.run.wait(0.001), report.log
    report.stop()
    report.wait()
    assert report.status == "stopped"
    assert report.run.state.plan.phase in ("scanning", "reading")


@pytest.mark.parametrize("phase", ["checking", "splitting"])
@pytest.mark.usefixtures("small")
def test_a_stop_is_heard_after_the_last_row_is_read(phase: str, here: Path) -> None:
    words(2000).to_csv(here / "t.csv", index=False)
    config = resolve(TRAIN | {"dataPath": "t.csv"}).train
    frame, told = read(config), []

    def going_on(doing: str, done: int, total: int | None) -> bool:
        told.append((doing, done, total))
        return doing != phase

    with pytest.raises(Cancelled):
        training_data(frame, config, 0, 0.2, telling=lambda name: going_on)
    assert told[-1] == (phase, 0, {"checking": 4, "splitting": 1200}[phase])


@pytest.mark.usefixtures("small")
def test_who_looks_for_a_run_to_reuse_in_a_large_file_is_told_and_heard(here: Path) -> None:
    words(60_000).to_csv(here / "t.csv", index=False)
    report = mlmagic.submit(TRAIN | {"dataPath": "t.csv", "reuse": True})
    while (plan := report.run.state.plan) is None or plan.phase != "reading":
        assert not report.run.wait(0.001), report.log
    report.stop()
    report.wait()
    assert report.status == "stopped"


@pytest.mark.usefixtures("small")
def test_columns_that_cannot_lie_on_disk_are_named(here: Path) -> None:
    words(200).convert_dtypes().to_parquet(here / "t.parquet")
    report = mlmagic.run(TRAIN | {"dataPath": "t.parquet", "epochs": 1})
    assert "'a', 'b', 'c' of t.parquet stay in memory" in report.log


def test_a_sample_has_the_rare_values_that_a_scale_hangs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
    monkeypatch.setattr(_sample, "FEWEST", 100)
    rare = np.full(5000, np.nan)
    rare[[1234, 1777]] = 1e6, -3.0
    flag = pd.Series([None] * 5000, dtype=object)
    flag[4321] = True
    X = pd.DataFrame({"rare": rare, "zeros": np.where(np.arange(5000) == 777, 1e6, 0.0), "flag": flag, "gaps": np.nan})
    few = _sample.sample(Rows(X)).X
    assert {1234, 1777, 777, 4321} <= set(few.index)
    assert len(few) < 110


@pytest.mark.usefixtures("small")
def test_text_and_series_train_from_disk(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tokenizers")
    monkeypatch.setattr(_sample, "FEWEST", 100)
    rng = np.random.default_rng(0)
    texts = [f"{'good' if number % 2 else 'bad'} film number {number}" for number in range(300)]
    pd.DataFrame({"text": texts, "y": np.arange(300) % 2}).to_csv(here / "text.csv", index=False)
    report = mlmagic.run(
        TRAIN | {"dataPath": "text.csv", "target": "y", "architecture": "text_transformer", "epochs": 2}
    )
    assert report.metadata["streamed"] is True
    assert report.status == "success"
    assert "Tokens are learned from 100 of the 180 training rows, spread over all" in report.log
    wave = np.sin(np.arange(600) / 9) + rng.normal(0, 0.05, 600)
    pd.DataFrame({"wave": wave}).to_csv(here / "wave.csv", index=False)
    report = mlmagic.run(TRAIN | {"dataPath": "wave.csv", "target": "wave", "window": 12, "epochs": 20})
    assert report.metrics["test"]["r2"] > 0.8
    assert re.search(r"Scales, gaps and labels are learned from 100 of the \d+ training rows, spread", report.log)


@pytest.mark.usefixtures("small")
def test_so_many_rows_that_labels_need_no_dealing(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setattr(_deal, "MOST_STRATIFIED", 1000)
    words().to_csv(here / "t.csv", index=False)
    report = mlmagic.run(TRAIN | {"dataPath": "t.csv"})
    assert report.metadata["stratified"] is False
    assert "nearly the same share of each label" in report.log


MEMORY = """
import re, sys, threading, time
import mlmagic, mlmagic._memory
import pandas as pd
path, who, room = sys.argv[1], sys.argv[2], int(sys.argv[3])
keys = {"action": "train", "framework": "pytorch", "architecture": "mlp", "epochs": 1, "batchSize": 1024, "target": "y"}
some = pd.read_parquet(path, columns=["x0", "x1", "y"]).iloc[:500].copy()
mlmagic.run(keys | {"data": "$some"}, some=some)  # what is imported then is not counted

def held():
    with open("/proc/self/status") as file:
        return int(re.search(r"RssAnon:\\s+(\\d+)", file.read())[1]) * 1024

def watch():
    global most
    while True:
        most = max(most, held())
        time.sleep(0.003)

before = most = held()
threading.Thread(target=watch, daemon=True).start()
if who == "streamed":
    mlmagic._memory.SHARE = room / mlmagic._memory._memory()
report = mlmagic.run(keys | {"dataPath": path})
assert ("streamed" in report.metadata) == (who == "streamed")
print(most - before)
"""


@pytest.mark.skipif(not TELLS_PEAK or not Path("/proc/self/status").exists(), reason=WHY)
def test_a_table_ten_times_the_memory_that_it_may_take_trains(here: Path) -> None:
    X, y = make_regression(400_000, 60, random_state=0)
    frame = pd.DataFrame(X).rename(columns=lambda number: f"x{number}").assign(y=y)
    frame["kind"] = pd.Categorical(np.where(X[:, 0] > 0, "more", "less"))  # this one column stays in memory
    frame.loc[7, "y"] = np.nan
    nbytes = int(frame.memory_usage(index=False).sum())
    frame.to_parquet(here / "t.parquet", row_group_size=20_000)
    del X, frame
    streamed, held = (_most(here / "t.parquet", who, nbytes // 10) for who in ("streamed", "held"))
    assert held > nbytes
    assert streamed < held / 3


def _most(path: Path, who: str, room: int) -> float:
    asked: list[Any] = [sys.executable, "-c", MEMORY, path, who, room]
    done = subprocess.run([*map(str, asked)], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_images_in_records_train_from_disk(framework: str, here: Path, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("keras")
    path = records(here / "t.tfrecord")
    keys = {"action": "train", "framework": framework, "architecture": "cnn", "epochs": 2, "dataPath": str(path)}
    keys |= {"target": "label", "featureColumns": ["image"], "imageSize": 8, "seed": 1, "batchSize": 16}
    held = mlmagic.run(keys)
    request.getfixturevalue("small")
    streamed = mlmagic.run(keys)
    assert "is kept on disk" in streamed.log
    assert streamed.metadata["streamed"] is True
    for name, value in held.history.items():
        np.testing.assert_allclose(streamed.history[name].astype(float), value.astype(float), rtol=1e-4, atol=1e-5)
    assert streamed.metadata["dataHash"] == held.metadata["dataHash"]
