"""Stop keeps the best, whatever the kernel is at: idle, awaiting, waiting, or training what can only be killed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import PENGUINS, blobs, network

KEPT = "print(report.status, list(report.to_dict()), type(report.model).__name__, len(report.predictions))"
SVC = """%%mltrain
framework: sklearn
algorithm: SVC
data: $blobs
target: y
"""


def test_while_the_kernel_is_idle(lab: Lab) -> None:
    lab.open(PENGUINS, network())
    lab.run(0)
    lab.run(1)
    run = Dashboard(lab, 1).train(5)
    run.stop.click()
    run.ended("stopped")
    expect(run.stop).to_be_hidden()
    assert lab.execute(KEPT) == "stopped ['executionReport'] Sequential 69"
    lab.cell(1)
    run.screenshot("stopped")


@pytest.mark.parametrize("waiting", ["await report", "report.wait()"])
def test_while_a_cell_waits_for_the_report(lab: Lab, waiting: str) -> None:
    lab.open(PENGUINS, network(), f"_ = {waiting}")
    lab.run(0)
    lab.run(1)
    run = Dashboard(lab, 1).train(5)
    lab.run(2, wait=False)
    assert lab.prompt(2) is None, "the cell waits"
    run.stop.click()
    run.ended("stopped")
    lab.wait_done(2)
    assert lab.outputs(2) == []
    assert lab.execute(KEPT) == "stopped ['executionReport'] Sequential 69"


def test_while_the_runs_own_cell_waits(lab: Lab) -> None:
    lab.open(PENGUINS, network(options="--wait"))
    lab.run(0)
    lab.run(1, wait=False)
    run = Dashboard(lab, 1).train(5)
    assert lab.prompt(1) is None, "the cell waits"
    run.stop.click()
    run.ended("stopped")
    lab.wait_done(1)
    assert lab.execute(KEPT) == "stopped ['executionReport'] Sequential 69"


def test_an_interrupt_of_the_waiting_cell_stops_and_keeps(lab: Lab) -> None:
    lab.open(PENGUINS, network(options="--wait"))
    lab.run(0)
    lab.run(1, wait=False)
    run = Dashboard(lab, 1).train(5)
    lab.interrupt()
    run.ended("stopped")
    lab.wait_done(1)
    assert [output["output_type"] for output in lab.outputs(1)] == ["display_data", "display_data"], "no traceback"
    assert lab.execute(KEPT) == "stopped ['executionReport'] Sequential 69"


def test_what_must_be_killed_leaves_a_living_kernel(lab: Lab) -> None:
    lab.open(blobs(60_000), SVC)
    lab.run(0)
    lab.run(1)
    run = Dashboard(lab, 1).wait("training")
    run.screenshot("no-hook")
    run.stop.click()
    run.ended("stopped", timeout=10)
    assert lab.execute("print(report.status, 1 + 1)") == "stopped 2"
    lab.cell(1)
    run.screenshot("killed")


def test_without_subshells_the_waiting_cell_still_shows_its_run(lab: Lab) -> None:
    # As under ipykernel 6: nothing that the page says arrives while a cell waits, so the kernel speaks first.
    lab.open(PENGUINS + "from mlmagic import dashboard\ndashboard.subshells = lambda: False", network(options="--wait"))
    lab.page.evaluate(
        """() => { const {session} = window.jupyterapp.shell.currentWidget.context.sessionContext;
                   session.kernel.commsOverSubshells = 'disabled'; }"""
    )
    lab.run(0)
    lab.run(1, wait=False)
    run = Dashboard(lab, 1).train(5)
    expect(run.stop).to_be_hidden()
    expect(run.node).to_contain_text("to stop, interrupt the kernel")
    run.screenshot("interrupt-to-stop")
    lab.interrupt()
    run.ended("stopped")
    lab.wait_done(1)
