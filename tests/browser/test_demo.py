"""The dashboard over made-up runs, in states that no test can bring about: a GPU, dozens of metrics, endless names."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser._lab import SCREENSHOTS, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import BrowserContext, Locator

WIDGETS = Path(__file__).parents[2] / "widgets"
CUT_OFF = "node => node.scrollWidth - node.clientWidth"


@pytest.fixture(scope="module")
def page_of_demo() -> str:
    """The address of the demo's page, built anew."""
    subprocess.run(["npm", "--prefix", str(WIDGETS), "run", "--silent", "demo"], check=True)
    return (WIDGETS / "demo" / "index.html").as_uri()


@pytest.fixture
def scene(page_of_demo: str, context: BrowserContext, traffic: Traffic) -> Iterator[Callable[..., Locator]]:
    """Opens a scene of the demo; gives its dashboard."""
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    traffic.watch(page)

    def show(name: str, theme: str = "light", width: int = 900) -> Locator:
        page.goto(f"{page_of_demo}?scene={name}&theme={theme}&width={width}&bare")
        node = page.locator(".mlm-dashboard")
        node.wait_for()
        return node

    yield show
    page.close()
    assert not errors


def picture(node: Locator, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    node.screenshot(path=SCREENSHOTS / f"demo-{name}.png", animations="disabled")


def tile(node: Locator, label: str) -> Locator:
    return node.get_by_role("listitem").filter(has=node.page.get_by_text(label, exact=True))


def test_a_gpu_at_work(scene: Callable[..., Locator]) -> None:
    node = scene("gpu")
    expect(tile(node, "GPU")).to_have_text("GPU63\u202f%12.3 of 80 GiB")
    expect(node.locator(".mlm-what")).to_contain_text("NVIDIA H100")
    expect(node.get_by_role("note")).to_be_hidden()
    picture(node, "gpu")


def test_a_gpu_that_was_asked_for_and_is_not_there(scene: Callable[..., Locator]) -> None:
    node = scene("no-gpu")
    expect(node.get_by_role("note")).to_have_text("GPU asked for, none found: CPU")
    expect(tile(node, "GPU")).to_have_count(0)
    picture(node, "no-gpu")


def test_many_metrics_are_six_charts_until_one_asks_for_all(scene: Callable[..., Locator]) -> None:
    node = scene("metrics", width=1200)
    charts = node.locator(".mlm-chart")
    expect(charts).to_have_count(6)
    picture(node, "metrics")
    node.get_by_role("button", name="show all 11").click()
    expect(charts).to_have_count(11)
    expect(charts.last.locator("canvas")).to_be_visible()
    picture(node, "metrics-all")
    node.get_by_role("button", name="show fewer").click()
    expect(charts).to_have_count(6)


def test_a_log_scale_is_offered_for_losses_only(scene: Callable[..., Locator]) -> None:
    node = scene("finished")
    loss, accuracy = node.locator(".mlm-chart").all()
    toggle = loss.get_by_role("button", name="log scale")
    expect(toggle).to_be_visible()
    expect(accuracy.get_by_role("button", name="log scale")).to_be_hidden()
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    picture(node, "log-scale")


def test_features_with_endless_names(scene: Callable[..., Locator]) -> None:
    node = scene("features")
    node.get_by_role("tab", name="Features").click()
    panel = node.get_by_role("tabpanel")
    expect(panel).to_contain_text("the first 30 of 300 features")
    expect(panel.get_by_role("listitem")).to_have_count(12)
    panel.get_by_role("button", name="show 30").click()
    expect(panel.get_by_role("listitem")).to_have_count(30)
    picture(node, "features")


@pytest.mark.parametrize("width", [300, 480, 1200])
@pytest.mark.parametrize(
    "name", ["long", "metrics", "gpu", "error", "features", "26-classes", "interrupted", "predictions"]
)
def test_nothing_is_cut_off_whatever_it_shows(scene: Callable[..., Locator], name: str, width: int) -> None:
    for theme in ("light", "dark") if width == 480 else ("light",):
        node = scene(name, theme, width)
        for tab in node.get_by_role("tab").all():
            tab.click()
            assert node.evaluate(CUT_OFF) <= 0, tab.inner_text()
            title = tab.inner_text().split()[0].lower()
            if title not in ("log", "config", "report"):
                picture(node, f"{name}-{theme}-{width}-{title}")
