"""Clusterers and detectors of outliers: scikit-learn's own answers, and what is measured of them."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.cluster import DBSCAN, KMeans
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators, get_tags

import mlmagic
from mlmagic import _tiles, _view
from mlmagic._html import html
from mlmagic._summary import summary
from mlmagic.errors import DataLoadingError, InvalidConfiguration, ModelLoadingError
from mlmagic.executors.sklearn._estimators import CLUSTERERS, DETECTORS

IRIS = load_iris(as_frame=True).frame
FLOWERS = IRIS.drop(columns="target")
SCALED = StandardScaler().fit_transform(FLOWERS)


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def train(algorithm: str | None, frame: pd.DataFrame = FLOWERS, **keys: Any) -> Any:
    names = {key: keys.pop(key) for key in list(keys) if key in ("own", "truth")}
    named = {"algorithm": algorithm} if algorithm else {"model": "$own"}
    return mlmagic.run({"action": "train", "framework": "sklearn", "data": "$df", **named, **keys}, df=frame, **names)


def predict(report: Any, rows: pd.DataFrame) -> pd.DataFrame:
    table: pd.DataFrame = mlmagic.run(
        {"action": "predict", "model": "$m", "data": "$rows"}, m=report, rows=rows
    ).predictions
    return table


def test_the_tables_of_names_have_not_drifted() -> None:
    outside = {"FeatureAgglomeration", "Birch"}  # it clusters columns; nothing but a pickle stores it
    found = {name for name, kind in all_estimators("cluster") if name not in outside}
    assert found == {name for name in CLUSTERERS if not name.endswith("Mixture")}
    detectors = {name for name, kind in all_estimators() if _tag(kind) == "outlier_detector"}
    assert detectors == set(DETECTORS)
    for name, module in (CLUSTERERS | DETECTORS).items():
        assert hasattr(import_module(module), name)


def _tag(kind: type) -> str | None:
    try:
        return get_tags(kind()).estimator_type
    except (AttributeError, TypeError):  # it needs an argument
        return None


def test_clusters_are_those_of_scikit_learn_and_so_is_what_is_measured() -> None:
    report = train("KMeans", IRIS, target="target", hyperparameters={"n_clusters": 3}, seed=5)
    by_hand = KMeans(3, random_state=5).fit(SCALED)
    table = report.predictions
    assert list(table.columns) == ["actual", "predicted"]
    np.testing.assert_array_equal(table["predicted"], by_hand.labels_)
    found = dict(report.metrics)
    sizes = {int(name): size for name, size in found.pop("clusterSizes").items()}
    assert sizes == dict(zip(*np.unique(by_hand.labels_, return_counts=True), strict=True))
    assert found == pytest.approx(
        {
            "clusters": 3,
            "silhouette": metrics.silhouette_score(SCALED, by_hand.labels_),
            "daviesBouldin": metrics.davies_bouldin_score(SCALED, by_hand.labels_),
            "calinskiHarabasz": metrics.calinski_harabasz_score(SCALED, by_hand.labels_),
            "adjustedRandIndex": metrics.adjusted_rand_score(IRIS["target"], by_hand.labels_),
            "normalizedMutualInformation": metrics.normalized_mutual_info_score(IRIS["target"], by_hand.labels_),
        }
    )
    facts = report.metadata
    assert (facts["task"], facts["samples"], facts["trainSamples"]) == ("clustering", 150, 150)
    assert facts["scaled"]["method"] == "standard"
    np.testing.assert_array_equal(predict(report, FLOWERS)["predicted"], by_hand.predict(SCALED))
    written = pd.read_csv(report.output_dir / report.artifacts["predictionsCSV"].rpartition("/")[2])
    np.testing.assert_array_equal(written["predicted"], by_hand.labels_)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(CLUSTERERS))
def test_every_clusterer_trains_is_stored_without_a_pickle_and_predicts_if_it_can(name: str) -> None:
    given = {"n_components": 3} if name.endswith("Mixture") else {}
    report = train(name, hyperparameters=given, outputDir="run")
    kind = getattr(import_module(CLUSTERERS[name]), name)
    known = {"random_state": 0} if "random_state" in kind().get_params() else {}
    expected = kind(**given, **known).fit_predict(SCALED)
    np.testing.assert_array_equal(report.predictions["predicted"], expected)
    assert report.metrics["clusters"] == len(set(expected) - {-1})
    assert report.metrics.get("noise", 0) == (expected == -1).sum()
    again = mlmagic.attach("run")
    if hasattr(kind, "predict"):
        np.testing.assert_array_equal(predict(report, FLOWERS), predict(again, FLOWERS))
    else:
        with pytest.raises(ModelLoadingError, match=f"{name} says nothing of new rows"):
            predict(again, FLOWERS)


def test_rows_that_are_noise_are_told_and_left_out_of_the_scores() -> None:
    report = train("DBSCAN", hyperparameters={"eps": 0.5})
    labels = DBSCAN(eps=0.5).fit_predict(SCALED)
    inside = labels != -1
    assert report.metrics["noise"] == (~inside).sum() > 0
    assert report.metrics["noiseShare"] == pytest.approx((~inside).mean())
    assert report.metrics["silhouette"] == pytest.approx(metrics.silhouette_score(SCALED[inside], labels[inside]))
    with pytest.raises(ModelLoadingError, match="DBSCAN says nothing of new rows"):
        predict(report, FLOWERS)
    with pytest.raises(ModelLoadingError, match="DBSCAN says nothing of new rows"):
        predict(DBSCAN().fit(FLOWERS), FLOWERS)


def test_one_cluster_has_no_scores() -> None:
    report = train("KMeans", hyperparameters={"n_clusters": 1})
    assert report.metrics["silhouette"] is None
    assert "it takes at least 2" in report.metrics["undefined"]["daviesBouldin"]
    assert "silhouette has no value: 1 clusters of 150 rows" in report.log


def test_the_silhouette_of_many_rows_is_that_of_some_and_says_so() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(np.concatenate([rng.normal(0, 1, (4000, 2)), rng.normal(9, 1, (4000, 2))]), columns=["a", "b"])
    report = train("MiniBatchKMeans", frame, hyperparameters={"n_clusters": 2})
    assert report.metrics["silhouetteSamples"] == 5000
    assert "5000 rows drawn at random" in report.log
    scaled = StandardScaler().fit_transform(frame)
    whole = metrics.silhouette_score(scaled, report.predictions["predicted"])
    assert report.metrics["silhouette"] == pytest.approx(whole, abs=0.01)


def test_words_and_gaps_are_prepared() -> None:
    frame = FLOWERS.assign(size=np.where(np.arange(150) % 3 == 0, "small", "large"))
    frame.loc[::7, "sepal width (cm)"] = np.nan
    report = train("KMeans", frame, hyperparameters={"n_clusters": 3})
    assert set(report.metadata) >= {"encoded", "filled", "scaled"}
    assert len(predict(report, frame)) == 150
    plain = train("KMeans", hyperparameters={"n_clusters": 3}, featureScaling="none", prepare="none")
    np.testing.assert_array_equal(
        plain.predictions["predicted"], KMeans(3, random_state=0).fit_predict(FLOWERS.to_numpy())
    )


def test_a_pipeline_and_a_mixture_of_the_notebook() -> None:
    own = make_pipeline(StandardScaler(), PCA(2), KMeans(3, random_state=1))
    report = train(None, own=own)
    labels = own.fit_predict(FLOWERS)
    np.testing.assert_array_equal(report.predictions["predicted"], labels)
    assert report.metrics["silhouette"] == pytest.approx(metrics.silhouette_score(own[:-1].transform(FLOWERS), labels))
    np.testing.assert_array_equal(predict(report, FLOWERS)["predicted"], own.predict(FLOWERS))
    mixture = train(None, own=GaussianMixture(3, random_state=1))
    np.testing.assert_array_equal(
        mixture.predictions["predicted"], GaussianMixture(3, random_state=1).fit_predict(SCALED)
    )
    assert mixture.metadata["task"] == "clustering"


CANCER = load_breast_cancer(as_frame=True).frame[["mean radius", "mean texture", "mean area", "target"]]
ODD = CANCER["target"] == 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_outliers_are_those_of_scikit_learn(name: str) -> None:
    X = CANCER.drop(columns="target")
    report = train(name, X.assign(odd=ODD), target="odd", outputDir="run")
    kind = getattr(import_module(DETECTORS[name]), name)
    seen = X.to_numpy() if name == "IsolationForest" else StandardScaler().fit_transform(X)
    known = {"random_state": 0} if "random_state" in kind().get_params() else {}
    by_hand = kind(**known)
    expected = by_hand.fit_predict(seen) == -1
    table = report.predictions
    assert list(table.columns) == ["actual", "predicted", "score"]
    np.testing.assert_array_equal(table["predicted"], expected)
    np.testing.assert_array_equal(table["score"] < 0, expected)
    found = report.metrics
    assert (found["outliers"], found["outlierShare"]) == (expected.sum(), pytest.approx(expected.mean()))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(ODD, expected))
    assert found["f1Score"] == pytest.approx(metrics.f1_score(ODD, expected))
    assert found["rocAuc"] == pytest.approx(metrics.roc_auc_score(ODD, -table["score"]))
    assert found["confusionMatrix"] == metrics.confusion_matrix(ODD, expected).tolist()
    new = predict(mlmagic.attach("run"), X)
    assert new["predicted"].dtype == bool
    if name != "LocalOutlierFactor":  # of which the rows it was fitted on are no new rows
        np.testing.assert_array_equal(new["predicted"], expected)


def test_a_local_outlier_factor_predicts_new_rows() -> None:
    X = CANCER.drop(columns="target")
    report = train("LocalOutlierFactor", X[::2])
    scaler = StandardScaler().fit(X[::2])
    by_hand = LocalOutlierFactor(novelty=True).fit(scaler.transform(X[::2]))
    new = X[1::2]
    np.testing.assert_array_equal(predict(report, new)["predicted"], by_hand.predict(scaler.transform(new)) == -1)
    alone = train("LocalOutlierFactor", X, hyperparameters={"novelty": False})
    with pytest.raises(ModelLoadingError, match="LocalOutlierFactor says nothing of new rows"):
        predict(alone, new)


@pytest.mark.parametrize("written", [ODD.astype(int), np.where(ODD, -1, 1), [*map(bool, ODD)]])
def test_the_truth_of_outliers_may_be_written_in_three_ways(written: Any) -> None:
    report = train("IsolationForest", CANCER.drop(columns="target"), target="$truth", truth=written)
    forest = IsolationForest(random_state=0).fit(CANCER.drop(columns="target").to_numpy())
    expected = metrics.roc_auc_score(ODD, -forest.decision_function(CANCER.drop(columns="target").to_numpy()))
    assert report.metrics["rocAuc"] == pytest.approx(expected)
    with pytest.raises(DataLoadingError, match="1 and 0, or scikit-learn's -1 and 1, but it holds 'a'"):
        train("IsolationForest", FLOWERS.assign(odd="a"), target="odd")


def test_keys_that_need_a_target_are_refused_all_at_once() -> None:
    keys = {"testSplit": 0.3, "crossValidation": {"folds": 3}, "metrics": ["accuracy"], "target": "sort"}
    with pytest.raises(InvalidConfiguration) as caught:
        train("KMeans", **keys)
    assert [fault.path for fault in caught.value.faults] == ["crossValidation", "metrics", "testSplit", "target"]
    assert "testSplit needs a target to predict, and this is a clustering: all rows train" in str(caught.value)


def test_the_task_is_the_estimators() -> None:
    with pytest.raises(InvalidConfiguration, match="task is outliers, but the estimator is made for clustering"):
        train("KMeans", task="outliers")
    with pytest.raises(InvalidConfiguration, match="task is clustering, but the estimator is made for classification"):
        train("RandomForestClassifier", IRIS, task="clustering")
    with pytest.raises(InvalidConfiguration, match="task is clustering, but the model predicts a target"):
        mlmagic.run({"action": "train", "framework": "lightgbm", "data": "$df", "task": "clustering"}, df=IRIS)
    assert train("KMeans", task="clustering").metrics["clusters"] == 8


def test_a_column_called_like_a_target_is_a_feature_and_said_to_be() -> None:
    report = train("KMeans", IRIS)
    assert report.metadata["features"] == 5
    assert "to leave it out and measure by it, write target: target" in report.log


def test_a_hyperparameter_that_is_wrong_says_what_it_may_be() -> None:
    with pytest.raises(
        InvalidConfiguration,
        match=r"'n_cluster'\. n_clusters takes an int in the range \[1, inf\)\. Did you mean `n_clusters`",
    ):
        train("KMeans", hyperparameters={"n_cluster": 3})
    with pytest.raises(InvalidConfiguration, match=r"'contamination' parameter .* must be .* range \(0.0, 0.5\]"):
        train("IsolationForest", hyperparameters={"contamination": 0.9})


def test_what_the_page_and_the_saved_report_show() -> None:
    report = train("KMeans", IRIS, target="target", hyperparameters={"n_clusters": 3})
    labels = [tile["label"] for tile in _tiles.tiles(report.run)]
    assert labels[:4] == ["clusters", "silhouette", "daviesBouldin", "calinskiHarabasz"]
    assert _tiles.tiles(report.run)[0]["format"] == "count"
    settled = _view.settled(report.run)
    assert settled["confusion"] is settled["classification"] is settled["importance"] is None
    assert settled["preview"]["of"] == 150
    assert "silhouette" in html(summary(report.run))
    json.dumps(report.to_dict(), allow_nan=False)
    assert report.to_dict()["executionReport"]["metrics"]["clusters"] == 3
    odd = train("IsolationForest", FLOWERS.assign(odd=IRIS["target"] == 2), target="odd")
    assert _view.settled(odd.run)["confusion"]["labels"] == ["inlier", "outlier"]


def test_a_dry_run_says_that_all_rows_train(capsys: pytest.CaptureFixture[str]) -> None:
    from mlmagic.config import resolve
    from mlmagic.plan import plan

    config = resolve({"action": "train", "framework": "sklearn", "algorithm": "DBSCAN", "data": "$df"})
    text = plan(config, {"df": FLOWERS})
    assert "clustering (what the estimator is made for)" in text
    assert "150 train" in text


def test_a_detector_is_evaluated_and_a_clusterer_is_not() -> None:
    X = CANCER.drop(columns="target").assign(odd=ODD.astype(int))
    report = train("IsolationForest", X, target="odd")
    found = mlmagic.run({"action": "evaluate", "model": "$m", "data": "$df"}, m=report, df=X).metrics
    assert found["accuracy"] == pytest.approx(report.metrics["accuracy"])
    assert found["recall"] == pytest.approx(report.metrics["recall"])
    assert found["rocAuc"] == pytest.approx(metrics.roc_auc_score(ODD, -report.model.decision_function(X.iloc[:, :-1])))
    flowers = train("KMeans", IRIS, target="target")
    with pytest.raises(InvalidConfiguration, match=r"compares predictions with a truth, but .* clusters"):
        mlmagic.run({"action": "evaluate", "model": "$m", "data": "$df"}, m=flowers, df=IRIS)


def test_a_report_names_one_number() -> None:
    assert repr(train("KMeans", hyperparameters={"n_clusters": 2})).startswith(
        "<Report report: train sklearn, success, silhouette 0.5"
    )


@pytest.mark.parametrize("written", [lambda odd: np.where(odd, -1, 1), lambda odd: odd, lambda odd: odd.astype(int)])
def test_an_evaluation_reads_the_truth_of_outliers_as_training_does(written: Any) -> None:
    X = CANCER.drop(columns="target")
    frame = X.assign(odd=written(ODD))
    trained = train("IsolationForest", frame, target="odd")
    found = mlmagic.run({"action": "evaluate", "model": "$m", "data": "$df"}, m=trained, df=frame).metrics
    expected = IsolationForest(random_state=0).fit_predict(X.to_numpy()) == -1
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(ODD, expected))
    assert found["f1Score"] == pytest.approx(metrics.f1_score(ODD, expected))
    for key in ("labels", "positiveClass", "confusionMatrix"):
        assert found[key] == trained.metrics[key]
    if "rocAuc" in found:
        assert found["rocAuc"] == pytest.approx(trained.metrics["rocAuc"])
