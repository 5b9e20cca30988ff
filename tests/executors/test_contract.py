"""What every executor promises, in a thread and in a child process alike."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris

from mlmagic._pool import POOL
from mlmagic._transport import Released, Transport, run_here
from mlmagic.config import RunConfig, resolve
from mlmagic.events import Artifact, Event, Metadata, Metrics, Plan, Rounds, Row, Table
from mlmagic.executors import EXECUTORS, load
from mlmagic.executors._base import Executor, Outcome
from mlmagic.state import RunState

# The least that trains a model, by framework and task; a framework that joins the table adds its own.
SMALL: dict[tuple[str, str], dict[str, Any]] = {
    ("sklearn", "classification"): {"algorithm": "RandomForestClassifier", "hyperparameters": {"n_estimators": 5}},
    ("sklearn", "regression"): {"algorithm": "Ridge"},
    ("pytorch", "classification"): {"architecture": "mlp", "epochs": 3, "gpuEnabled": False},
    ("pytorch", "regression"): {"architecture": "mlp", "epochs": 3, "task": "regression", "gpuEnabled": False},
    ("keras", "classification"): {"architecture": "mlp", "epochs": 3, "gpuEnabled": False},
    ("keras", "regression"): {"architecture": "mlp", "epochs": 3, "task": "regression", "gpuEnabled": False},
    ("xgboost", "classification"): {"hyperparameters": {"n_estimators": 5, "subsample": 0.5}},
    ("xgboost", "regression"): {"hyperparameters": {"n_estimators": 5}},
    ("lightgbm", "classification"): {"hyperparameters": {"n_estimators": 5, "extra_trees": True}},
    ("lightgbm", "regression"): {"hyperparameters": {"n_estimators": 5}},
    ("catboost", "classification"): {"hyperparameters": {"n_estimators": 5}},
    ("catboost", "regression"): {"hyperparameters": {"n_estimators": 5}},
}
CASES = sorted(SMALL)
# More than fits in a second; a stop must end it.
LONG: dict[str, dict[str, Any]] = {
    "sklearn": {"algorithm": "ExtraTreesClassifier", "hyperparameters": {"n_estimators": 100_000}},
    "pytorch": {"architecture": "mlp", "epochs": 100_000, "gpuEnabled": False},
    "keras": {"architecture": "mlp", "epochs": 100_000, "gpuEnabled": False},
    "xgboost": {"hyperparameters": {"n_estimators": 100_000}},
    "lightgbm": {"hyperparameters": {"n_estimators": 100_000}},
    "catboost": {"hyperparameters": {"n_estimators": 100_000}},
}


def test_every_executor_has_its_cases():
    assert {framework for framework, _ in SMALL} == set(LONG) == set(EXECUTORS)


def frame(task: str) -> pd.DataFrame:
    """Real rows, with text and gaps."""
    table = load_iris(as_frame=True).frame if task == "classification" else load_diabetes(as_frame=True).frame
    table["size"] = np.where(np.arange(len(table)) % 3 == 0, "small", "large")
    table.loc[table.index[::7], table.columns[1]] = np.nan
    return table


def bound(framework: str, task: str, directory: Path, keys: dict[str, Any]) -> RunConfig:
    directory.mkdir(parents=True, exist_ok=True)
    head = {"action": "train", "framework": framework, "data": "$df", "target": "target", "outputDir": str(directory)}
    config = resolve({**head, "seed": 3, **keys})
    return config.bind(lambda reference: frame(task))


@dataclass
class Run:
    """All that comes out of a run."""

    stop: threading.Event = field(default_factory=threading.Event)
    events: list[Event] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    stop_at: str | None = None

    def emit(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, (Row, Rounds)) and self.stop_at == "row":
            self.stop.set()

    def through(self, place: str, config: RunConfig) -> Run:
        transport = Transport(self.emit, self.stop, self.released.append)
        if place == "thread":
            run_here(config, transport)
        else:
            POOL.run(config, transport, lambda pid: None)
        return self

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def outcome(self) -> Outcome:
        return self.released[0].outcome()

    @property
    def state(self) -> RunState:
        state = RunState()
        for event in self.events:
            state.apply(event, 0.0)
        return state


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str, Path, dict[str, Run]]:
    """The same run in a thread and in a child."""
    framework, task = request.param
    home = tmp_path_factory.mktemp(framework)
    runs = {
        place: Run().through(place, bound(framework, task, home / place, SMALL[request.param]))
        for place in ("thread", "child")
    }
    return framework, task, home, runs


def leaves(value: Any) -> list[Any]:
    """Names and numbers of nested data, in order."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in (key, *leaves(item))]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, (list, tuple)) else [value]


def same(first: Any, second: Any) -> None:
    """Equal but for the last digit: how a library adds up a batch depends on where in memory it lies."""
    one, other = leaves(first), leaves(second)
    assert len(one) == len(other)
    assert all(
        a == (pytest.approx(b, rel=1e-12, abs=1e-12) if isinstance(b, float) else b)
        for a, b in zip(one, other, strict=True)
    )


