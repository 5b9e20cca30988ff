"""Names that come from data are text, wherever they are shown."""

from __future__ import annotations

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab

EVIL = '<img src=x onerror="window.hacked=1">'
DATA = f"""
%load_ext mlmagic
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier
evil = {EVIL!r}
iris = load_iris(as_frame=True)
table = iris.data.rename(columns={{iris.data.columns[0]: evil}})
table["target" + evil] = iris.target.map({{0: evil, 1: "plain", 2: "</script>" + evil}})

class Chatty(DecisionTreeClassifier):
    def fit(self, *args, **kwargs):
        print(evil)
        return super().fit(*args, **kwargs)
chatty = Chatty(max_depth=2)
"""
TRAIN = f"""%%mltrain
framework: sklearn
model: $chatty
data: $table
target: {"target" + EVIL!r}
crossValidation: {{folds: 3}}
"""
FAULTY = f"""%%mltrain wrong
framework: sklearn
model: $chatty
data: $table
target: {EVIL + "!"!r}
"""


def test_names_from_data_are_never_markup(lab: Lab) -> None:
    lab.open(DATA, TRAIN, FAULTY)
    for index in range(3):
        lab.run(index)
    run, faulty = Dashboard(lab, 1).ended("success"), Dashboard(lab, 2).ended("error")
    assert run.points() == 3
    for tab in run.tabs():
        panel = run.open(tab)
        if tab != "Curves":
            assert "<img src=x onerror=" in panel.inner_text(), f"{tab} shows the name as it is"
            run.screenshot(f"evil-{tab.lower()}")
    assert EVIL in faulty.banner.inner_text()
    faulty.screenshot("evil-error")
    lab.execute("report")
    lab.execute("%mljobs")
    harmless(lab)
    lab.save()
    lab.shutdown()
    lab.open(name=lab.name, kernel=False)
    lab.cell(1).locator(".mlm-report").wait_for()
    lab.screenshot("evil-saved", lab.panel())
    harmless(lab)


def harmless(lab: Lab) -> None:
    # Two frames: an image that was made would have failed to load by then.
    lab.page.evaluate("() => new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))")
    assert lab.page.evaluate("() => window.hacked") is None
    assert lab.page.locator("img[src='x']").count() == 0
