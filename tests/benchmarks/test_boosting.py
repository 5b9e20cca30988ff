"""What telling every round costs, where rounds are short: XGBoost, LightGBM and CatBoost."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlmagic.config import resolve
from mlmagic.data import Rows, TrainingData
from mlmagic.events import Event, Plan, Rounds, encode
from mlmagic.executors import load
from tests.benchmarks._measure import median_ratio, note, rows, turns

TURNS = 5
# Rounds of about a millisecond, on one thread. CatBoost copies its whole log for whoever is called back after a round,
# so that rounds cost more the more there were: few of them tell what is ours.
SHORT, SHORT_ROWS = {"xgboost": 4_000, "lightgbm": 4_000, "catboost": 1_000}, 2_000


@pytest.mark.parametrize("framework", SHORT)
def test_telling_every_round_costs_little(framework: str, tmp_path: Path) -> None:
    ours, theirs = turns(TURNS, lambda: _told(framework, tmp_path), lambda: _untold(framework))
    ratio = median_ratio(ours, theirs)
    middle = statistics.median(theirs)
    rounds = SHORT[framework]
    what = f"{framework}: {rounds:,} rounds, {rounds / middle:,.0f} a second"
    note("rounds, each told", what, ratio * middle, middle, "without", "1.02")
    assert ratio < 1.3


def _short() -> tuple[Any, Any]:
    frame = rows(SHORT_ROWS)
    return frame.drop(columns="y"), frame["y"].astype(float)


def _few(framework: str) -> dict[str, Any]:
    threads = "thread_count" if framework == "catboost" else "n_jobs"
    return {"n_estimators": SHORT[framework], "max_depth": 4, threads: 1}


def _told(framework: str, directory: Path) -> float:
    """Processor seconds of the training in a run whose events go to a file."""
    X, y = _short()
    data = TrainingData(Rows(X, y), None, None, "regression", "y")
    body = {
        "action": "train", "framework": framework, "data": "$df", "outputDir": str(directory),
        "hyperparameters": _few(framework),
    }  # fmt: skip
    config = resolve(body).bind(lambda reference: X)
    moments: list[float] = []
    with (directory / "events.jsonl").open("ab", buffering=0) as stream:

        def emit(event: Event) -> None:
            stream.write(encode(event).encode() + b"\n")
            if isinstance(event, (Plan, Rounds)):
                moments.append(time.process_time())
                if isinstance(event, Plan):
                    moments[:-1] = []

        load(framework).run(config, data, emit, threading.Event())
    return moments[-1] - moments[0]


def _untold(framework: str) -> float:
    """Processor seconds of the same training by hand, measured each round all the same."""
    X, y = _short()
    keys = {**_few(framework), "random_state": 0}
    made: Any
    sets: dict[str, Any]
    if framework == "catboost":
        import catboost

        made = catboost.CatBoostRegressor(**keys, logging_level="Silent", allow_writing_files=False)
        sets = {"callbacks": [SimpleNamespace(after_iteration=lambda info: True)]}
    elif framework == "xgboost":
        import xgboost

        made, sets = xgboost.XGBRegressor(**keys), {"eval_set": [(X, y)], "verbose": False}
    else:
        import lightgbm

        made, sets = lightgbm.LGBMRegressor(**keys, verbosity=-1), {"eval_X": (X,), "eval_y": (y,)}
    began = time.process_time()
    made.fit(X, y, **sets)
    return time.process_time() - began
