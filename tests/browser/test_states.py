"""What a run that does not simply succeed looks like: in the queue, waiting for another, failed, cut off."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import PENGUINS, network

TREE = """%%mltrain {name}
framework: sklearn
{model}
data: $penguins
target: species
"""
SECOND_GUESS = """%%mltrain third
framework: sklearn
algorithm: DecisionTreeClassifier
data: $second.predictions
target: predicted
"""
FAULTY = """%%mltrain
framework: sklearn
algorithm: RandomForestClassifier
data: $penguins
target: species
hyperparameters: {n_estimatorz: 300, max_depth: deep}
"""
NET = """
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.LazyLinear(16)
        self.head = nn.Linear(8, 3)
    def forward(self, x):
        return self.head(self.body(x))
"""
BROKEN = """%%mltrain
framework: pytorch
model: $Net
data: $penguins
target: species
"""


def test_queued_and_waiting_for_another_run(warm: Lab) -> None:
    lab = warm
    second = TREE.format(name="second", model="algorithm: DecisionTreeClassifier")
    third = SECOND_GUESS
    cells = [lab.add(cell) for cell in (network(options="first"), second, third)]
    for index in cells:
        lab.run(index)
    first, queued, waiting = (Dashboard(lab, index) for index in cells)
    queued.wait("queued")
    expect(queued.unit).to_have_text("1st in the queue, behind first-1")
    expect(queued.stop).to_have_text("Cancel")
    waiting.wait("queued")
    expect(waiting.unit).to_have_text("waiting for: second")
    lab.screenshot("queue")
    lab.screenshot("queue-panel", lab.panel())
    lab.cell(cells[0])
    first.stop_and_keep()
    queued.ended("success")
    waiting.ended("success")
    lab.cell(cells[2])
    lab.screenshot("queue-done", lab.panel())


def test_a_queued_run_is_cancelled(warm: Lab) -> None:
    warm.run(1)
    second = warm.add(TREE.format(name="", model="algorithm: DecisionTreeClassifier"))
    warm.run(second)
    queued = Dashboard(warm, second).wait("queued")
    queued.stop_and_keep()
    queued.screenshot("cancelled")


def test_faulty_parameters_are_told_all_at_once(warm: Lab) -> None:
    index = warm.add(FAULTY)
    warm.run(index)
    run = Dashboard(warm, index).ended("error")
    for words in ("invalid-configuration", "n_estimatorz", "n_estimators", "max_depth"):
        expect(run.banner).to_contain_text(words)
    run.screenshot("error-parameters")


def test_a_network_of_the_users_own_shows_its_last_frames(warm: Lab) -> None:
    lab = warm
    lab.execute(NET)
    index = lab.add(BROKEN)
    lab.run(index)
    run = Dashboard(lab, index).ended("error")
    for words in ("return self.head(self.body(x))", "mat1 and mat2 shapes cannot be multiplied"):
        expect(run.banner).to_contain_text(words)
    expect(run.what).to_contain_text("Net")
    run.screenshot("error-network")
    lab.theme(dark=True)
    run.screenshot("error-network-dark")
    lab.theme(dark=False)


def test_a_kernel_that_dies_and_the_run_attached_again(lab: Lab) -> None:
    lab.open(PENGUINS, network())
    lab.run(0)
    lab.run(1)
    run = Dashboard(lab, 1).train(20)
    directory = lab.execute("print(report.output_dir)")
    lab.run(lab.add("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), wait=False)  # it can't answer
    lab.page.get_by_role("dialog").get_by_role("button", name="Ok").click()  # "The kernel appears to have died"
    lab.cell(1)
    lost(run)
    run.screenshot("kernel-gone")
    lab.wait_idle()
    index = lab.add(f"%load_ext mlmagic\n%mlattach {directory}")
    lab.run(index)
    attached = Dashboard(lab, index).ended("interrupted")
    expect(attached.banner).to_contain_text("process that ran")
    expect(attached.stop).to_be_hidden()
    assert attached.points() >= 20
    attached.screenshot("interrupted")
    assert int(lab.execute("len(report.history)")) >= 20


@pytest.mark.parametrize("end", ["restart", "shutdown"])
def test_no_run_outlives_its_kernel(lab: Lab, end: str) -> None:
    lab.open(PENGUINS, network())
    lab.run(0)
    lab.run(1)
    run = Dashboard(lab, 1).train(20)
    getattr(lab, end)()
    lab.cell(1)
    # A kernel that ends in peace stops its runs; the page may be gone from it before it can say so.
    expect(run.chip).to_have_text(re.compile("stopped|interrupted"))
    expect(run.stop).to_be_hidden()
    assert run.points() >= 20, "what came until then is still there"


def lost(run: Dashboard) -> None:
    """The page found out by itself that the kernel is gone, says what is left, and offers no Stop."""
    run.wait("interrupted")
    expect(run.banner).to_contain_text("The kernel of this run has ended or was restarted")
    expect(run.banner).to_contain_text("%mlattach runs/")
    expect(run.stop).to_be_hidden()
