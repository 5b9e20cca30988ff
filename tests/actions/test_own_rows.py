"""What a run predicts of its own rows once it has trained: block by block where that takes long."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from mlmagic._transport import Transport, run_here
from mlmagic.config import RunConfig, resolve
from mlmagic.events import Event, Log, Metrics, Plan, Progress

pytest.importorskip("torch")

DIGITS = load_digits()


def config(directory: Path) -> RunConfig:
    body = {
        "action": "train", "framework": "pytorch", "architecture": "cnn", "data": "$images", "target": "$labels",
        "epochs": 1, "gpuEnabled": False, "outputDir": str(directory), "testSplit": 0.4,
    }  # fmt: skip
    names = {"images": DIGITS.images.astype(np.uint8) * 15, "labels": DIGITS.target}
    return resolve(body).bind(lambda reference: names[reference.name])


def events_of(directory: Path, stop_in_evaluation: bool) -> list[Event]:
    stop, found = threading.Event(), []

    def emit(event: Event) -> None:
        found.append(event)
        evaluates = any(isinstance(event, Plan) and event.phase == "evaluating" for event in found)
        if stop_in_evaluation and evaluates and isinstance(event, Progress):
            stop.set()

    run_here(config(directory), Transport(emit, stop, lambda released: None))
    return found


def last(events: list[Event], kind: type[Any]) -> Any:
    return [event for event in events if isinstance(event, kind)][-1]


def test_images_are_measured_block_by_block_with_progress(tmp_path: Path) -> None:
    events = events_of(tmp_path, stop_in_evaluation=False)
    start = next(place for place, event in enumerate(events) if isinstance(event, Plan) and event.phase == "evaluating")
    told = [event.done for event in events[start:] if isinstance(event, Progress)]
    plan = events[start]
    assert isinstance(plan, Plan)
    assert len(told) > 2
    assert told == sorted(set(told))
    # The rows that validated an epoch are not measured again.
    assert told[-1] == plan.total < len(DIGITS.target)
    assert set(last(events, Metrics).values["finalModel"]) >= {"trainAccuracy", "testAccuracy"}


def test_a_stop_meanwhile_leaves_the_training_rows_out(tmp_path: Path) -> None:
    events = events_of(tmp_path, stop_in_evaluation=True)
    final = last(events, Metrics).values
    assert "testAccuracy" in final["finalModel"]
    assert "trainAccuracy" not in final["finalModel"]
    assert final["test"]["accuracy"] == pytest.approx(final["finalModel"]["testAccuracy"])
    assert any("training rows" in event.text for event in events if isinstance(event, Log) and event.level == "warning")