def test_the_thread_and_the_child_give_equal_results(both):
    _, task, _, runs = both
    thread, child = runs["thread"], runs["child"]
    same(thread.state.metrics, child.state.metrics)
    # How often a growing forest is scored is a matter of time; its last score is not.
    last = [next(iter(reversed(run.of(Row))), None) for run in (thread, child)]
    same(*(dict(row.values) if row else {} for row in last))
    executor = load(both[0])
    rows = _rows(task)
    first, second = (executor.predict(run.outcome, rows) for run in (thread, child))
    np.testing.assert_array_equal(first.values, second.values)
    if first.probabilities is not None:
        np.testing.assert_array_equal(first.probabilities, second.probabilities)


def _rows(task: str) -> Any:
    from mlmagic.data import Rows

    return Rows(frame(task).drop(columns="target"), None)


@pytest.mark.parametrize("place", ["thread", "child"])
def test_what_a_run_tells(both, place):
    framework, task, home, runs = both
    run = runs[place]
    assert isinstance(load(framework), Executor)
    assert {type(event) for event in run.events} >= {Plan, Metadata, Metrics, Artifact, Table}
    assert len(run.released) == len(run.of(Metrics)) == 1
    for item in [*run.of(Artifact), *run.of(Table)]:
        path = home / place / item.path
        assert path.exists()
        files = [path] if path.is_file() else [inside for inside in path.rglob("*") if inside.is_file()]
        assert not isinstance(item, Artifact) or sum(file.stat().st_size for file in files) == item.size
    first = next(key for key in run.state.artifacts)
    position = {type(event): number for number, event in reversed(list(enumerate(run.events)))}
    assert position[Artifact] < position[Metrics] < position[Table], "saved, released, explained"
    assert "odel" in first, "the first artifact is the model"
    metrics = run.state.metrics
    assert metrics["test"]["accuracy" if task == "classification" else "r2"] > -10
    assert set(run.state.metadata) >= {"versions", "samples", "features", "samplesProcessed", "modelSize", "dataHash"}
    for unit in {plan.unit for plan in run.of(Plan)} - {None}:
        assert unit in ("epoch", "tree", "fold", "round")


@pytest.mark.parametrize("place", ["thread", "child"])
def test_a_saved_model_is_the_one_that_was_trained(both, place):
    framework, task, home, runs = both
    run, executor, rows = runs[place], load(framework), _rows(task)
    saved = executor.load(home / place, bound(framework, task, home / "again", SMALL[framework, task]), run.state)
    assert saved is not None
    given, expected = executor.predict(saved, rows), executor.predict(run.outcome, rows)
    np.testing.assert_array_equal(given.values, expected.values)
    if expected.probabilities is not None:
        np.testing.assert_array_equal(given.probabilities, expected.probabilities)
        assert given.probabilities.shape == (len(rows.X), len(run.outcome.classes))


@pytest.mark.parametrize("place", ["thread", "child"])
@pytest.mark.parametrize("framework", sorted(LONG))
def test_a_stop_keeps_the_best(tmp_path, framework, place):
    run = Run(stop_at="row").through(place, bound(framework, "classification", tmp_path / "run", LONG[framework]))
    assert run.outcome.model is not None
    assert load(framework).predict(run.outcome, _rows("classification")).values.shape == (150,)
    assert "test" in run.state.metrics


@pytest.mark.parametrize("framework", sorted(LONG))
def test_a_stop_before_the_start_leaves_no_model(tmp_path, framework):
    run = Run()
    run.stop.set()
    run.through("thread", bound(framework, "classification", tmp_path / "run", LONG[framework]))
    assert not run.released or run.outcome.model is not None
    assert len(run.of(Metrics)) == 1


@pytest.mark.parametrize(("framework", "task"), CASES)
def test_a_run_does_not_change_what_it_was_given(tmp_path, framework, task):
    config = bound(framework, task, tmp_path / "run", SMALL[framework, task])
    before = config.config.data.value.copy(deep=True)
    Run().through("thread", config)
    pd.testing.assert_frame_equal(config.config.data.value, before)


@pytest.mark.parametrize("framework", sorted(EXECUTORS))
def test_the_same_seed_gives_the_same_run_and_another_one_another(tmp_path, framework):
    keys = SMALL[framework, "classification"]
    runs = [
        Run().through("thread", bound(framework, "classification", tmp_path / str(number), {**keys, "seed": seed}))
        for number, seed in enumerate((3, 3, 4))
    ]
    rows, executor = _rows("classification"), load(framework)
    same, again, other = (executor.predict(run.outcome, rows).probabilities for run in runs)
    np.testing.assert_array_equal(same, again)
    assert not np.array_equal(same, other)


@pytest.mark.parametrize("framework", sorted(EXECUTORS))
def test_where_a_run_goes_is_known_before_its_framework_is_imported(framework):
    import subprocess
    import sys

    entry, keys = EXECUTORS[framework], {**SMALL[framework, "classification"]}
    script = (
        "import sys\nfrom mlmagic.config import resolve\nfrom mlmagic.executors import load\n"
        f"config = resolve({dict(action='train', framework=framework, data='$df', **keys)!r})\n"
        f"print(load({framework!r}).placement(config), {entry.module!r} in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    place, *imported = done.stdout.split()
    assert place in ("thread", "child")
    assert imported == ["False", "False"]
