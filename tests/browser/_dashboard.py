"""A run's dashboard in a cell, as a test reads it and clicks on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser._lab import Lab


class Dashboard:
    """What a person sees of a run under cell ``index``."""

    def __init__(self, lab: Lab, index: int, within: Locator | None = None) -> None:
        self.lab = lab
        self.index = index
        within = within or lab.cell(index)
        self.node = within.locator(".mlm-dashboard")
        self.saved = within.locator(".mlm-report")
        self.chip = self.node.locator(".mlm-chip")
        self.unit = self.node.locator(".mlm-unit")
        self.time = self.node.locator(".mlm-time")
        self.what = self.node.locator(".mlm-what")
        self.stop = self.node.get_by_role("button", name=re.compile("Stop|Cancel"))
        self.banner = self.node.locator(".mlm-banner")
        self.charts = self.node.locator(".mlm-chart")

    def wait(self, status: str, timeout: float = 60) -> Dashboard:
        """Wait until the run is in this state: a status, or what the chip says while it runs."""
        expect(self.chip).to_have_text(status, timeout=timeout * 1000)
        return self

    def ended(self, status: str, timeout: float = 60) -> Dashboard:
        """Wait for the run's end; the whole dashboard is then drawn."""
        self.wait(status, timeout)
        expect(self.node.get_by_role("tab", name="Report")).to_be_visible()
        return self

    def stop_and_keep(self, timeout: float = 60) -> Dashboard:
        """Click on Stop and wait until the run has ended by that."""
        self.stop.click()
        return self.ended("stopped", timeout)

    def train(self, least: int = 1, timeout: float = 60) -> Dashboard:
        """Wait until so many epochs (or trees, or folds) are done."""
        self.lab.page.wait_for_function(
            """([node, least]) => {
                const [, digits] = / ([\\d\\u202f]+)/.exec(node.textContent) ?? [null, '0'];
                return Number(digits.replace(/\\D/g, '')) >= least;
            }""",
            arg=[self.unit.element_handle(), least],
            timeout=timeout * 1000,
        )
        return self

    def done(self) -> int:
        """How many epochs (or trees, or folds) the header tells of."""
        found = re.search(r" ([\d\u202f]+)", self.unit.inner_text())
        return int(re.sub(r"\D", "", found[1])) if found else 0

    def tabs(self) -> list[str]:
        """The tabs that are there, without their badges."""
        return [re.sub(r"\d+$", "", text) for text in self.node.get_by_role("tab").all_inner_texts()]

    def open(self, title: str) -> Locator:
        """Click on a tab; gives what it shows."""
        self.node.get_by_role("tab", name=re.compile(f"^{title}")).click()
        return self.panel()

    def panel(self) -> Locator:
        """What the selected tab shows."""
        return self.node.get_by_role("tabpanel")

    def points(self) -> int:
        """Rows in the table of the curves, which is opened for that and closed again."""
        table = self.node.get_by_role("button", name="table")
        table.click()
        rows = self.node.locator(".mlm-curve-table tbody tr").count()
        table.click()
        return rows

    def tiles(self) -> dict[str, str]:
        """The numbers, by what they are called."""
        labels = self.node.locator(".mlm-tile .mlm-label").all_inner_texts()
        return dict(zip(labels, self.node.locator(".mlm-tile .mlm-value").all_inner_texts(), strict=True))

    def screenshot(self, name: str) -> None:
        """A picture of the dashboard alone, when the charts are drawn."""
        self.lab.screenshot(name, self.node)
