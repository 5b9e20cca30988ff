"""The queue, and all that a run must do whoever asks: order, waiting, stopping, holding what it was given."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

import mlmagic
from mlmagic._waiting import Touch
from mlmagic.errors import DataLoadingError, DependencyFailed, InvalidConfiguration, NotReady, TimeoutExceeded
from mlmagic.jobs import QUEUE
from mlmagic.report import Report
from tests.runs import Sleeper, config, flowers, forest, submit, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("here")


def ended(report: Report, timeout: float = 60) -> Report:
    assert report.run.wait(timeout)
    return report


def test_a_run_gives_back_control_at_once_and_its_results_later():
    report = submit()
    assert report.status in ("queued", "running")
    assert report.metrics["test"]["accuracy"] > 0.5, "a touch waits"
    report.wait(30)
    assert report.status == "success"
    accuracy = report.metrics["test"]["accuracy"]
    assert repr(report) == f"<Report report: train sklearn, success, test accuracy {accuracy:.2g}>"


def test_runs_start_in_the_order_they_came():
    reports = [submit() for _ in range(4)]
    for report in reports:
        ended(report)
    began = [report.run.state.began for report in reports]
    over = [began_at + report.run.state.seconds for began_at, report in zip(began, reports, strict=True)]
    assert began == sorted(began)
    assert all(next_ >= end - 0.05 for end, next_ in zip(over, began[1:], strict=False)), "one at a time"
    assert len({report.id for report in reports}) == 4


def test_more_jobs_run_at_once_when_asked():
    first, second, third = (forest() for _ in range(3))
    until(lambda: first.status == "running")
    assert [report.status for report in (second, third)] == ["queued", "queued"]
    assert [QUEUE.position(report.run) for report in (first, second, third)] == [None, 1, 2]
    QUEUE.resize(2)
    until(lambda: second.status == "running")
    assert third.status == "queued"


def test_a_run_waits_for_the_predictions_it_names():
    first = submit()
    second = submit(names={"first": first}, data="$first.predictions", target="actual")
    other = submit()
    assert second.run.needs == [first.run]
    ended(second)
    assert second.run.state.began >= first.run.state.began + first.run.state.seconds - 0.05
    assert second.metadata["samples"] == len(first.predictions)
    assert ended(other).status == "success"


def test_a_run_takes_the_model_of_another():
    first = submit(hyperparameters={"var_smoothing": 0.25})
    second = ended(submit(None, names={"first": first}, model="$first.model"))
    assert second.error is None
    assert second.model.predict(flowers().iloc[:, :4]).tolist() == first.model.predict(flowers().iloc[:, :4]).tolist()


def test_a_run_that_waits_holds_no_slot():
    running = forest()
    waiting = submit(names={"first": running}, data="$first.predictions", target="actual")
    QUEUE.resize(2)
    free = submit()
    assert ended(free).status == "success"
    assert (running.status, waiting.status) == ("running", "queued")


def test_a_failed_input_fails_the_run_that_needs_it_and_names_it():
    first = submit(target="nothing")
    second = submit(names={"first": first}, data="$first.predictions")
    third = submit(names={"second": second}, data="$second.predictions")
    with pytest.raises(DependencyFailed, match=first.id):
        second.wait(30)
    with pytest.raises(DependencyFailed, match=second.id):
        third.wait(30)
    assert third.to_dict()["error"]["metadata"] == {"run": second.id, "type": "dependency-failed"}


def test_a_stopped_input_counts_with_its_best_model():
    first = forest()
    second = submit(None, names={"first": first}, model="$first.model")
    until(lambda: len(first.history) > 1)
    first.stop()
    assert ended(first).status == "stopped"
    assert ended(second).status == "success"


def test_a_reference_that_leads_nowhere_is_refused_at_once():
    with pytest.raises(InvalidConfiguration, match=r"\$dff names no variable") as caught:
        mlmagic.submit(config(data="$dff"), df=flowers())
    assert caught.value.faults[0].suggestion == "$df"
    first = submit()
    with pytest.raises(InvalidConfiguration, match="first has no 'predictoins'"):
        submit(names={"first": first}, data="$first.predictoins")


def test_what_the_user_does_to_the_frame_afterwards_does_not_reach_the_run():
    frame = flowers()
    expected = ended(mlmagic.submit(config(), df=frame.copy())).metrics
    running = forest()
    report = mlmagic.submit(config(), df=frame)
    frame.loc[:, "target"] = 0
    frame.iloc[:, 0] = np.nan
    del frame["petal width (cm)"]
    running.stop()
    assert ended(report).error is None
    assert report.metrics == expected


def test_the_users_estimator_is_never_fitted():
    own = GaussianNB()
    running = forest()
    report = submit(None, names={"own": own}, model="$own")
    own.set_params(var_smoothing=1e9)
    running.stop()
    ended(report)
    assert not hasattr(own, "classes_")
    fitted = getattr(report.model, "steps", [(None, report.model)])[-1][1]
    assert fitted.var_smoothing == GaussianNB().var_smoothing, "as it was when the run was submitted"


def test_a_forest_that_is_stopped_keeps_its_trees():
    report = forest()
    until(lambda: len(report.history) >= 2)
    began = time.monotonic()
    report.stop()
    report.stop()
    assert ended(report, 30).status == "stopped"
    print(f"stopped within {time.monotonic() - began:.2f} s")
    kept = report.model.steps[-1][1] if hasattr(report.model, "steps") else report.model
    assert 0 < len(kept.estimators_) == report.metadata["trees"] < 3000
    assert len(report.model.predict(flowers().iloc[:, :4])) == 150
    body = report.to_dict()["executionReport"]
    assert (body["status"], body["exitCode"]) == ("stopped", 0)
    assert report.wait(0) is report


def test_what_cannot_be_asked_is_killed_and_the_next_run_is_unharmed():
    report = submit(None, names={"own": Sleeper()}, model="$own")
    until(lambda: report.run.state.phase == "training")
    worker = report.run.worker_pid
    report.stop()
    assert ended(report, 30).status == "stopped"
    until(lambda: not Path(f"/proc/{worker}").exists())
    with pytest.raises(NotReady, match="before there was a model"):
        _ = report.model
    assert ended(submit()).status == "success"


def test_a_queued_run_is_cancelled_alone():
    running, queued, last = forest(), submit(), submit()
    until(lambda: running.status == "running")
    queued.stop()
    assert ended(queued, 5).status == "stopped"
    assert (running.status, last.status) == ("running", "queued")
    assert (queued.output_dir / "report.json").exists()
    running.stop()
    assert ended(last).status == "success"


def test_a_stop_from_another_process_keeps_the_best():
    report = forest()
    until(lambda: len(report.history) >= 2)
    script = (
        "import sys, mlmagic; report = mlmagic.attach(sys.argv[1])\n"
        "print(report.status); report.stop(); report.run.wait(30); print(report.status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(report.output_dir.absolute())], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["running", "stopped"]
    assert ended(report, 5).status == "stopped"
    assert report.run.state.stopping == "another process"
    assert report.model is not None


LOOK = """
import sys, mlmagic
report = mlmagic.attach(sys.argv[1])
print(repr(report), flush=True)
sys.stdin.readline()
if len(sys.argv) > 2:
    report.stop()
