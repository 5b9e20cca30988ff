"""Stop keeps the best, whatever the kernel is at: idle, waiting, deaf, or training what can only be killed."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import BLOBS, PENGUINS, network

SVC = """%%mltrain
framework: sklearn
algorithm: SVC
data: $blobs
target: y
"""
# As under ipykernel 6: nothing that the page says arrives while a cell runs.
NO_SUBSHELLS = """() => {
    const { session } = window.jupyterapp.shell.currentWidget.context.sessionContext;
    session.kernel.commsOverSubshells = 'disabled';
}"""
NO_ANSWER = "no answer: interrupt the kernel"


def under_way(lab: Lab, options: str = "") -> tuple[int, Dashboard]:
    """A network in training, and the cell that started it; it returned at once, unless the options say otherwise."""
    index = lab.add(network(options=options))
    lab.run(index, wait=not options)
    run = Dashboard(lab, index).train(5)
    assert (lab.prompt(index) is None) == bool(options), "only a cell with --wait waits"
    return index, run


def assert_kept(lab: Lab) -> None:
    """The stopped run has a report, its best model and predictions for all test rows, and the kernel answers."""
    kept = "print(report.status, list(report.to_dict()), type(report.model).__name__, len(report.predictions))"
    assert lab.execute(kept) == "stopped ['executionReport'] Sequential 69"


def test_while_the_kernel_is_idle(warm: Lab) -> None:
    index, run = under_way(warm)
    run.stop_and_keep()
    expect(run.stop).to_be_hidden()
    assert_kept(warm)
    warm.cell(index)
    run.screenshot("stopped")


@pytest.mark.parametrize("waiting", ["await report", "report.wait()"])
def test_while_a_cell_waits_for_the_report(warm: Lab, waiting: str) -> None:
    index, run = under_way(warm)
    waits = warm.add(f"_ = {waiting}")
    warm.run(waits, wait=False)
    warm.cell(index)
    assert warm.prompt(waits) is None, "the cell waits"
    run.stop_and_keep()
    warm.wait_done(waits)
    assert warm.outputs(waits) == []
    assert_kept(warm)


def test_while_the_runs_own_cell_waits(warm: Lab) -> None:
    index, run = under_way(warm, "--wait")
    run.stop_and_keep()
    warm.wait_done(index)
    assert_kept(warm)


def test_an_interrupt_of_the_waiting_cell_stops_and_keeps(warm: Lab) -> None:
    index, run = under_way(warm, "--wait")
    warm.interrupt()
    run.ended("stopped")
    warm.wait_done(index)
    assert [output["output_type"] for output in warm.outputs(index)] == ["display_data", "display_data"], "no traceback"
    assert_kept(warm)


def test_what_must_be_killed_leaves_a_living_kernel(warm: Lab) -> None:
    warm.execute(BLOBS)
    index = warm.add(SVC)
    warm.run(index)
    run = Dashboard(warm, index).wait("training")
    run.screenshot("no-hook")
    run.stop_and_keep(timeout=10)
    assert warm.execute("print(report.status, 1 + 1)") == "stopped 2"
    warm.cell(index)
    run.screenshot("killed")


def test_without_subshells_the_waiting_cell_still_shows_its_run(lab: Lab) -> None:
    # The page's question does not arrive either, so the kernel speaks first.
    lab.open(PENGUINS + "from mlmagic import dashboard\ndashboard.subshells = lambda: False")
    lab.page.evaluate(NO_SUBSHELLS)
    lab.run(0)
    index, run = under_way(lab, "--wait")
    expect(run.stop).to_be_hidden()
    expect(run.node).to_contain_text("to stop, interrupt the kernel")
    run.screenshot("interrupt-to-stop")
    lab.interrupt()
    run.ended("stopped")
    lab.wait_done(index)


def test_a_busy_kernel_that_does_not_hear_the_click(warm: Lab) -> None:
    warm.page.evaluate(NO_SUBSHELLS)
    index, run = under_way(warm)
    busy = warm.add("import time; time.sleep(600)")
    warm.run(busy, wait=False)
    warm.cell(index)
    run.stop.click()
    expect(run.stop).to_be_disabled()
    expect(run.node).to_contain_text(NO_ANSWER, timeout=5_000)
    expect(run.stop).to_be_enabled()
    run.screenshot("no-answer")
    warm.interrupt()
    run.ended("stopped")
    expect(run.node).not_to_contain_text(NO_ANSWER)
    warm.wait_done(busy)
    assert_kept(warm)


def test_a_kernel_that_stands_still_and_goes_on(warm: Lab) -> None:
    index, run = under_way(warm)
    kernel = int(warm.execute("import os; print(os.getpid())"))
    warm.cell(index)
    os.kill(kernel, signal.SIGSTOP)
    try:
        expect(run.time).to_contain_text("no word from the kernel", timeout=40_000)
        run.stop.click()
        expect(run.node).to_contain_text(NO_ANSWER, timeout=5_000)
        run.screenshot("silent")
    finally:
        os.kill(kernel, signal.SIGCONT)
    run.ended("stopped")
    assert_kept(warm)
