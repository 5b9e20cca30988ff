"""The report that outlives its kernel, in a real JupyterLab: what shows beside a live, a reloaded and a dead widget."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest

from mlmagic import _html
from tests.browser._lab import SCREENSHOTS, Lab, Traffic
from tests.browser.summaries import finished

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator

    from tests.browser._server import Server

EVIL = "<img src=x onerror=\"document.body.dataset.harmed='1'\">"

# A stand-in for the dashboard, so that this holds before and apart from it: a widget whose root has its class, and a
# thread that writes the finished report over the first one when the cell is long done.
CELL = """
import threading
import anywidget
from IPython.display import HTML, display
from mlmagic import _html
from tests.browser.summaries import finished, running

class Dashboard(anywidget.AnyWidget):
    _esm = '''export default { render({ el }) {
        el.innerHTML = '<div class="mlm-dashboard" style="padding:40px;border:1px solid grey">live dashboard</div>';
    } }'''
    def __repr__(self):
        return ""  # what an untrusted notebook and nbconvert show in the widget's place

def mimes(summary):
    return {"text/html": _html.html(summary), "text/plain": _html.text(summary)}

release = threading.Event()
def finish():
    release.wait()
    display(mimes(finished()), raw=True, display_id="r1", update=True)

display(Dashboard())
display(mimes(running()), raw=True, display_id="r1")
thread = threading.Thread(target=finish, daemon=True)
thread.start()
"""
FINISH = "release.set(); thread.join(); print('released')"


@pytest.fixture
def finished_lab(lab: Lab) -> Lab:
    """A notebook whose run has ended, the dashboard still alive."""
    finish(lab, "live.ipynb")
    return lab


@pytest.fixture(scope="module")
def saved(server: Server, context: BrowserContext) -> Path:
    """The same notebook after it was saved and its kernel has died."""
    page = context.new_page()
    lab = Lab(server, page, Traffic())
    finish(lab, "saved.ipynb")
    lab.save()
    lab.shutdown()
    page.close()
    return server.root / "saved.ipynb"


def finish(lab: Lab, name: str) -> None:
    lab.open(CELL, FINISH, name=name)
    lab.run(0)
    dashboard(lab).wait_for()
    lab.run(1)


def dashboard(lab: Lab) -> Locator:
    return lab.output(0).locator(".mlm-dashboard")


def report(lab: Lab) -> Locator:
    return lab.output(0).locator(".mlm-report")


def test_live_only_the_dashboard_shows(finished_lab: Lab) -> None:
    lab = finished_lab
    assert "success" in lab.outputs(0)[1]["data"]["text/html"], "the thread's update reached the saved output"
    assert dashboard(lab).is_visible()
    assert report(lab).is_hidden()


def test_reloaded_with_its_kernel_the_dashboard_is_back(finished_lab: Lab) -> None:
    lab = finished_lab
    lab.save()
    lab.reload()
    dashboard(lab).wait_for()
    report(lab).wait_for(state="hidden")


def test_reopened_without_a_kernel_only_the_report_shows(lab: Lab, saved: Path) -> None:
    lab.open(name=saved.name, kernel=False)
    report(lab).wait_for()
    assert lab.trusted()
    assert lab.output(0).nth(0).is_hidden(), "the dead widget's line"
    assert "Loading widget" not in lab.text(0)
    lab.width(1000)
    lab.screenshot("saved-report-light", report(lab))
    lab.screenshot("saved-report-page", lab.panel())
    lab.theme(dark=True)
    lab.screenshot("saved-report-dark", report(lab))
    lab.width(430)
    lab.screenshot("saved-report-narrow-dark", report(lab))
    lab.theme(dark=False)
    lab.screenshot("saved-report-narrow", report(lab))
    assert_no_overflow(report(lab))


def test_reopened_with_a_new_kernel_no_dead_line_is_left(lab: Lab, saved: Path) -> None:
    # A kernel that does not know the widget gives "Error displaying widget: model not found", another line to hide.
    lab.open(name=saved.name)
    lab.page.get_by_text("Error displaying widget").wait_for(state="attached")
    report(lab).wait_for()
    assert lab.output(0).nth(0).is_hidden()
    # Lab says the same on its console, and nothing else may be said there.
    assert all("widget model not found" in error for error in lab.errors)
    lab.errors.clear()


def test_an_untrusted_notebook_shows_a_report_that_reads_well(lab: Lab, saved: Path) -> None:
    notebook = lab.read(saved.name)
    notebook.cells[0].source += "\n# changed elsewhere, so the signature no longer fits"
    nbformat.write(notebook, lab.server.root / "untrusted.ipynb")
    lab.open(name="untrusted.ipynb", kernel=False)
    report(lab).wait_for()
    assert not lab.trusted()
    assert report(lab).locator("img").evaluate("img => img.decode().then(() => img.naturalWidth)") > 0
    lab.width(1000)
    lab.screenshot("saved-report-untrusted", lab.output(0).locator("..").first)


def test_the_users_own_widget_is_never_hidden(lab: Lab) -> None:
    lab.open(
        "import ipywidgets\nfrom IPython.display import HTML, display\n"
        "from mlmagic import _html\nfrom tests.browser.summaries import finished\n"
        "print('mine')\ndisplay(ipywidgets.IntSlider())\ndisplay(HTML(_html.html(finished())))"
    )
    lab.run(0)
    lab.output(0).locator(".widget-slider").wait_for()
    assert report(lab).is_visible()
    assert lab.output(0).nth(0).is_visible()


def test_names_from_data_harm_nothing(lab: Lab) -> None:
    lab.open(
        "from IPython.display import HTML, display\nfrom mlmagic import _html\n"
        f"from tests.browser.summaries import everywhere\ndisplay(HTML(_html.html(everywhere({EVIL!r}))))"
    )
    lab.run(0)
    assert report(lab).locator("img").count() == 1, "the picture is the only image"
    lab.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert lab.page.evaluate("() => document.body.dataset.harmed") is None
    lab.screenshot("saved-report-evil", report(lab))


def test_errors_and_many_classes(lab: Lab) -> None:
    lab.open(
        "from IPython.display import HTML, display\nfrom mlmagic import _html\n"
        "from tests.browser.summaries import broken, many_classes, running\n"
        "for s in (broken(), many_classes(), running()): display(HTML(_html.html(s)))"
    )
    lab.run(0)
    lab.width(1000)
    lab.screenshot("saved-report-states", lab.output(0).locator("..").first)
    lab.theme(dark=True)
    lab.screenshot("saved-report-states-dark", lab.output(0).locator("..").first)


def test_without_any_styles_it_still_reads_well(context: BrowserContext, traffic: Traffic) -> None:
    # What is left on GitHub: neither style sheet nor style attributes nor classes.
    bare = re.sub(r' (style|class)="[^"]*"|<style>.*?</style>', "", _html.html(finished()))
    assert "style" not in bare
    page = context.new_page()
    traffic.watch(page)
    page.set_content(f"<body style='font:14px sans-serif'>{bare}")
    rows = page.locator("table").first.locator("tr").all_inner_texts()
    assert rows[:2] == ["test accuracy\t0.967", "macro F1\t0.961"]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "saved-report-bare.png")


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_nbconvert_needs_no_script(
    saved: Path, browser: Browser, traffic: Traffic, tmp_path: Path, template: str
) -> None:
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--template", template]
    subprocess.run([*command, "--output-dir", str(tmp_path), str(saved)], check=True, capture_output=True)
    # Scripts off: whatever nbconvert's template would fetch from a CDN, the report must stand without.
    page = browser.new_page(java_script_enabled=False, viewport={"width": 1000, "height": 1100})
    traffic.watch(page)
    page.goto((tmp_path / "saved.html").as_uri())
    assert page.locator(".mlm-report").is_visible()
    assert "0.967" in page.locator(".mlm-report").inner_text()
    page.screenshot(path=SCREENSHOTS / f"nbconvert-{template}.png", full_page=True)
    page.close()


def assert_no_overflow(element: Locator) -> None:
    wide = element.evaluate("e => e.scrollWidth - e.clientWidth")
    assert wide <= 0, f"{wide} pixels are cut off"