report.run.wait(60)
print(repr(report))
"""


@contextlib.contextmanager
def looking(report: Report, *arguments: str) -> Iterator[Callable[[], list[str]]]:
    """Another process that opens a queued run; gives what it saw, then and at the run's end."""
    command = [sys.executable, "-c", LOOK, str(report.output_dir.absolute()), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        first = process.stdout.readline()
        yield lambda: [first.rstrip(), process.communicate("\n", timeout=90)[0].rstrip()]
    finally:
        process.kill()
        process.communicate()


def test_a_queued_run_is_seen_from_another_process_and_followed_to_its_end():
    running, queued = forest(), submit()
    until(lambda: running.status == "running")
    assert mlmagic.attach(queued.output_dir).run is queued.run
    with looking(queued) as seen:
        running.stop()
        before, after = seen()
    assert before == "<Report report: train sklearn, queued>"
    assert after == repr(queued)
    assert ended(queued).status == "success"


def test_a_queued_run_can_be_cancelled_from_another_process():
    running, queued = forest(), submit()
    with looking(queued, "stop") as seen:
        assert seen()[1] == "<Report report: train sklearn, stopped>"
    assert ended(queued, 10).run.state.stopping == "another process"
    assert running.status == "running"


def test_a_run_whose_process_died_before_its_turn_was_interrupted_in_the_queue(here):
    script = (
        "import os, mlmagic\nfrom tests.runs import forest, submit, until\nrunning, queued = forest(), submit()\n"
        "until(lambda: running.status == 'running')\nos._exit(0)"
    )
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, check=True)
    report = mlmagic.attach(here / "runs" / "report-2")
    assert report.status == "interrupted"
    assert "'queued'" in report.error.message
    (here / "runs" / "report-2" / "config.yaml").unlink()
    with pytest.raises(DataLoadingError, match="holds no run"):
        mlmagic.attach(here / "runs" / "report-2")


