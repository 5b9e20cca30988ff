"""TensorBoard and Weights & Biases are told what the report tells, each read back by its own library."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mlmagic
from mlmagic.trackers._beside import Beside
from tests.runs import flowers

RUN = {"action": "train", "framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "target", "epochs": 3}


def settled(report: mlmagic.Report) -> mlmagic.Report:
    """The report, when its trackers have written all: they may end after the run."""
    for take in report.run._trackers:
        owner = getattr(take, "__self__", None)
        if isinstance(owner, Beside):
            owner.wait()
    return report


def test_tensorboard(here):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    report = settled(mlmagic.run({**RUN, "logging": {"tensorboard": True}}, df=flowers()))
    found = EventAccumulator(str(report.output_dir / "tensorboard"))
    found.Reload()
    for name in ("train_loss", "val_loss", "val_accuracy"):
        events = found.Scalars(f"epoch/{name}")
        assert [event.step for event in events] == [1, 2, 3]
        assert [event.value for event in events] == pytest.approx(report.history[name].tolist(), rel=1e-6)
    assert found.Scalars("test/accuracy")[0].value == pytest.approx(report.metrics["test"]["accuracy"])
    steps = found.Scalars("step/train_loss")
    assert steps[-1].step == 3 * 2 - 1, "90 rows are two batches"


def test_tensorboard_does_not_wake_tensorflow(here):
    script = (
        "import sys, mlmagic; from tests.runs import flowers; "
        "body = {'action': 'train', 'framework': 'sklearn', 'algorithm': 'LogisticRegression', 'data': '$df'}; "
        "report = mlmagic.run({**body, 'logging': {'tensorboard': True}}, df=flowers()); "
        "print(sorted({'tensorflow', 'torch'} & set(sys.modules)), report.status)"
    )
    where = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {where!r}); {script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[] success"
    (written,) = here.glob("runs/*/tensorboard/events.out.*")
    assert written.stat().st_size > 100


def records(log: bytes, block: int = 32768) -> Iterator[bytes]:
    """The whole records of a log in LevelDB's format, after the seven bytes that say what it is."""
    place, whole = 7, b""
    while place + 7 <= len(log):
        if block - place % block < 7:
            place += block - place % block
            continue
        size, kind = int.from_bytes(log[place + 4 : place + 6], "little"), log[place + 6]
        if place + 7 + size > len(log):
            return  # it is just being written
        whole += log[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # whole, or the last of several parts
            yield whole
            whole = b""


def everything(path: Path) -> list[Any]:
    """The records of a W&B run: its own process writes the last ones a moment after ``finish`` has returned."""
    from wandb.proto import wandb_internal_pb2

    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = [wandb_internal_pb2.Record.FromString(data) for data in records(path.read_bytes())]
        if found and found[-1].WhichOneof("record_type") == "exit":
            return found
        time.sleep(0.01)
    raise AssertionError(f"{path} does not end")


def test_wandb_offline(here, monkeypatch, recwarn):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(here))  # nobody is logged in there
    report = settled(mlmagic.run({**RUN, "logging": {"wandb": True}}, df=flowers()))
    assert not [warning for warning in (report.log, *map(str, recwarn)) if "gave up" in warning]
    (path,) = report.output_dir.glob("wandb/offline-run-*/run-*.wandb")
    rows, summary = [], {}
    for record in everything(path):
        if record.WhichOneof("record_type") == "history":
            items = record.history.item
            rows.append({item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items})
        if record.WhichOneof("record_type") == "summary":
            summary |= {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.summary.update}
    epochs = [row for row in rows if "epoch" in row]
    assert [row["epoch"] for row in epochs] == [1, 2, 3]
    assert [row["epoch/val_loss"] for row in epochs] == pytest.approx(report.history["val_loss"].tolist())
    assert summary["test/accuracy"] == pytest.approx(report.metrics["test"]["accuracy"])


def test_a_tracker_that_fails_is_a_warning(here):
    (here / "run").mkdir()
    (here / "run" / "tensorboard").write_text("in the way")
    body = {**RUN, "epochs": 300, "outputDir": "run", "logging": {"tensorboard": True}}
    report = settled(mlmagic.run(body, df=flowers()))
    assert report.status == "success"
    assert "logging: tensorboard gave up: FileExistsError" in report.log
    assert (here / "run" / "tensorboard").read_text() == "in the way"


def test_a_tracker_that_fails_when_the_run_has_ended_is_a_warning_too(here, monkeypatch):
    from mlmagic.trackers import tensorboard

    ended = threading.Event()

    class Late(tensorboard.TensorBoard):
        def __init__(self, *given: Any) -> None:
            ended.wait(60)
            super().__init__(*given)

    monkeypatch.setattr(tensorboard, "TensorBoard", Late)
    (here / "run").mkdir()
    (here / "run" / "tensorboard").write_text("in the way")
    body = {**RUN, "epochs": 1, "outputDir": "run", "logging": {"tensorboard": True}}
    report = mlmagic.run(body, df=flowers())
    ended.set()
    with pytest.warns(UserWarning, match="logging: tensorboard gave up: FileExistsError"):
        settled(report)
    assert report.status == "success"


def test_without_the_key_nothing_is_written(here):
    report = mlmagic.run({**RUN, "epochs": 1}, df=flowers())
    assert not (report.output_dir / "tensorboard").exists()
