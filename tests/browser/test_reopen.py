"""A saved notebook, opened again without the kernel that made it: the report alone shows, and no dead line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import PENGUINS, forest, network

if TYPE_CHECKING:
    from playwright.sync_api import Locator


@pytest.mark.parametrize("options", ["", "--wait"], ids=["background", "waiting"])
def test_of_a_finished_run_the_report_shows(lab: Lab, options: str) -> None:
    lab.open(PENGUINS, forest(options))
    lab.run(0)
    lab.run(1)
    run = Dashboard(lab, 1).ended("success")
    tiles = run.tiles()
    lab.wait_done(1)
    reopen(lab)
    shown = alone(lab, 1)
    for label in ("test_accuracy", "5-fold accuracy", "memory"):
        assert f"{label}\n{tiles[label]}" in shown.inner_text(), "the same digits as on the dashboard"
    lab.width(1000)
    lab.screenshot(f"reopened{options}", shown)


def test_of_a_run_that_was_cut_off_it_says_so(lab: Lab) -> None:
    lab.open(PENGUINS, network())
    lab.run(0)
    lab.run(1)
    Dashboard(lab, 1).train(5)
    reopen(lab)
    shown = alone(lab, 1)
    assert "was not finished" in shown.inner_text()
    assert "%mlattach runs/" in shown.inner_text()
    lab.screenshot("reopened-unfinished", shown)


def reopen(lab: Lab) -> None:
    """Save, end the kernel, open in a page that has never seen it."""
    lab.save()
    lab.shutdown()
    lab.open(name=lab.name, kernel=False)


def alone(lab: Lab, index: int) -> Locator:
    """The saved report, when it is all that the cell shows: no dead widget, and no empty line in its place."""
    report = lab.output(index).locator(".mlm-report")
    report.wait_for()
    shown = lab.output(index).filter(visible=True)
    assert shown.count() == 1
    assert lab.trusted()
    area, own = lab.cell(index).locator(".jp-OutputArea").bounding_box(), shown.bounding_box()
    assert area
    assert own
    assert area["height"] - own["height"] < 12, "nothing above or below it takes room"
    return report