def test_a_timeout_counts_from_the_start_and_keeps_the_best():
    running = forest()
    report = forest(timeout=1.5)
    until(lambda: running.status == "running")
    time.sleep(1.6)
    assert report.status == "queued"
    running.stop()
    with pytest.raises(TimeoutExceeded, match=r"timeout of 1.5 s"):
        report.wait(60)
    assert report.to_dict()["error"]["exitCode"] == 124
    assert len(report.history) > 0
    assert report.model is not None


def test_two_runs_of_the_same_name_are_both_there():
    first, second = submit(), submit()
    assert (first.id, second.id) == ("report-1", "report-2")
    ended(second)
    assert [first.status, second.status] == ["success", "success"]
    assert mlmagic.attach(first.output_dir).metrics == first.metrics


def test_a_run_keeps_to_its_directory_when_the_notebook_moves_on(here):
    ended(submit())  # the warm child started here
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    flowers().to_csv(elsewhere / "flowers.csv", index=False)
    report = forest()
    until(lambda: len(report.history) >= 1)
    os.chdir(elsewhere)
    report.stop()
    assert ended(report).error is None
    assert (here / "runs" / "report-2" / "report.json").exists()
    assert len(report.predictions) == 30
    assert all(Path(path).exists() for path in report.artifacts.values())
    moved = mlmagic.submit({k: v for k, v in config().items() if k != "data"} | {"dataPath": "flowers.csv"})
    assert ended(moved).error is None
    assert (elsewhere / "runs" / "report-1" / "model.skops").exists()


def test_a_touch_that_may_not_wait_says_so_at_once(monkeypatch):
    report = forest()
    monkeypatch.setattr(Touch, "allowed", staticmethod(lambda: False))
    with pytest.raises(NotReady, match="is not there yet"):
        _ = report.metrics
    assert report.history is not None
    assert report.status in ("queued", "running")
    assert "report" in repr(report)


def test_waiting_has_an_end():
    report = forest()
    with pytest.raises(TimeoutError, match="still"):
        report.wait(0.05)
    assert not report.run.state.finished


def test_many_threads_may_wait_stop_and_ask():
    report = forest()
    until(lambda: len(report.history) >= 1)
    found: list[str] = []

    def stop() -> None:
        report.stop()
        report.run.wait(60)
        found.append(report.status)

    threads = [threading.Thread(target=stop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == ["stopped"] * 8
    stops = [event for event in (report.output_dir / "events.jsonl").read_text().splitlines() if '"stopping"' in event]
    assert len(stops) == 1


def test_a_run_ends_with_an_error_that_it_shows():
    report = submit(hyperparameters={"var_smoothing": "big"})
    with pytest.raises(InvalidConfiguration, match="var_smoothing"):
        report.wait(30)
    assert report.status == "error"
    assert "executionReport" not in report.to_dict()
    assert ended(submit()).status == "success", "the queue goes on"


def test_labels_of_any_kind_are_reported():
    frame = flowers()
    frame["target"] = pd.cut(frame.iloc[:, 0], 3)
    report = ended(mlmagic.submit(config(), df=frame))
    assert report.status in ("success", "error")
    assert report.error is None or report.error.type in ("data-loading-error", "invalid-configuration")
    assert report.to_json()
