"""The two documents' own configs, pasted as they stand, run on real data and give the reports that they show."""

from __future__ import annotations

import json
import os
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

pytest.importorskip("torch")
pytest.importorskip("tensorflow")
pytest.importorskip("xgboost")
pytest.importorskip("lightgbm")

from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

import mlmagic
from mlmagic import ModelTrainer
from mlmagic._attached import Attached
from mlmagic.errors import InvalidConfiguration
from mlmagic.report import Report
from tests import seed_data, seeds
from tests.executors.image_data import digits, photographs
from tests.seed_form import body_of, lacks, leaves

# What would take hours on a notebook's processor.
FEWER_EPOCHS = {"epochs": 6}


def run(text: str, overrides: Mapping[str, Any] | None = None) -> Report:
    """Run a document's config as it stands, but for ``overrides`` in its ``config``."""
    body = json.loads(text)
    return mlmagic.run({**body, "config": body["config"] | dict(overrides or {})})


def all_there(report: Report) -> None:
    """Every file that a report names is there, and not empty."""
    for key, name in body_of(report)["artifacts"].items():
        path = Path(name)
        assert path.exists(), key
        assert path.is_dir() or path.stat().st_size > 0, key


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One working directory for what one config writes and another reads."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


@pytest.fixture(scope="module")
def resnet(place: Path) -> Report:
    """The PyTorch config, whole: 100 epochs of 64 pictures take seconds."""
    os.chdir(place)
    Path("model.py").write_text(seed_data.RESNET)
    photographs(Path("data"))
    return run(seeds.PYTORCH)


def test_pytorch_trains_a_class_of_a_script_on_folders_of_images(resnet: Report) -> None:
    body = body_of(resnet)
    assert lacks(resnet, seeds.TRAINING_RESULTS) == set()
    assert (body["action"], body["framework"], body["status"], body["exitCode"]) == ("train", "pytorch", "success", 0)
    assert body["outputDir"] == "models/resnet50_run1"
    assert {
        key: body["artifacts"][key] for key in json.loads(seeds.TRAINING_RESULTS)["executionReport"]["artifacts"]
    } == (json.loads(seeds.TRAINING_RESULTS)["executionReport"]["artifacts"])
    all_there(resnet)


def test_what_the_pytorch_report_says_is_what_the_run_did(resnet: Report) -> None:
    metadata, metrics = body_of(resnet)["metadata"], body_of(resnet)["metrics"]
    final, validation = metadata["finalEpoch"], metrics["validation"]
    assert metadata["epochs"] == 100
    assert metadata["earlyStopped"] == (final < 100)
    assert len(validation["loss"]) == len(metrics["train"]["loss"]) == final
    assert validation["bestLoss"] == min(validation["loss"])
    assert validation["finalLoss"] == validation["loss"][-1]
    assert metadata["bestEpoch"] == 1 + int(np.argmin(validation["loss"]))
    assert validation["bestAccuracy"] == max(validation["accuracy"])
    assert metadata["modelParameters"] == sum(item.numel() for item in resnet.model.parameters())
    assert (metadata["batchSize"], metadata["samples"], metadata["validationSamples"]) == (64, 80, 16)
    kept = sorted(path.name for path in Path("models/resnet50_run1/checkpoints").glob("epoch-*.pt"))
    assert len(kept) == final // 10
    history = pd.read_csv("models/resnet50_run1/metrics.csv")
    assert history["val_loss"].tolist() == pytest.approx(validation["loss"])
    if metadata["earlyStopped"]:
        assert final == metadata["bestEpoch"] + 10


def test_evaluation_reads_the_best_model_and_a_folder_of_test_images(resnet: Report) -> None:
    photographs(Path("data/test"), count=25)
    report = run(seeds.EVALUATION)
    body, table = body_of(report), report.predictions
    assert lacks(report, seeds.EVALUATION_RESULTS, _classes()) == set()
    assert len(table) == body["metadata"]["samplesEvaluated"] == 50
    truth, found = table["actual"], table["predicted"]
    metrics = body["metrics"]
    assert list(truth) == [Path(name).parts[0] for name in table.index]
    assert metrics["accuracy"] == pytest.approx(accuracy_score(truth, found))
    for key, function in (("precision", precision_score), ("recall", recall_score), ("f1Score", f1_score)):
        assert metrics[key] == pytest.approx(function(truth, found, pos_label="temple"))
    assert metrics["confusionMatrix"] == confusion_matrix(truth, found).tolist()
    assert {"rocAuc", "logLoss"}.isdisjoint(metrics)
    for name, entry in metrics["classificationReport"].items():
        assert entry["recall"] == pytest.approx(recall_score(truth, found, labels=[name], average=None)[0])
        assert {"precision", "recall", "f1"} <= set(entry)
    all_there(report)


def _classes() -> frozenset[str]:
    """The example's two classes have other names than ours."""
    shown = leaves(json.loads(seeds.EVALUATION_RESULTS)["executionReport"])
    return frozenset(path for path in shown if path.startswith("metrics.classificationReport."))


