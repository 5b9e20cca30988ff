"""The README's picture: ``python -m tests.browser.picture`` trains in a real JupyterLab and writes it anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab, Traffic
from tests.browser._server import Server
from tests.browser.conftest import launch

PICTURE = Path(__file__).parents[2] / "widgets" / "dashboard.png"
DIGITS = """
%load_ext mlmagic
from sklearn.datasets import load_digits
from torch import nn
digits = load_digits(as_frame=True).frame

class DigitNet(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 10))
"""
TRAIN = """%%mltrain digits_net
framework: pytorch
model: $DigitNet
data: $digits
target: target
epochs: 60
batchSize: 16
learningRate: 1e-3
"""


def main() -> None:
    """Train on the digits, and take the dashboard when the best epoch is some way back."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server, context = Server(Path(home)), launch(playwright, Path(home) / "chromium", scale=2)
        try:
            lab = Lab(server, context.new_page(), Traffic()).open(DIGITS, TRAIN)
            lab.width(1280)
            lab.run(0)
            lab.run(1)
            run = Dashboard(lab, 1).train(40)
            run.node.screenshot(path=PICTURE, animations="disabled")
        finally:
            context.close()
            server.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
