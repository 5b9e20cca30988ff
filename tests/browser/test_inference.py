"""A trained model is measured and predicts: what their dashboards show."""

from __future__ import annotations

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import PENGUINS, forest

EVALUATE = "%%mleval measured\nmodel: $report\ndata: $penguins\nmetrics: [accuracy, f1, roc_auc, confusion_matrix]"
PREDICT = "%%mlpredict answered\nmodel: $report\ndata: $penguins"


def test_a_model_is_measured_and_predicts(lab: Lab) -> None:
    lab.open(PENGUINS, forest("--quiet --wait"), EVALUATE, PREDICT)
    for cell in range(4):
        lab.run(cell)
    measured, answered = (Dashboard(lab, cell).ended("success") for cell in (2, 3))
    assert measured.tabs() == ["Confusion", "Classes", "Log", "Config", "Report"]
    assert {"accuracy", "f1Score", "rocAuc"} <= set(measured.tiles())
    measured.screenshot("evaluate")
    measured.open("Classes")
    measured.screenshot("evaluate-classes")
    assert answered.tabs() == ["Predictions", "Log", "Config", "Report"]
    rows = answered.open("Predictions").locator("tbody tr")
    first = "answered.predictions.iloc[0]"
    label, confidence = lab.execute(f"print({first}['predicted'], round(float({first}['confidence']), 4))").split()
    shown = rows.first.locator("td").all_inner_texts()
    assert label in shown
    assert float(confidence) in [float(text) for text in shown if text.replace(".", "").isdigit()]
    answered.screenshot("predict")
    lab.screenshot("inference-page", lab.panel())
