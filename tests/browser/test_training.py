"""A cell trains: the curve moves while another cell answers, and in the end the results are there."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab


def test_the_curve_moves_while_another_cell_answers(warm: Lab) -> None:
    lab = warm
    lab.run(1)
    assert lab.prompt(1), "the cell returned at once"
    run = Dashboard(lab, 1).wait("training").train(20)
    run.screenshot("training-early")
    before = run.points()
    assert lab.execute("1 + 1") == "2"
    run.train(run.done() + 500)
    assert run.points() > before
    assert {"val_accuracy", "val_loss", "train_loss"} <= set(run.tiles())
    lab.cell(1)
    run.screenshot("training")
    lab.screenshot("training-page")


def test_a_finished_forest_shows_its_results(lab: Lab, finished: Dashboard) -> None:
    run = finished
    assert run.tabs() == ["Curves", "Confusion", "Classes", "Features", "Log", "Config", "Report"]
    expect(run.stop).to_be_hidden()
    for tab in run.tabs():
        panel = run.open(tab)
        assert panel.inner_text().strip() or tab == "Curves"
        run.screenshot(f"forest-{tab.lower()}")
    assert float(run.tiles()["test_accuracy"]) > 0.9
    assert re.fullmatch(
        r"<Report report: train sklearn, success, test accuracy [\d.]+>", lab.execute("print(repr(report))")
    )