def test_test_images_beside_the_classes_are_not_trained_on(resnet: Report) -> None:
    photographs(Path("data/test"), count=25)
    again = run(seeds.PYTORCH, {"epochs": 1})
    assert again.metadata["samples"] == 80
    assert again.metadata["classes"] == 2


def test_the_short_pytorch_config_trains_the_only_network_of_a_script(place: Path) -> None:
    Path("train_model.py").write_text(seed_data.PERCEPTRON)
    seed_data.irises(Path("data/train.csv"))
    report = run(seeds.SHORT)
    assert lacks(report, seeds.TRAINING_RESULTS) == set()
    assert body_of(report)["outputDir"] == "models/run1"
    assert report.metadata["finalEpoch"] == 50
    all_there(report)


def test_the_image_workflow_in_imagenets_place(place: Path) -> None:
    Path("train_resnet.py").write_text(seed_data.RESNET)
    photographs(Path("data/imagenet"))
    report = run(seeds.IMAGENET, FEWER_EPOCHS)
    assert lacks(report, seeds.TRAINING_RESULTS) == set()
    assert report.metadata["optimizer"] == "sgd"
    assert report.metadata["validationSamples"] == 8
    rates = report.metrics["learning"]["rate"]  # of each epoch; a third of all epochs is a step
    assert rates == pytest.approx([0.1 * 0.1 ** (epoch // 2) for epoch in range(6)])
    assert {path.name for path in Path("models/resnet50_imagenet/checkpoints").glob("epoch-*")} == {"epoch-5.pt"}


@pytest.fixture(scope="module")
def keras_run(place: Path) -> Report:
    os.chdir(place)
    Path("model.py").write_text(seed_data.KERAS)
    runpy.run_path("model.py", run_name="__main__")
    seed_data.records(seed_data.digits(slice(0, 300)), Path("data/train.tfrecord"))
    seed_data.records(seed_data.digits(slice(300, 400)), Path("data/val.tfrecord"))
    return run(seeds.KERAS)


def test_tensorflow_trains_a_compiled_file_on_records(keras_run: Report) -> None:
    body = body_of(keras_run)
    of_torch = frozenset({"artifacts.optimizer"})  # Keras keeps it in the model's own file
    assert lacks(keras_run, seeds.TRAINING_RESULTS, of_torch) == set()
    assert body["framework"] == "tensorflow"
    assert (body["metadata"]["validationSamples"], body["metadata"]["batchSize"]) == (100, 32)
    assert len(body["metrics"]["validation"]["precision"]) == len(body["metrics"]["validation"]["recall"]) == 50
    assert body["artifacts"]["savedModel"] == "models/keras_run1/saved_model"
    reopened = Report(Attached(Path("models/keras_run1").absolute()))
    assert body_of(reopened) == body
    assert list(Path("models/keras_run1/tensorboard").rglob("events.out.tfevents.*"))
    all_there(keras_run)


def test_prediction_reads_the_saved_model_and_a_table_of_new_samples(keras_run: Report) -> None:
    rows = seed_data.digits(slice(400, 440))
    # Columns are found by name: another order and the truth beside them change nothing.
    rows.iloc[:, ::-1].to_csv("data/new_samples.csv", index=False)
    report = run(seeds.PREDICTION)
    assert lacks(report, seeds.PREDICTION_RESULTS) == set()
    body = body_of(report)
    assert (body["action"], body["framework"], body["outputDir"]) == ("predict", "tensorflow", "predictions")
    found = body["predictions"]
    assert (found["format"], found["shape"]) == ("probabilities", [40, 10])
    assert found["outputFile"] == "predictions/predictions.csv"
    expected = mlmagic.load_model(keras_run).predict_proba(rows)
    for sample, row in zip(found["samplePredictions"], np.asarray(expected), strict=False):
        assert set(sample) == {"sample_id", "predicted_class", "confidence", "probabilities"}
        assert sample["probabilities"] == pytest.approx(row.tolist(), abs=1e-5)
        assert sample["predicted_class"] == int(row.argmax())
        assert sample["confidence"] == max(sample["probabilities"])
    assert len(pd.read_csv("predictions/predictions.csv")) == len(
        json.loads(Path("predictions/predictions.json").read_text())
    )
    all_there(report)


def test_scikit_learn_cross_validates_and_scales(place: Path) -> None:
    frame = seed_data.irises(Path("data/train.csv"))
    report = run(seeds.SKLEARN)
    body = body_of(report)
    assert lacks(report, seeds.CROSS_VALIDATION_RESULTS) == set()
    folds = body["metrics"]["crossValidation"]
    assert len(folds["accuracy"]) == body["metadata"]["crossValidationFolds"] == 5
    assert folds["meanAccuracy"] == pytest.approx(np.mean(folds["accuracy"]))
    assert folds["stdAccuracy"] == pytest.approx(np.std(folds["accuracy"]))
    assert (folds["meanF1"], folds["stdF1"]) == pytest.approx((np.mean(folds["f1Score"]), np.std(folds["f1Score"])))
    assert (body["metadata"]["features"], body["metadata"]["algorithm"]) == (3, "RandomForestClassifier")
    shown = json.loads(seeds.CROSS_VALIDATION_RESULTS)["executionReport"]["artifacts"]
    for key, path in shown.items():
        assert Path(body["artifacts"][key]).with_suffix("") == Path(path).with_suffix("")
    import skops.io

    kinds = skops.io.get_untrusted_types(file=body["artifacts"]["scaler"])
    scaled = skops.io.load(body["artifacts"]["scaler"], trusted=kinds).transform(
        frame[["feature1", "feature2", "feature3"]]
    )
    assert np.asarray(scaled).mean(axis=0) == pytest.approx(0, abs=0.1)
    assert np.asarray(scaled).std(axis=0) == pytest.approx(1, abs=0.1)
    all_there(report)


def test_a_booster_named_under_sklearn(place: Path) -> None:
    seed_data.customers(Path("data/customers.csv"))
    report = run(seeds.CHURN)
    not_asked = frozenset({"artifacts.scaler"})
    assert lacks(report, seeds.CROSS_VALIDATION_RESULTS, not_asked) == set()
    body = body_of(report)
    assert (body["framework"], body["metadata"]["algorithm"]) == ("sklearn", "XGBClassifier")
    assert "xgboost" in body["metadata"]["versions"]
    assert len(body["metrics"]["crossValidation"]["accuracy"]) == 10
    again = mlmagic.run(
        {"action": "evaluate", "framework": "sklearn", "modelPath": "models/churn_prediction", "data": "$df"},
        df=pd.read_csv("data/customers.csv"),
    )
    assert "xgboost" in again.metadata["versions"]
    assert again.metrics["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("framework", "algorithm"),
    [
        ("xgboost", "XGBClassifier"),
        ("lightgbm", "LGBMClassifier"),
        ("auto", "LGBMClassifier"),
        ("auto", "RandomForestClassifier"),
    ],
)
def test_the_same_config_under_the_other_frameworks(place: Path, framework: str, algorithm: str) -> None:
    seed_data.irises(Path("data/train.csv"))
    body = json.loads(seeds.SKLEARN) | {"framework": framework}
    parameters = {"n_estimators": 20, "max_depth": 4}
    report = run(json.dumps(body), {"algorithm": algorithm, "hyperparameters": parameters})
    assert lacks(report, seeds.CROSS_VALIDATION_RESULTS, frozenset({"artifacts.scaler"})) == set()
    named = {"LGBMClassifier": "lightgbm", "XGBClassifier": "xgboost", "RandomForestClassifier": "sklearn"}
    assert body_of(report)["framework"] == named[algorithm]


@pytest.mark.parametrize("name", ["GRID_SEARCH", "PREPROCESS", "FINE_TUNE"])
def test_actions_that_are_not_there_yet_say_so(place: Path, name: str) -> None:
    text = getattr(seeds, name)
    with pytest.raises(InvalidConfiguration, match=f"'{json.loads(text)['action']}' is not available yet"):
        mlmagic.run(text)


def test_the_first_documents_training_config(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = yaml.safe_load(seeds.TRAINING_CONFIG)
    body["training"]["epochs"] = 2  # of a network of 24 million parameters
    Path("training-config.yaml").write_text(yaml.safe_dump(body))
    for number, part in enumerate(("train", "val", "test")):
        digits(Path("digits", part), count=40, start=40 * number)
    trainer = ModelTrainer("training-config.yaml", debug=True)
    model = trainer.train("digits/train", "digits/val")
    assert "train: 40 rows" in capsys.readouterr().out
    facts = trainer.report.metadata
    assert (facts["classes"], facts["trainSamples"], facts["validationSamples"]) == (10, 40, 40)
    assert facts["network"] == "resnet50"
    assert facts["pretrained"] or "the weights of microsoft/resnet-50 are not on this machine" in trainer.report.log
    assert list(trainer.report.output_dir.glob("tensorboard/**/events.out.tfevents.*"))
    assert list(trainer.report.output_dir.glob("wandb/*"))
    resolved = trainer.report.config["config"]
    assert resolved["checkpointInterval"] == 10
    assert list(resolved["augmentation"]["transforms"]) == ["random_flip", "random_crop", "color_jitter"]
    metrics = trainer.evaluate(model, "digits/test")
    table = pd.DataFrame({"image": sorted(Path("digits/test").rglob("*.png"))}, dtype=object)
    truth = [path.parent.name for path in table["image"]]
    predicted = model.predict(table)
    assert set(predicted) <= set(truth)
    assert metrics["accuracy"] == accuracy_score(truth, predicted)
    saved = trainer.save(model, "models/my_model.pth")
    np.testing.assert_array_equal(mlmagic.load_model(saved).predict_proba(table), model.predict_proba(table))
