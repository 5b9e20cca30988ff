"""The seam itself: what a run tells and gives, in a thread and in a child process alike, and how it stops."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from mlmagic.events import Artifact, Best, Metadata, Metrics, Plan, Table
from mlmagic.executors import EXECUTORS, load
from mlmagic.executors._base import Executor
from tests.executors.contract.cases import (
    CASES,
    CURVED,
    FRAMEWORKS,
    LONG,
    NUMBERS,
    PATIENCE,
    SMALL,
    THREE,
    UNITS,
    WATCHED,
    early,
    frame,
    measured,
    own_metric,
    split,
)
from tests.executors.contract.runs import Run, bound, rows, same

if TYPE_CHECKING:
    from pathlib import Path

Both = tuple[str, str, "Path", dict[str, Run]]
PLACES = pytest.mark.parametrize("place", ["thread", "child"])
ALL = pytest.mark.parametrize("framework", FRAMEWORKS)
ASKED = {"classification": THREE, "regression": NUMBERS}
WEIGHED = {"classification": {"classWeight": "balanced"}, "regression": {}}
# A loss of 32 bits, or of a target that is scaled, and sums of it.
NEAR = 2e-4


def test_every_executor_has_its_cases() -> None:
    assert (
        {framework for framework, _ in SMALL} == {framework for framework, _ in CURVED} == set(LONG) == set(EXECUTORS)
    )


def keys(framework: str, task: str) -> dict[str, object]:
    """A run that is asked for all at once: metrics, weights of rows and labels, early stopping."""
    watched = WATCHED[task]
    # What early stopping watches is measured without being asked for.
    asked = [name for name in ASKED[task] if f"val_{name}" != watched or framework not in UNITS]
    named = {"metrics": [*asked, "$own"], "sampleWeight": "$w", **WEIGHED[task], "gpuEnabled": False}
    return {**CURVED[framework, task], **named, **early(framework, watched)}


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """The same run in a thread and in a child."""
    framework, task = request.param
    home = tmp_path_factory.mktemp(framework)
    runs = {
        place: Run().through(place, bound(framework, task, home / place, keys(framework, task)))
        for place in ("thread", "child")
    }
    return framework, task, home, runs


def test_the_thread_and_the_child_give_equal_results(both: Both) -> None:
    framework, task, _, runs = both
    thread, child = runs["thread"], runs["child"]
    same(thread.state.metrics, child.state.metrics)
    # How often a growing forest is scored is a matter of time; its last score is not.
    same(*(dict(run.history.iloc[-1]) for run in (thread, child)))
    executor = load(framework)
    first, second = (executor.predict(run.outcome, rows(task)) for run in (thread, child))
    np.testing.assert_array_equal(first.values, second.values)
    if first.probabilities is not None:
        np.testing.assert_array_equal(first.probabilities, second.probabilities)


@PLACES
def test_what_a_run_tells(both: Both, place: str) -> None:
    framework, task, home, runs = both
    run = runs[place]
    assert isinstance(load(framework), Executor)
    assert {type(event) for event in run.events} >= {Plan, Metadata, Metrics, Artifact, Table}
    assert len(run.released) == len(run.of(Metrics)) == 1
    # A file that is written again, as a checkpoint is in a run of some seconds, is told again.
    last = {item.path: item for item in [*run.of(Artifact), *run.of(Table)]}
    for item in last.values():
        path = home / place / item.path
        assert path.exists()
        files = [path] if path.is_file() else [inside for inside in path.rglob("*") if inside.is_file()]
        assert not isinstance(item, Artifact) or sum(file.stat().st_size for file in files) == item.size
    position = {type(event): number for number, event in reversed(list(enumerate(run.events)))}
    assert position[Artifact] < position[Metrics] < position[Table], "saved, released, explained"
    # A run of some seconds writes checkpoints, and the preparation with them, before its model is there.
    kept = [key for key in run.state.artifacts if key not in ("checkpoint", "preparation")]
    assert "odel" in kept[0], "the first artifact is the model"
    assert run.state.metrics["test"]["accuracy" if task == "classification" else "r2"] > -10
    assert set(run.state.metadata) >= {"versions", "samples", "features", "samplesProcessed", "modelSize", "dataHash"}
    assert run.state.metadata.get("gpuUsed", False) is False, "gpuEnabled: false is obeyed"
    for unit in {plan.unit for plan in run.of(Plan)} - {None}:
        assert unit in ("epoch", "tree", "fold", "round")


@PLACES
def test_curves_are_scikit_learns_of_the_rows_that_a_person_would_cut(both: Both, place: str) -> None:
    """Every name asked for, a function of the notebook among them, on the validation rows of the epoch that is kept."""
    framework, task, _, runs = both
    run, classify = runs[place], task == "classification"
    _, val, _ = split(frame(task), "target", classify=classify)
    given = load(framework).predict(run.outcome, rows(task, val.index))
    expected = measured(ASKED[task], val["target"], given.values, given.probabilities, [0, 1, 2] if classify else None)
    expected["own"] = own_metric(task)(val["target"].to_numpy(), given.values)
    facts = run.state.metadata
    row = run.history.loc[facts.get("bestEpoch") or facts.get("bestRound") or run.history.index[-1]]
    assert {name: row[f"val_{name}"] for name in expected} == pytest.approx(expected, rel=NEAR, abs=NEAR)
    assert any(name.startswith("train_") for name in row.index)


@PLACES
def test_the_best_row_is_the_models_and_training_ends_soon_after(both: Both, place: str) -> None:
    framework, task, _, runs = both
    if framework not in UNITS:
        assert not runs[place].of(Best)
        return
    facts, values = runs[place].state.metadata, runs[place].history[WATCHED[task]]
    best, final = facts[f"best{UNITS[framework]}"], facts[f"final{UNITS[framework]}"]
    assert best == values.idxmax()
    assert final == values.index[-1] == len(values)
    assert facts["earlyStopped"] is True
    assert final == best + PATIENCE
    told = runs[place].of(Best)[-1]
    assert (told.index, told.metric, told.value) == (best, WATCHED[task], values.max())


@PLACES
def test_a_saved_model_is_the_one_that_was_trained(both: Both, place: str) -> None:
    framework, task, home, runs = both
    run, executor = runs[place], load(framework)
    config = bound(framework, task, home / "again", keys(framework, task))
    saved = executor.load(home / place, config, run.state)
    assert saved is not None
    given, expected = (executor.predict(outcome, rows(task)) for outcome in (saved, run.outcome))
    np.testing.assert_array_equal(given.values, expected.values)
    if expected.probabilities is not None:
        np.testing.assert_array_equal(given.probabilities, expected.probabilities)
        assert given.probabilities.shape == (len(frame(task)), len(run.outcome.classes))


@PLACES
@ALL
def test_a_stop_keeps_the_best(tmp_path: Path, framework: str, place: str) -> None:
    run = Run(stop_at="row").through(place, bound(framework, "classification", tmp_path / "run", LONG[framework]))
    assert run.outcome.model is not None
    assert load(framework).predict(run.outcome, rows("classification")).values.shape == (150,)
    assert "test" in run.state.metrics


@ALL
def test_a_stop_before_the_start_leaves_no_model(tmp_path: Path, framework: str) -> None:
    run = Run()
    run.stop.set()
    run.through("thread", bound(framework, "classification", tmp_path / "run", LONG[framework]))
    assert not run.released or run.outcome.model is not None
    assert len(run.of(Metrics)) == 1


@ALL
def test_another_seed_gives_another_run_and_none_changes_what_it_was_given(tmp_path: Path, framework: str) -> None:
    """That the same seed gives the same run, a thread and a child have shown."""
    small, found = SMALL[framework, "classification"], []
    for seed in (3, 4):
        config = bound(framework, "classification", tmp_path / str(seed), {**small, "seed": seed})
        run = Run().through("thread", config)
        found.append(load(framework).predict(run.outcome, rows("classification")).probabilities)
        pd.testing.assert_frame_equal(config.config.data.value, frame("classification"))
    assert not np.array_equal(*found)


@ALL
def test_where_a_run_goes_is_known_before_its_framework_is_imported(framework: str) -> None:
    entry, small = EXECUTORS[framework], {**SMALL[framework, "classification"]}
    script = (
        "import sys\nfrom mlmagic.config import resolve\nfrom mlmagic.executors import load\n"
        f"config = resolve({dict(action='train', framework=framework, data='$df', **small)!r})\n"
        f"print(load({framework!r}).placement(config), {entry.module!r} in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    place, *imported = done.stdout.split()
    assert place in ("thread", "child")
    assert imported == ["False", "False"]
