"""The dashboard without a mouse and without eyes."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab


def test_tabs_by_the_arrow_keys(lab: Lab, finished: Dashboard) -> None:
    run = finished
    keys = lab.page.keyboard
    run.node.get_by_role("tab", name="Curves").focus()
    for title in ("Confusion", "Classes", "Features"):
        keys.press("ArrowRight")
        selected = run.node.get_by_role("tab", selected=True)
        expect(selected).to_have_text(title)
        expect(selected).to_be_focused()
        expect(run.panel()).to_have_accessible_name(title)
    run.screenshot("keyboard-tab")
    keys.press("Home")
    keys.press("ArrowLeft")
    expect(run.node.get_by_role("tab", selected=True)).to_have_text("Report")
    keys.press("ArrowRight")
    expect(run.node.get_by_role("tab", selected=True)).to_have_text("Curves")
    assert lab.prompt(1) == 2, "no key reached the notebook"


def test_stop_by_enter_and_the_focus_is_seen(warm: Lab) -> None:
    warm.run(1)
    run = Dashboard(warm, 1).train(20)
    run.node.get_by_role("tab", name="Curves").focus()
    warm.page.keyboard.press("Shift+Tab")
    expect(run.stop).to_be_focused()
    assert run.stop.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    run.screenshot("keyboard-stop")
    warm.page.keyboard.press("Enter")
    run.ended("stopped")


def test_every_chart_has_words_and_a_table(finished: Dashboard) -> None:
    run = finished
    expect(run.node).to_have_role("region")
    expect(run.node.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    expect(run.node.get_by_role("status")).to_have_text("report: success")
    pictures = run.node.get_by_role("img")
    for picture in pictures.all():
        expect(picture).to_have_accessible_name(re.compile("by (fold|tree)"))
    toggle = run.node.get_by_role("button", name="table")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(run.node.get_by_role("button", name="PNG")).to_be_hidden()
    heads = run.node.get_by_role("columnheader").all_inner_texts()
    assert heads == ["fold", "accuracy", "f1", "tree", "train accuracy", "test accuracy", "train f1", "test f1"]
    run.screenshot("table")
    run.open("Confusion")
    expect(run.node.get_by_role("table").get_by_role("rowheader")).to_have_text(["Adelie", "Chinstrap", "Gentoo"])
