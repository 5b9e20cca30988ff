"""Dark, narrow and nobody sees less: the same dashboard in the places where people put it."""

from __future__ import annotations

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab

# Pixels of the charts that are almost white, or the light theme's blue: left from colours of another theme.
GLARING = """node => [...node.querySelectorAll("canvas")].map(canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 128 && Math.min(data[i], data[i + 1], data[i + 2]) > 215) count += 1;
    else if (data[i] === 0x25 && data[i + 1] === 0x63 && data[i + 2] === 0xc9) count += 1;
  return count;
}).reduce((sum, count) => sum + count, 0)"""


def test_dark_theme(lab: Lab, finished: Dashboard) -> None:
    ground = "node => getComputedStyle(node).backgroundColor"
    light = finished.node.evaluate(ground)
    lab.theme(dark=True)
    assert finished.node.evaluate(ground) != light, "it follows the theme while it lives"
    lab.page.wait_for_function(f"node => ({GLARING})(node) === 0", arg=finished.node.element_handle())
    for tab in finished.tabs():
        finished.open(tab)
        finished.screenshot(f"dark-{tab.lower()}")
    lab.theme(dark=False)


def test_dark_theme_while_it_trains(warm: Lab) -> None:
    lab = warm
    lab.theme(dark=True)
    lab.run(1)
    run = Dashboard(lab, 1).train(500)
    run.screenshot("dark-training")
    run.stop_and_keep()
    lab.theme(dark=False)


def test_in_a_narrow_cell_nothing_is_cut_off(lab: Lab, finished: Dashboard) -> None:
    for pixels in (900, 640, 420):
        lab.width(pixels, height=1800)
        for tab in finished.tabs():
            finished.open(tab)
            finished.screenshot(f"narrow-{pixels}-{tab.lower()}")
            wide = finished.node.evaluate("node => node.scrollWidth - node.clientWidth")
            assert wide <= 0, f"{tab}: {wide} pixels are cut off"
