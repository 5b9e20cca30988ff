"""What the dashboards of the other frameworks and kinds of learning show."""

from __future__ import annotations

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab
from tests.browser.cells import PENGUINS

BOOSTER = """%%mltrain booster
framework: xgboost
data: $penguins
target: species
hyperparameters: {n_estimators: 120}
earlyStopping: {patience: 10}
"""
CLUSTERS = """%%mltrain clusters
framework: sklearn
algorithm: KMeans
data: $penguins
featureColumns: [bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g]
hyperparameters: {n_clusters: 3}
"""
IMAGES = """
from sklearn.datasets import load_digits
digits = load_digits()
pixels, names = digits.images, digits.target
"""
CNN = """%%mltrain reader
framework: pytorch
architecture: cnn
hyperparameters: {channels: [8, 16]}
data: $pixels
target: $names
epochs: 4
"""


def test_boosted_trees_clusters_and_images(lab: Lab) -> None:
    lab.open(PENGUINS, BOOSTER, CLUSTERS, IMAGES, CNN)
    for cell in range(5):
        lab.run(cell)
    booster, clusters, reader = (Dashboard(lab, cell).ended("success", timeout=120) for cell in (1, 2, 4))
    assert booster.tabs() == ["Curves", "Confusion", "Classes", "Features", "Log", "Config", "Report"]
    assert {"test_accuracy", "val_loss"} <= set(booster.tiles())
    booster.open("Curves")
    booster.screenshot("booster")
    assert "gain" in booster.open("Features").inner_text()
    booster.screenshot("booster-features")
    assert clusters.tabs() == ["Predictions", "Log", "Config", "Report"]
    assert {"clusters", "silhouette"} <= set(clusters.tiles())
    clusters.screenshot("clusters")
    assert "Features" not in reader.tabs(), "a picture is one column"
    reader.open("Confusion")
    reader.screenshot("images")
