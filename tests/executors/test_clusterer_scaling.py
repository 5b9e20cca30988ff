"""What learns from distances has its columns scaled unless the config says otherwise, and the run says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import mlmagic

pytestmark = pytest.mark.usefixtures("here")
KEYS = {"action": "train", "framework": "sklearn", "data": "$df"}


def blobs() -> pd.DataFrame:
    """Groups that only the narrow columns tell apart: unscaled, the wide one decides."""
    rng = np.random.default_rng(0)
    one, other = (np.repeat([0.0, 1.0], 60) + rng.normal(0, 0.05, 120) for _ in range(2))
    return pd.DataFrame({"one": one, "other": other, "wide": rng.normal(0, 1000, 120)})


def train(algorithm: str, **keys: Any) -> Any:
    parameters = {"hyperparameters": {"n_clusters": 2}} if algorithm == "KMeans" else {}
    return mlmagic.run({**KEYS, "algorithm": algorithm, **parameters, **keys}, df=blobs())


@pytest.mark.parametrize(
    ("keys", "by_hand"),
    [
        ({}, lambda frame: StandardScaler().fit_transform(frame)),
        ({"featureScaling": "standard"}, lambda frame: StandardScaler().fit_transform(frame)),
        ({"featureScaling": "minmax"}, lambda frame: MinMaxScaler().fit_transform(frame)),
        ({"featureScaling": "none"}, lambda frame: frame.to_numpy()),
    ],
)
def test_the_groups_are_those_of_kmeans_by_hand(keys, by_hand) -> None:
    report = train("KMeans", **keys)
    expected = KMeans(2, random_state=0).fit_predict(by_hand(blobs()))
    np.testing.assert_array_equal(report.predictions["predicted"], expected)
    method = keys.get("featureScaling", "standard")
    scaled = {"method": method, "columns": ["one", "other", "wide"]}
    assert report.metadata.get("scaled") == (None if method == "none" else scaled)


def test_switching_it_off_gives_other_groups() -> None:
    truth = np.repeat([0, 1], 60)
    alike = [
        max(np.mean(found == truth), np.mean(found != truth))
        for found in (train("KMeans", **keys).predictions["predicted"] for keys in ({}, {"featureScaling": "none"}))
    ]
    assert alike[0] == 1
    assert alike[1] < 0.7


@pytest.mark.parametrize("algorithm", ["KMeans", "DBSCAN", "LocalOutlierFactor"])
def test_the_log_says_so_where_nobody_asked(algorithm) -> None:
    log = train(algorithm).log
    (line,) = [line for line in log.splitlines() if "scaled" in line]
    assert "(3 of them, standard)" in line
    assert algorithm in line
    assert "featureScaling: none" in line


@pytest.mark.parametrize(
    ("algorithm", "keys"),
    [("KMeans", {"featureScaling": "none"}), ("KMeans", {"featureScaling": "robust"}), ("IsolationForest", {})],
)
def test_the_log_says_nothing_of_what_was_asked_or_not_done(algorithm, keys) -> None:
    assert "scaled" not in train(algorithm, **keys).log
