"""What a reader does with the curves: smooth them, take their numbers, take their picture."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image
from playwright.sync_api import expect

from tests.browser._dashboard import Dashboard
from tests.browser._lab import SCREENSHOTS, Lab
from tests.browser.cells import network

if TYPE_CHECKING:
    from playwright.sync_api import Locator

INK = """node => [...node.querySelectorAll("canvas")].map(canvas => canvas.toDataURL()).join()"""
# Where the picture's own words stand, in pixels of the page: title above the charts, directory below them.
MARGIN, HEAD, FOOT = 16, 30, 24


def save(run: Dashboard, name: str) -> Path:
    """Click on one of the tools; gives the file that the browser saved."""
    with run.lab.page.expect_download() as download:
        run.node.get_by_role("button", name=name, exact=True).click()
    path = SCREENSHOTS / f"saved-{download.value.suggested_filename}"
    download.value.save_as(path)
    return path


def history(lab: Lab) -> pd.DataFrame:
    """The history of the run called report, every digit of it."""
    return pd.read_csv(io.StringIO(lab.execute("print(report.history.to_csv(index=False))")))


def smoothing(run: Dashboard) -> Locator:
    return run.node.get_by_role("slider", name="smoothing")


def test_the_csv_holds_the_history_of_folds_and_trees(lab: Lab, finished: Dashboard) -> None:
    path = save(finished, "CSV")
    assert path.name.endswith(f"{Path(lab.execute('print(report.output_dir)')).name}-curves.csv")
    saved, known = pd.read_csv(path), history(lab)
    assert list(saved.columns[:2]) == ["fold", "tree"]
    pd.testing.assert_frame_equal(saved[known.columns], known, check_exact=True)
    assert b"\r\n" in path.read_bytes()


def test_the_csv_holds_every_step_and_epoch(warm: Lab) -> None:
    index = warm.add(network(20))
    warm.run(index)
    run = Dashboard(warm, index).ended("success")
    saved = pd.read_csv(save(run, "CSV"))
    epochs = saved[saved["val_loss"].notna()].reset_index(drop=True)
    known = history(warm)
    pd.testing.assert_frame_equal(epochs[known.columns], known, check_dtype=False, check_exact=True)
    stream = (warm.server.root / warm.execute("print(report.output_dir)") / "events.jsonl").read_text()
    events = [json.loads(line) for line in stream.splitlines()]
    steps = [value for e in events if e["event"] == "steps" for value in e["values"]["train_loss"]]
    assert list(saved["step"]) == list(range(1, len(steps) + 1))
    np.testing.assert_allclose(saved["train_loss_step"], steps, rtol=1e-5)  # the stream keeps six digits
    np.testing.assert_allclose(saved["epoch"], saved["step"] * 20 / len(steps))


def test_the_picture_is_readable_alone(lab: Lab, finished: Dashboard) -> None:
    for dark in (False, True):
        lab.theme(dark=dark)
        grid = finished.node.locator(".mlm-charts").bounding_box()
        chart = finished.charts.first.bounding_box()
        path = save(finished, "PNG")
        path = path.rename(path.with_name(f"saved-picture-{'dark' if dark else 'light'}.png"))
        assert grid
        assert chart
        picture = np.asarray(Image.open(path).convert("RGB")).astype(int)
        side = chart["x"] - grid["x"]
        assert abs(picture.shape[1] - 2 * (grid["width"] - 2 * side + 2 * MARGIN)) <= 2, "two pixels to one of the page"
        ground = picture[0, 0]
        assert (ground.mean() > 200) != dark, "the theme's ground"
        ink = (np.abs(picture - ground).sum(axis=2) > 60).sum(axis=1)
        head, foot = slice(0, 2 * (MARGIN + HEAD)), slice(-2 * FOOT, None)
        assert min(ink[head].sum(), ink[foot].sum()) > 300, "what it shows, and where the run lies"
        assert ink.sum() > 10_000
        blue = picture[..., 2] - picture[..., 0] > 80
        assert blue.sum() > 1_000, "the curves"
    lab.theme(dark=False)


def test_smoothing_by_the_keyboard(lab: Lab, finished: Dashboard) -> None:
    run, keys = finished, lab.page.keyboard
    charts = run.node.locator(".mlm-charts")
    knob = smoothing(run)
    raw = charts.evaluate(INK)
    expect(knob).to_have_attribute("aria-valuetext", "off")
    knob.focus()
    keys.press("End")
    expect(knob).to_have_attribute("aria-valuetext", "0.99")
    keys.press("Home")
    for _ in range(60):
        keys.press("ArrowUp")
    expect(knob).to_have_value("0.6")
    assert charts.evaluate(INK) != raw
    run.screenshot("smoothed")
    run.charts.last.locator(".mlm-plot").hover()
    expect(run.charts.last.locator(".mlm-readout")).to_contain_text("raw")
    run.screenshot("smoothed-reading")
    run.open("Confusion")
    expect(knob).to_be_hidden()
    run.open("Curves")
    expect(knob).to_have_value("0.6")
    knob.focus()
    keys.press("Home")
    lab.page.mouse.move(0, 0)
    lab.page.wait_for_function(f"([node, raw]) => ({INK})(node) === raw", arg=[charts.element_handle(), raw])
    assert lab.prompt(1) == 2, "no key reached the notebook"


def test_a_run_that_goes_on_stays_smoothed(warm: Lab) -> None:
    warm.run(1)
    run = Dashboard(warm, 1).train(20)
    smoothing(run).fill("0.9")
    run.train(run.done() + 200)
    expect(smoothing(run)).to_have_value("0.9")
    run.screenshot("smoothed-training")
    path = save(run, "PNG")
    path.rename(path.with_name("saved-picture-smoothed.png"))
    run.stop_and_keep()
