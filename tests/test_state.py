"""The fold of a run's events, live and from its file."""

from __future__ import annotations

import math

import pytest

from mlmagic._curve import Cursor
from mlmagic.events import (
    Artifact,
    Began,
    Best,
    Ended,
    Log,
    Metadata,
    Metrics,
    Plan,
    Progress,
    Rounds,
    Row,
    Section,
    Steps,
    Stopping,
    Table,
    Usage,
)
from mlmagic.run_directory import RunDirectory, read_events
from mlmagic.state import LOG_LINES, CurveKey, RunState, flatten

STREAM = [
    (0.0, Began(1_700_000_000.0, 4711)),
    (0.1, Plan("loading data")),
    (0.2, Metadata({"samples": 10, "versions": {"torch": "2"}})),
    (0.3, Plan("training", "epoch", 2, 4)),
    (0.5, Steps(0, {"train_loss": [1.0, 0.5, 0.25]})),
    (0.6, Steps(3, {"train_loss": [0.125]})),
    (0.7, Row(1, {"train_loss": 0.5, "val_loss": 0.75})),
    (0.7, Best(1, "val_loss", 0.75)),
    (0.9, Log("first line\nsecond line", "output")),
    (1.0, Usage(100, 200)),
    (1.1, Row(2, {"train_loss": 0.25, "val_loss": math.nan})),
    (1.2, Artifact("model", "model.pt", 12)),
    (1.3, Table("predictions", "tables/predictions.parquet")),
    (1.4, Metrics({"test": {"accuracy": 0.5}})),
    (1.5, Stopping("the Stop button")),
    (1.6, Ended("stopped", 1.6)),
]


def folded(stream) -> RunState:
    state = RunState()
    for time, event in stream:
        state.apply(event, time)
    return state


def shown(state: RunState) -> str:
    """All of a state as comparable text; NaN equals itself there."""
    plain = {key: value for key, value in vars(state).items() if key != "curves"}
    curves = {key: tuple(curve.since(Cursor())) for key, curve in state.curves.items()}
    return repr((plain, curves))


def test_what_a_stream_adds_up_to():
    state = folded(STREAM)
    assert (state.status, state.finished, state.seconds, state.stopping) == ("stopped", True, 1.6, "the Stop button")
    assert (state.began, state.pid) == (1_700_000_000.0, 4711)
    assert [row["epoch"] for row in state.rows] == [1, 2]
    assert state.best == Best(1, "val_loss", 0.75)
    assert state.metrics == {"test": {"accuracy": 0.5}}
    assert state.artifacts["model"].size == 12
    assert [line.text for line in state.log] == ["first line", "second line"]
    assert set(state.curves) == {
        CurveKey("loss", "train", "step"),
        CurveKey("loss", "train", "unit"),
        CurveKey("loss", "validation", "unit"),
    }


def test_steps_are_drawn_in_epochs():
    change = folded(STREAM).curves[CurveKey("loss", "train", "step")].since(Cursor())
    assert list(change.x) == [0.25, 0.5, 0.75, 1.0]
    assert list(change.y) == [1.0, 0.5, 0.25, 0.125]


def test_progress_and_what_is_left():
    state = folded(STREAM[:7])
    assert state.fraction == 0.5
    assert state.remaining is None, "too early to tell"
    state.apply(Usage(1, 1), 2.3)
    assert state.remaining == pytest.approx(2.0), "half was done in 2 s"
    assert folded(STREAM[:2]).fraction is None


def test_rows_that_leave_no_history_are_progress_all_the_same():
    state = RunState()
    state.apply(Plan("predicting", "row", 200), 1.0)
    facts = state.facts
    state.apply(Progress(50), 3.0)
    assert (state.fraction, state.remaining, state.rows) == (0.25, 6.0, [])
    assert state.facts == facts, "no reader has to look at anything else again"
    state.apply(Section("predictions", {"shape": [50]}), 3.0)
    assert state.sections == {"predictions": {"shape": [50]}}
    assert state.facts > facts


def test_rounds_in_a_block_are_rows_of_their_own():
    values = {"train_loss": [3.0, 2.0, 1.0, 0.5], "val_loss": [2.0, 1.5, math.nan, 1.75]}
    begin = [(0.0, Began(1_700_000_000.0, 1)), (0.1, Plan("training", "round", 10))]
    first = [Rounds(1, {name: series[:3] for name, series in values.items()})]
    block = [*first, Rounds(4, {name: series[3:] for name, series in values.items()})]
    single = [Row(index, {name: series[index - 1] for name, series in values.items()}) for index in range(1, 5)]
    one, other = (folded([*begin, *((0.2, event) for event in events)]) for events in (block, single))
    assert shown(one) == shown(other)
    assert [row for event in block for row in event.rows()][3] == single[3]
    assert (one.fraction, one.lowest["val_loss"]) == (0.4, (1.5, 2))
    assert one.facts == folded(begin).facts


def test_a_new_unit_starts_new_curves_and_the_same_one_goes_on():
    folds = [Plan("cross-validation", "fold", 2), Row(1, {"accuracy": 0.5})]
    trees = [Plan("training", "tree", 2), Row(1, {"train_accuracy": 0.5}), Plan("evaluating"), Plan("x", "tree", 2)]
    state = folded([(0.0, event) for event in folds + trees])
    assert set(state.curves) == {CurveKey("accuracy", "fold", "unit"), CurveKey("accuracy", "train", "unit")}
    state.apply(Plan("training", "epoch", 2), 0.0)
    assert set(state.curves) == {CurveKey("accuracy", "fold", "unit")}, "epochs and trees share no axis"
    assert state.units == {"fold", "tree"}


def test_the_log_is_bounded_and_counts_what_it_dropped():
    state = folded([(0.0, Log(f"line {number}")) for number in range(LOG_LINES + 5)])
    assert (len(state.log), state.log_dropped, state.log[0].text) == (LOG_LINES, 5, "line 5")


def test_a_run_whose_process_is_gone():
    state = folded(STREAM[:7])
    state.interrupt({"type": "interrupted", "message": "gone"})
    assert (state.status, state.finished, state.seconds) == ("interrupted", True, 0.7)


@pytest.mark.parametrize("count", range(1, len(STREAM) + 1))
def test_a_replay_gives_the_state_of_the_live_run_at_any_moment(tmp_path, count):
    directory = RunDirectory.claim(tmp_path / "run", "report")
    for time, event in STREAM[:count]:
        directory.append(event, time)
    assert shown(folded(read_events(tmp_path / "run"))) == shown(folded(STREAM[:count]))
    directory.release()


def test_numbers_of_nested_metrics():
    nested = {"test": {"accuracy": 0.5, "labels": ["a"], "n": 3}, "ok": True, "loss": 1.0}
    assert flatten(nested) == {"test.accuracy": 0.5, "test.n": 3, "loss": 1.0}
