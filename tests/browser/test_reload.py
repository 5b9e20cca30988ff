"""The page goes and comes back while a run goes on; a second view shows the same."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab


def test_a_reloaded_page_shows_the_run_go_on(warm: Lab) -> None:
    lab = warm
    lab.run(1)
    run = Dashboard(lab, 1).train(20)
    lab.save()
    lab.reload()
    run = Dashboard(lab, 1).train(21)
    before = run.done()
    run.train(before + 100)
    assert run.points() > 20, "the curve's beginning came back too"
    expect(run.saved).to_be_hidden()
    run.screenshot("reloaded")
    run.stop_and_keep()


def test_a_page_that_comes_late_shows_all_of_a_finished_run(finished: Dashboard) -> None:
    expect(finished.charts).to_have_count(4)  # the folds' too, though the trees came after them
    expect(finished.saved).to_be_hidden()


def test_two_views_of_one_run(warm: Lab) -> None:
    lab = warm
    lab.run(1)
    first = Dashboard(lab, 1).train(20)
    lab.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
    lab.command("notebook:create-output-view")
    second = Dashboard(lab, 1, within=lab.page.locator(".jp-LinkedOutputView"))
    second.train(first.done())
    second.train(second.done() + 100)
    lab.screenshot("two-views")
    second.stop_and_keep()
    first.ended("stopped")
    first.chip.click()  # the notebook is in front again
