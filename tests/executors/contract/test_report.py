"""What a run leaves: the numbers that scikit-learn gives by hand, files that hold them, and facts that are true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import psutil
import pytest
import yaml
from PIL import Image
from sklearn.metrics import brier_score_loss

import mlmagic
from mlmagic import _tiles
from mlmagic._gpu import read as gpu
from mlmagic.config import parse, resolve
from tests import seeds
from tests.executors.contract.cases import PATIENCE, TWO, UNITS, measured, own_metric
from tests.executors.contract.conftest import Asked, bytes_of, seconds
from tests.seed_form import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

LABELS = ["benign", "malignant"]
KEYS = {"f1": "f1Score", "roc_auc": "rocAuc", "log_loss": "logLoss"}
# How many numbers a model has learned, as its library counts them; trees are not counted.
PARAMETERS: dict[str, Callable[[Any], int]] = {
    "pytorch": lambda model: sum(part.numel() for part in model.parameters()),
    "keras": lambda model: model.count_params(),
}
# What the example of the seed document has and another framework calls otherwise, or has no use for.
NOT_THERE = {
    "sklearn": {"artifacts.scaler"},
    "pytorch": {"artifacts.scaler", "artifacts.model", "metadata.algorithm"},
    "keras": {"artifacts.scaler", "artifacts.model", "metadata.algorithm"},
    "xgboost": {"artifacts.scaler"},
    "lightgbm": {"artifacts.scaler"},
    "catboost": {"artifacts.scaler"},
}


def history(asked: Asked, unit: str) -> pd.DataFrame:
    """The rows of one kind, without the columns of the others."""
    found = asked.report.history
    return found[found[unit].notna()].dropna(axis="columns", how="all").set_index(unit)


def unit_of(asked: Asked) -> str:
    return UNITS.get(asked.framework, "Tree").lower()


def expected(table: pd.DataFrame) -> dict[str, float]:
    """The metrics of a table of predictions, by hand."""
    shares = table[LABELS]
    found = measured(TWO, table["actual"], table["predicted"], shares, LABELS)
    brier = brier_score_loss(table["actual"] == "malignant", shares["malignant"])
    own = own_metric("classification")(table["actual"].to_numpy(), table["predicted"].to_numpy())
    return {**found, "neg_brier_score": -brier, "own": own, "scorer": brier}


def test_the_test_rows_are_those_of_scikit_learn_and_so_are_their_metrics(asked: Asked) -> None:
    table = asked.report.predictions
    assert table.index.tolist() == asked.test.index.tolist()
    assert table["actual"].tolist() == asked.test["kind"].tolist()
    found, by_hand = asked.report.metrics["test"], expected(table)
    assert {name: found[KEYS.get(name, name)] for name in by_hand} == pytest.approx(by_hand, rel=1e-6)
    final = asked.report.metrics["finalModel"]
    assert final["testBalancedAccuracy"] == pytest.approx(by_hand["balanced_accuracy"])
    assert final["testOwn"] == by_hand["own"]
    labels = [tile["label"] for tile in _tiles.tiles(asked.report.run)]
    assert labels[:3] == ["test_accuracy", "test_precision", "test_recall"]
    model = mlmagic.load_model(asked.report)
    np.testing.assert_array_equal(model.predict(asked.test), table["predicted"])
    trained = model.predict(asked.train)
    assert final["trainAccuracy"] == pytest.approx((trained == asked.train["kind"]).mean())


def test_the_curve_of_two_labels_is_scikit_learns_of_the_second(asked: Asked) -> None:
    facts, table = asked.report.metadata, mlmagic.load_model(asked.report)
    shares = pd.DataFrame(table.predict_proba(asked.val), columns=LABELS, index=asked.val.index)
    by_hand = expected(shares.assign(actual=asked.val["kind"], predicted=table.predict(asked.val)))
    curve = history(asked, unit_of(asked))
    row = curve.loc[facts.get("bestEpoch") or facts.get("bestRound") or curve.index[-1]]
    assert {name: row[f"val_{name}"] for name in by_hand} == pytest.approx(by_hand, rel=1e-4, abs=1e-4)
    assert any(name.startswith("train_") for name in curve)


def test_folds_are_in_the_history_and_their_mean_is_their_mean(asked: Asked) -> None:
    rows, found = history(asked, "fold"), asked.report.metrics["crossValidation"]
    assert rows.index.tolist() == [1, 2]
    for name in [*TWO, "own"]:
        key = KEYS.get(name, name)
        ending = "F1" if name == "f1" else "".join(word.capitalize() for word in name.split("_"))
        assert found[key] == pytest.approx(rows[name].tolist())
        assert found[f"mean{ending}"] == pytest.approx(np.mean(found[key]))
        assert found[f"std{ending}"] == pytest.approx(np.std(found[key]))


def test_the_files_of_numbers_are_the_history(asked: Asked) -> None:
    for unit, key, name in ((unit_of(asked), "metricsCSV", "metrics.csv"), ("fold", "foldsCSV", "cv_metrics.csv")):
        path = Path(asked.report.artifacts[key])
        assert path.name == name
        written = pd.read_csv(path).set_index(unit)
        pd.testing.assert_frame_equal(
            written, history(asked, unit)[list(written)].astype(float), check_index_type=False
        )


def test_pictures_are_pictures(asked: Asked) -> None:
    shown = {key: path for key, path in asked.report.artifacts.items() if key.endswith("Plot")}
    assert {"accuracyPlot", "confusionMatrixPlot", "metricsPlot"} <= set(shown)
    assert ("lossPlot" in shown) == any(name in ("train_loss", "val_loss") for name in asked.report.history)
    for path in shown.values():
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert picture.width > 300
            assert len(picture.convert("RGB").getcolors(1 << 24)) > 20, "more than axes"


def test_the_directory_says_what_the_report_says(asked: Asked) -> None:
    directory, body = asked.report.output_dir, asked.body
    assert json.loads((directory / "report.json").read_text()) == asked.report.to_dict()
    for key, name in body["artifacts"].items():
        assert Path(name).is_relative_to(directory), key
        assert Path(name).exists(), key
    assert (directory / "training.log").read_text().splitlines()
    written = (directory / "config.yaml").read_text()
    assert yaml.safe_load(written)["provenance"].keys() >= {"versions", "data"}
    assert resolve(parse(written)) == resolve(asked.report.config), "it can be run as it is"
    left = [path.name for path in directory.rglob("*") if path.name.startswith(".") and path.name != ".lock"]
    assert left == [], "nothing half-written"


def test_the_facts_are_true(asked: Asked) -> None:
    facts, body = asked.report.metadata, asked.body
    parts = {"trainSamples": asked.train, "validationSamples": asked.val, "testSamples": asked.test}
    assert {key: facts[key] for key in parts} == {key: len(rows) for key, rows in parts.items()}
    assert facts["samples"] == sum(map(len, parts.values()))
    assert (facts["samplesProcessed"], facts["features"], facts["classes"]) == (len(asked.train), 4, 2)
    model = Path(next(path for key, path in body["artifacts"].items() if "odel" in key))
    assert bytes_of(facts["modelSize"]) == pytest.approx(model.stat().st_size, rel=0.05)
    assert 1e7 < bytes_of(facts["peakMemory"]) < psutil.virtual_memory().total
    assert 0 <= seconds(facts["trainingTime"]) <= seconds(body["duration"]) < 600
    count = PARAMETERS.get(asked.framework)
    assert facts.get("modelParameters") == (None if count is None else count(asked.report.model))


def test_the_best_row_is_the_one_of_the_lowest_loss(asked: Asked) -> None:
    if asked.framework not in UNITS:
        return
    unit, facts, curve = UNITS[asked.framework], asked.report.metadata, history(asked, unit_of(asked))
    best, final = facts[f"best{unit}"], facts[f"final{unit}"]
    assert best == curve["val_loss"].idxmin()
    assert final == curve.index[-1]
    assert facts["earlyStopped"] is True
    assert final == best + PATIENCE
    validation = asked.report.metrics["validation"]
    assert validation["bestLoss"] == min(validation["loss"]) == curve["val_loss"].min()
    assert validation["finalLoss"] == curve["val_loss"].iloc[-1]
    assert validation["bestRocAuc"] == curve["val_roc_auc"].max()
    assert "bestOwn" not in validation, "nobody knows which way it gets better"


@pytest.mark.skipif(gpu() is not None, reason="there is a GPU")
def test_a_gpu_that_is_asked_for_and_not_there_is_said_aloud(asked: Asked) -> None:
    assert asked.body["gpuUsed"] is False
    assert "training on the CPU" in asked.report.log
    # A library's DeprecationWarning is shown to tests only.
    warned = [line for line in asked.report.log.splitlines() if "Warning" in line and "eprecationWarning" not in line]
    assert warned == [], "and nothing else"


def test_the_reports_have_the_seeds_form(asked: Asked) -> None:
    assert lacks(asked.report, seeds.CROSS_VALIDATION_RESULTS, NOT_THERE[asked.framework]) == set()
    evaluated = asked.run("evaluate", model="$report", outputDir="predictions")
    lacking = lacks(evaluated, seeds.EVALUATION_RESULTS)
    assert {path for path in lacking if not path.startswith("metrics.classificationReport.")} == set()
    predicted = asked.run("predict", model="$report", outputDir="predictions")
    assert lacks(predicted, seeds.PREDICTION_RESULTS) == set()
    found = asked.report.metrics["test"]
    for key in ("accuracy", "precision", "recall", "f1Score", "rocAuc", "logLoss"):
        assert evaluated.metrics[key] == pytest.approx(found[key], rel=1e-5)
    assert evaluated.metrics["confusionMatrix"] == found["confusionMatrix"]
    table = predicted.predictions
    assert list(table) == ["predicted", "confidence", *LABELS]
    assert table.index.tolist() == asked.test.index.tolist()
    np.testing.assert_array_equal(table["confidence"], table[LABELS].max(axis=1))
