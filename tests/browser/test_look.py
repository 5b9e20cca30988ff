"""Dark, narrow and nobody sees less: the same dashboard in the places where people put it."""

from __future__ import annotations

import pytest

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import PENGUINS, forest, network


def test_dark_theme(lab: Lab) -> None:
    lab.open(PENGUINS, network(), forest("forest"))
    lab.theme(dark=True)
    lab.run(0)
    lab.run(1)
    run = Dashboard(lab, 1).train(50)
    run.screenshot("dark-training")
    run.stop.click()
    run.ended("stopped")
    lab.run(2)
    trees = Dashboard(lab, 2).ended("success")
    for tab in trees.tabs():
        trees.open(tab)
        trees.screenshot(f"dark-{tab.lower()}")
    ground = "node => getComputedStyle(node).backgroundColor"
    dark = trees.node.evaluate(ground)
    trees.open("Curves")
    lab.theme(dark=False)
    assert trees.node.evaluate(ground) != dark, "it follows the theme while it lives"
    trees.screenshot("light-again")


@pytest.mark.parametrize("pixels", [420, 640])
def test_in_a_narrow_cell_nothing_is_cut_off(lab: Lab, pixels: int) -> None:
    lab.open(PENGUINS, forest())
    lab.width(pixels)
    lab.run(0)
    lab.run(1)
    run = Dashboard(lab, 1).ended("success")
    for tab in run.tabs():
        run.open(tab)
        run.screenshot(f"narrow-{pixels}-{tab.lower()}")
        wide = run.node.evaluate("node => node.scrollWidth - node.clientWidth")
        assert wide <= 0, f"{tab}: {wide} pixels are cut off"
