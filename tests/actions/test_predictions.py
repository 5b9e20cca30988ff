"""What ``action: predict`` gives: the form of the seed documents, in the report, in files and on the page."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.svm import LinearSVC

import mlmagic
from mlmagic import _view
from mlmagic._html import html
from mlmagic._summary import summary
from mlmagic.actions import _blocks
from mlmagic.errors import ModelLoadingError
from mlmagic.executors._fitted import Fitted
from tests.actions.conftest import Trained, same

IRIS = load_iris(as_frame=True)


def test_the_report_has_the_seeds_form(classifier: Trained) -> None:
    report = classifier.run("predict", model="$report", outputDir="predictions/")
    body = report.to_dict()["executionReport"]
    assert (body["action"], body["framework"], body["exitCode"], body["status"]) == ("predict", "sklearn", 0, "success")
    assert "metrics" not in body
    facts = body["metadata"]
    assert (facts["samplesProcessed"], facts["batchSize"]) == (150, 150)
    assert facts["inferenceTime"].endswith("s")
    assert facts["avgInferenceTimePerSample"].endswith("s")
    section = body["predictions"]
    table = report.predictions
    assert section["format"] == "probabilities"
    assert section["shape"] == [150, 3]
    assert section["outputFile"] == "predictions/predictions.csv"
    sample = section["samplePredictions"][0]
    assert list(sample) == ["sample_id", "predicted_class", "confidence", "probabilities"]
    assert sample["sample_id"] == 0
    assert sample["predicted_class"] == table["predicted"].iloc[0]
    assert sample["probabilities"] == table.iloc[0, 2:].tolist()
    assert {key: body["artifacts"][key] for key in ("predictionsCSV", "predictionsJSON")} == {
        "predictionsCSV": "predictions/predictions.csv",
        "predictionsJSON": "predictions/predictions.json",
    }
    assert json.loads(Path("predictions/report.json").read_text()) == report.to_dict()


def test_the_files_hold_every_row(classifier: Trained) -> None:
    report = classifier.run("predict", model="$report")
    table = report.predictions
    read = pd.read_csv(report.artifacts["predictionsCSV"]).set_index("sample_id")
    np.testing.assert_array_equal(read, table)
    assert list(read.columns) == list(table.columns)
    rows = json.loads(Path(report.artifacts["predictionsJSON"]).read_text())
    assert [row["sample_id"] for row in rows] == table.index.tolist()
    assert [row["probabilities"] for row in rows] == table.iloc[:, 2:].to_numpy().tolist()


def test_classes_alone(classifier: Trained) -> None:
    report = classifier.run("predict", model="$report", outputFormat="classes")
    assert list(report.predictions.columns) == ["predicted"]
    section = report.to_dict()["executionReport"]["predictions"]
    assert (section["format"], section["shape"]) == ("classes", [150])
    assert set(section["samplePredictions"][0]) == {"sample_id", "predicted_class"}


def test_a_model_without_probabilities() -> None:
    model = LinearSVC().fit(IRIS.data, IRIS.target)
    report = mlmagic.run({"action": "predict", "model": "$model", "data": "$X"}, model=model, X=IRIS.data)
    assert report.to_dict()["executionReport"]["predictions"]["format"] == "classes"
    np.testing.assert_array_equal(report.predictions["predicted"], model.predict(IRIS.data))
    assert "gives no probabilities" in report.log


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024-01-01", periods=150),
        pd.MultiIndex.from_product([["a", "b"], range(75)], names=["site", "number"]),
        pd.Index([f"flower {number}" for number in range(150)], name="id"),
        pd.Index([5] * 150),
    ],
    ids=["dates", "levels", "names", "repeated"],
)
def test_the_inputs_index_is_kept(classifier: Trained, index: pd.Index) -> None:
    rows = classifier.rows.set_axis(index)
    report = mlmagic.run({"action": "predict", "model": "$r", "data": "$rows"}, r=classifier.report, rows=rows)
    assert report.predictions.index.equals(index)
    assert report.predictions.index.names == index.names
    read = pd.read_csv(report.artifacts["predictionsCSV"])
    assert list(read.columns[: index.nlevels]) == [name or "sample_id" for name in index.names]
    assert len(json.loads(Path(report.artifacts["predictionsJSON"]).read_text())) == 150


def test_an_index_of_words_and_numbers_becomes_text(classifier: Trained) -> None:
    rows = classifier.rows.set_axis(pd.Index([0, "b"] * 75, dtype=object))
    report = mlmagic.run({"action": "predict", "model": "$r", "data": "$rows"}, r=classifier.report, rows=rows)
    assert report.predictions.index.tolist() == ["0", "b"] * 75
    assert pd.read_csv(report.artifacts["predictionsCSV"])["sample_id"].tolist() == ["0", "b"] * 75


def test_a_class_that_is_called_like_a_column() -> None:
    y = np.where(IRIS.target == 0, "predicted", "confidence")
    model = LogisticRegression(max_iter=500).fit(IRIS.data, y)
    table = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=IRIS.data).predictions
    assert list(table.columns) == ["predicted", "confidence", "class confidence", "class predicted"]
    np.testing.assert_array_equal(table["predicted"], model.predict(IRIS.data))


def test_a_run_of_predictions_can_be_opened_again(classifier: Trained) -> None:
    report = classifier.run("predict", model="$report")
    again = mlmagic.attach(report.output_dir)
    same(again.predictions, report.predictions)
    assert again.to_dict()["executionReport"]["predictions"] == report.to_dict()["executionReport"]["predictions"]


def test_a_file_of_rows(classifier: Trained, tmp_path: Path) -> None:
    classifier.rows.to_csv(tmp_path / "new.csv", index=False)
    here = classifier.run("predict", model="$report").predictions
    report = mlmagic.run(
        {"action": "predict", "model": "$r", "inputData": str(tmp_path / "new.csv")}, r=classifier.report
    )
    np.testing.assert_allclose(report.predictions.iloc[:, 1:], here.iloc[:, 1:])


def test_a_rerun_is_reused(classifier: Trained, tmp_path: Path) -> None:
    keys = {"modelPath": str(classifier.report.output_dir), "reuse": True, "outputDir": str(tmp_path / "out")}
    first = classifier.run("predict", **keys)
    again = classifier.run("predict", **keys)
    assert again.metadata.get("reused")
    same(again.predictions, first.predictions)


def test_many_rows_leave_the_json_out(monkeypatch: pytest.MonkeyPatch, classifier: Trained) -> None:
    monkeypatch.setattr("mlmagic.actions.predict.MOST_JSON", 100)
    report = classifier.run("predict", model="$report")
    assert "predictionsJSON" not in report.artifacts
    assert "predictions.json is left out" in report.log


def test_a_stop_before_the_first_block_leaves_an_empty_table(classifier: Trained) -> None:
    training = mlmagic.submit(
        {
            "action": "train",
            "framework": "sklearn",
            "algorithm": "ExtraTreesClassifier",
            "hyperparameters": {"n_estimators": 100_000},
            "data": "$df",
            "target": "target",
        },
        df=IRIS.frame,
    )
    stop = threading.Event()
    stop.set()
    answers = _blocks.predict(
        Fitted("sklearn", classifier.report._outcome(), "m"), classifier.rows, [], None, lambda event: None, stop
    )
    assert (answers.predictions, answers.rows) == (None, 0)
    report = mlmagic.submit(
        {"action": "predict", "model": "$training", "data": "$df"}, training=training, df=IRIS.frame
    )
    report.stop()  # in the queue
    assert report.wait().status == "stopped"
    training.stop()
    training.wait()


def test_several_targets_at_once() -> None:
    model = LinearRegression().fit(IRIS.data, IRIS.data.iloc[:, :2])
    with pytest.raises(ModelLoadingError, match=r"gives values of shape \(150, 2\) for 150 rows"):
        mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=IRIS.data)


def test_load_model_asks_for_trust_and_takes_a_fitted_model(tmp_path: Path) -> None:
    model = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
    path = tmp_path / "model.pkl"
    joblib.dump(model, path)
    with pytest.raises(ModelLoadingError, match="is refused"):
        mlmagic.load_model(path)
    for loaded in (mlmagic.load_model(path, trust=True), mlmagic.load_model(model)):
        np.testing.assert_array_equal(loaded.predict_proba(IRIS.data), model.predict_proba(IRIS.data))
        np.testing.assert_array_equal(loaded.predict(IRIS.data.to_numpy()), model.predict(IRIS.data))
    with pytest.raises(ModelLoadingError, match="is not there"):
        mlmagic.load_model(tmp_path / "model.skops")


def test_the_page_and_the_saved_report_show_the_first_rows(classifier: Trained) -> None:
    report = classifier.run("predict", model="$report")
    shown = _view.settled(report.run)["preview"]
    assert shown["columns"] == ["index", "predicted", "confidence", "0", "1", "2"]
    assert (shown["of"], shown["table"]) == (150, f"{report.run.name}.predictions")
    assert [row[1] for row in shown["rows"]] == [str(value) for value in report.predictions["predicted"].head()]
    text = html(summary(report.run))
    assert "the first 5 of 150 rows" in text
    assert "time / row" in text
    assert classifier.run("evaluate", model="$report", data="$df").run.state.sections == {}


def test_names_of_classes_are_escaped() -> None:
    model = LogisticRegression(max_iter=500).fit(IRIS.data, np.where(IRIS.target == 0, "<b>a</b>", "<img onerror=x>"))
    report = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=IRIS.data)
    assert "<img onerror" not in html(summary(report.run))
    assert "&lt;img onerror=x&gt;" in html(summary(report.run))


@pytest.mark.gpu
def test_a_network_predicts_on_the_gpu_if_asked_and_the_reports_own_stays_where_it_is(network: Trained) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    report = network.run("predict", model="$report", gpuEnabled=True)
    assert report.to_dict()["executionReport"]["gpuUsed"] is True
    assert next(report.model.parameters()).device.type == "cpu"
    here = network.run("predict", model="$report").predictions
    np.testing.assert_allclose(report.predictions.iloc[:, 1:], here.iloc[:, 1:], rtol=1e-4, atol=1e-6)


def test_the_confidence_is_of_what_is_predicted(here: Path) -> None:
    X, y = IRIS.data, IRIS.target == 2
    model = FixedThresholdClassifier(LogisticRegression(max_iter=500), threshold=0.95).fit(X, y)
    table = mlmagic.run({"action": "predict", "model": "$m", "data": "$df"}, m=model, df=X).predictions
    predicted, probabilities = model.predict(X), model.predict_proba(X)
    np.testing.assert_array_equal(table["predicted"], predicted)
    np.testing.assert_allclose(table["confidence"], np.where(predicted, probabilities[:, 1], probabilities[:, 0]))
    assert (table["confidence"] < 0.5).any()


def test_a_directory_that_holds_no_model_is_called_that(here: Path) -> None:
    Path("out/checkpoints").mkdir(parents=True)
    keys = {"action": "predict", "framework": "sklearn", "modelPath": "out/checkpoints", "data": "$df"}
    with pytest.raises(ModelLoadingError, match="is a directory that holds no model"):
        mlmagic.run(keys, df=IRIS.data)
