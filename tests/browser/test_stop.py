"""Stop keeps the best, whatever the kernel is at: idle, awaiting, waiting, or training what can only be killed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import BLOBS, PENGUINS, network

KEPT = "print(report.status, list(report.to_dict()), type(report.model).__name__, len(report.predictions))"
SVC = """%%mltrain
framework: sklearn
algorithm: SVC
data: $blobs
target: y
"""


def test_while_the_kernel_is_idle(warm: Lab) -> None:
    lab = warm
    lab.run(1)
    run = Dashboard(lab, 1).train(5)
    run.stop.click()
    run.ended("stopped")
    expect(run.stop).to_be_hidden()
    assert lab.execute(KEPT) == "stopped ['executionReport'] Sequential 69"
    lab.cell(1)
    run.screenshot("stopped")


@pytest.mark.parametrize("waiting", ["await report", "report.wait()"])
def test_while_a_cell_waits_for_the_report(warm: Lab, waiting: str) -> None:
    lab = warm
    lab.run(1)
    run = Dashboard(lab, 1).train(5)
    index = lab.add(f"_ = {waiting}")
    lab.run(index, wait=False)
    lab.cell(1)
    assert lab.prompt(index) is None, "the cell waits"
    run.stop.click()
    run.ended("stopped")
    lab.wait_done(index)
    assert lab.outputs(index) == []
    assert lab.execute(KEPT) == "stopped ['executionReport'] Sequential 69"


def test_while_the_runs_own_cell_waits(warm: Lab) -> None:
    lab = warm
    index = lab.add(network(options="--wait"))
    lab.run(index, wait=False)
    run = Dashboard(lab, index).train(5)
    assert lab.prompt(index) is None, "the cell waits"
    run.stop.click()
    run.ended("stopped")
    lab.wait_done(index)
    assert lab.execute(KEPT) == "stopped ['executionReport'] Sequential 69"


def test_an_interrupt_of_the_waiting_cell_stops_and_keeps(warm: Lab) -> None:
    lab = warm
    index = lab.add(network(options="--wait"))
    lab.run(index, wait=False)
    run = Dashboard(lab, index).train(5)
    lab.interrupt()
    run.ended("stopped")
    lab.wait_done(index)
    assert [output["output_type"] for output in lab.outputs(index)] == ["display_data", "display_data"], "no traceback"
    assert lab.execute(KEPT) == "stopped ['executionReport'] Sequential 69"


def test_what_must_be_killed_leaves_a_living_kernel(warm: Lab) -> None:
    lab = warm
    lab.execute(BLOBS)
    index = lab.add(SVC)
    lab.run(index)
    run = Dashboard(lab, index).wait("training")
    run.screenshot("no-hook")
    run.stop.click()
    run.ended("stopped", timeout=10)
    assert lab.execute("print(report.status, 1 + 1)") == "stopped 2"
    lab.cell(index)
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
