"""A saved notebook, opened again without the kernel that made it: the report alone shows, and no dead line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import PENGUINS, forest, network

if TYPE_CHECKING:
    from playwright.sync_api import Locator


def test_the_report_alone_shows(lab: Lab) -> None:
    lab.open(PENGUINS, forest("quick"), forest("patient --wait"), network(options="endless"))
    cells = (1, 2, 3)
    for index in (0, *cells):
        lab.run(index)
    runs = [Dashboard(lab, index) for index in cells]
    tiles = [run.ended("success").tiles() for run in runs[:2]]
    lab.cell(cells[2])
    runs[2].train(5)
    reopen(lab)
    for index, numbers in zip(cells, tiles, strict=False):
        shown = alone(lab, index)
        for label in ("test_accuracy", "5-fold accuracy", "memory"):
            assert f"{label}\n{numbers[label]}" in shown.inner_text(), "the same digits as on the dashboard"
    unfinished = alone(lab, cells[2])
    assert "Running when this was saved" in unfinished.inner_text()
    assert "%mlattach runs/" in unfinished.inner_text()
    lab.width(1000, height=1700)
    for name, index in zip(("background", "waiting", "unfinished"), cells, strict=True):
        lab.screenshot(f"reopened-{name}", alone(lab, index))


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
