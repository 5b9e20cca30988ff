"""``action: evaluate``: scikit-learn's own metrics, in the form of the seed documents."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB

import mlmagic
from mlmagic import _tiles, _view
from mlmagic._html import html
from mlmagic._summary import summary
from mlmagic.errors import DataLoadingError, InvalidConfiguration
from tests.actions.conftest import Trained, train

IRIS = load_iris(as_frame=True)
CANCER = load_breast_cancer(as_frame=True)


def cancer() -> tuple[pd.DataFrame, Any]:
    """Two classes of text, and a model that was fitted on a third of the rows and is wrong about some."""
    frame = CANCER.frame[["mean radius", "mean texture"]].assign(
        diagnosis=CANCER.target.map({0: "malignant", 1: "benign"})
    )
    model = LogisticRegression(max_iter=500).fit(frame[["mean radius", "mean texture"]][::3], frame["diagnosis"][::3])
    return frame, model


def evaluate(frame: pd.DataFrame, model: Any, **keys: Any) -> Any:
    own = {"own": keys.pop("own")} if "own" in keys else {}
    return mlmagic.run({"action": "evaluate", "model": "$m", "data": "$df", **keys}, m=model, df=frame, **own)


# -- every framework, from wherever the model comes


def test_metrics_are_scikit_learns_of_what_the_model_predicts(trained: Trained) -> None:
    report = trained.run("evaluate", model="$report", data="$df")
    predicted = trained.run("predict", model="$report").predictions
    y, values, found = trained.frame["target"], predicted["predicted"], report.metrics
    if trained.task == "regression":
        expected = {
            "r2": metrics.r2_score(y, values),
            "mae": metrics.mean_absolute_error(y, values),
            "rmse": metrics.root_mean_squared_error(y, values),
        }
        assert found == pytest.approx(expected)
        return
    shared = {"average": "weighted", "zero_division": 0.0}
    probabilities = predicted.iloc[:, 2:].to_numpy()
    expected = {
        "accuracy": metrics.accuracy_score(y, values),
        "precision": metrics.precision_score(y, values, **shared),
        "recall": metrics.recall_score(y, values, **shared),
        "f1Score": metrics.f1_score(y, values, **shared),
        "rocAuc": metrics.roc_auc_score(y, probabilities, multi_class="ovr", average="weighted"),
        "logLoss": metrics.log_loss(y, probabilities / probabilities.sum(axis=1, keepdims=True)),
    }
    assert {key: found[key] for key in expected} == pytest.approx(expected, rel=1e-5)
    assert found["confusionMatrix"] == metrics.confusion_matrix(y, values).tolist()
    by_label = metrics.classification_report(y, values, output_dict=True, zero_division=0.0)
    for label, row in found["classificationReport"].items():
        assert row["f1"] == pytest.approx(by_label[label]["f1-score"])


def test_from_its_directory_and_from_an_object_it_is_the_same(trained: Trained) -> None:
    here = trained.run("evaluate", model="$report", data="$df").metrics
    assert trained.run("evaluate", modelPath=str(trained.report.output_dir), data="$df").metrics == here
    frame = trained.frame
    if trained.report.preparation is not None:
        X = pd.DataFrame(trained.report.preparation.transform(trained.rows)).rename(columns=str)
        frame = X.assign(target=frame["target"])
    of_object = mlmagic.run(
        {"action": "evaluate", "model": "$net", "data": "$df", "target": "target"}, net=trained.report.model, df=frame
    )
    assert of_object.metrics == here


def test_of_the_rows_it_was_tested_on_it_says_what_training_said(trained: Trained) -> None:
    tested = trained.frame.loc[trained.report.predictions.index]
    again = mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=trained.report, df=tested).metrics
    said = trained.report.metrics["test"]
    for key, value in said.items():
        if isinstance(value, float):
            assert again[key] == pytest.approx(value, rel=1e-4), key


def test_who_measures_by_the_rows_of_the_training_is_told(classifier: Trained) -> None:
    said = "trained on rows of this very table"
    assert said in classifier.run("evaluate", model="$report", data="$df").log
    run = str(classifier.report.output_dir)
    assert said in classifier.run("evaluate", modelPath=run, data="$df").log
    tested = classifier.frame.loc[classifier.report.predictions.index]
    keys = {"action": "evaluate", "model": "$r", "data": "$df"}
    assert said not in mlmagic.run(keys, r=classifier.report, df=tested).log


# -- the form of the seed documents


def test_the_report_has_the_seeds_form(classifier: Trained) -> None:
    report = classifier.run("evaluate", model="$report", data="$df", outputDir="evaluations/", batchSize=64)
    body = report.to_dict()["executionReport"]
    assert (body["action"], body["framework"], body["exitCode"], body["status"]) == (
        "evaluate",
        "sklearn",
        0,
        "success",
    )
    facts, found = body["metadata"], body["metrics"]
    assert (facts["samplesEvaluated"], facts["batchSize"]) == (150, 64)
    assert facts["inferenceTime"].endswith("s")
    assert facts["avgInferenceTimePerSample"].endswith("s")
    assert {"accuracy", "precision", "recall", "f1Score", "confusionMatrix", "classificationReport"} <= set(found)
    assert set(found["classificationReport"]["0"]) == {"precision", "recall", "f1", "support"}
    assert np.asarray(found["confusionMatrix"]).shape == (3, 3)
    assert body["artifacts"] == {
        "predictionsCSV": "evaluations/test_predictions.csv",
        "confusionMatrixPlot": "evaluations/confusion_matrix.png",
        "rocCurve": "evaluations/roc_curve.png",
        "trainingLog": "evaluations/training.log",
    }
    for path in body["artifacts"].values():
        assert Path(path).stat().st_size > 0
    assert Path("evaluations/roc_curve.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(Path("evaluations/report.json").read_text()) == report.to_dict()
    assert repr(report) == f"<Report report: evaluate sklearn, success, accuracy {found['accuracy']:.2g}>"


def test_predictions_stand_beside_the_truth(classifier: Trained) -> None:
    report = classifier.run("evaluate", model="$report", data="$df")
    table = report.predictions
    assert list(table.columns) == ["actual", "predicted", "confidence", "0", "1", "2"]
    np.testing.assert_array_equal(table["actual"], classifier.frame["target"])
    assert (table["actual"] == table["predicted"]).mean() == report.metrics["accuracy"]
    assert len(pd.read_csv(report.artifacts["predictionsCSV"])) == 150
    assert report.model is classifier.report.model


def test_a_regression(home: Path) -> None:
    report = train("sklearn", "regression", home).run("evaluate", model="$report", data="$df")
    assert list(report.predictions.columns) == ["actual", "predicted"]
    assert set(report.artifacts) == {"predictionsCSV", "trainingLog"}


# -- metrics by name


def test_exactly_the_metrics_that_were_asked_for(classifier: Trained) -> None:
    named = ["accuracy", "f1", "roc_auc", "f1_macro", "neg_log_loss", "confusion_matrix"]
    report = classifier.run("evaluate", model="$report", data="$df", metrics=named)
    usual = classifier.run("evaluate", model="$report", data="$df").metrics
    table = report.predictions
    y, values, probabilities = table["actual"], table["predicted"], table.iloc[:, 3:]
    numbers = {key: value for key, value in report.metrics.items() if isinstance(value, float)}
    assert numbers == pytest.approx(
        {
            "accuracy": usual["accuracy"],
            "f1Score": usual["f1Score"],
            "rocAuc": usual["rocAuc"],
            "f1_macro": metrics.f1_score(y, values, average="macro"),
            "neg_log_loss": -metrics.log_loss(y, probabilities),
        }
    )
    assert report.metrics["confusionMatrix"] == usual["confusionMatrix"]


def test_the_report_by_label_may_be_asked_for() -> None:
    frame, model = cancer()
    report = evaluate(frame, model, target="diagnosis", metrics=["accuracy", "classification_report"])
    values = model.predict(frame[["mean radius", "mean texture"]])
    expected = metrics.classification_report(frame["diagnosis"], values, output_dict=True)
    by_label = {
        label: {
            "precision": row["precision"],
            "recall": row["recall"],
            "f1-score": row["f1"],
            "support": row["support"],
        }
        for label, row in report.metrics["classificationReport"].items()
    }
    assert by_label == {label: pytest.approx(expected[label]) for label in ("benign", "malignant")}
    assert not report.metrics.get("undefined")


@pytest.mark.parametrize(("framework", "model"), [("sklearn", "GaussianNB"), ("xgboost", None), ("pytorch", None)])
def test_training_takes_the_report_by_label_and_draws_no_curve_of_it(framework: str, model: str | None) -> None:
    frame, _ = cancer()
    more = {"algorithm": model} if model else {"architecture": "mlp", "epochs": 2} if framework == "pytorch" else {}
    body = {"action": "train", "framework": framework, "data": "$df", "target": "diagnosis", **more}
    report = mlmagic.run({**body, "metrics": ["accuracy", "classification_report"]}, df=frame)
    assert set(report.metrics["test"]["classificationReport"]) == {"benign", "malignant"}
    assert not [name for name in report.history.columns if "report" in name]


def test_a_metric_of_the_users_own() -> None:
    frame, model = cancer()

    def missed(y_true: Any, y_pred: Any) -> int:
        return int(((y_true == "malignant") & (y_pred == "benign")).sum())

    report = evaluate(frame, model, target="diagnosis", metrics=["$own", "recall"], own=missed)
    values = model.predict(frame[["mean radius", "mean texture"]])
    assert report.metrics["own"] == ((frame["diagnosis"] == "malignant") & (values == "benign")).sum()
    assert report.metrics["recall"] == metrics.recall_score(frame["diagnosis"], values, pos_label="malignant")


def test_a_metric_of_the_users_own_that_fails_leaves_the_others() -> None:
    frame, model = cancer()
    report = evaluate(frame, model, target="diagnosis", metrics=["$own", "accuracy"], own=lambda y_true, y_pred: 1 / 0)
    assert report.metrics["own"] is None
    assert report.metrics["accuracy"] > 0.8
    assert "1 / 0" in report.log


def test_a_metric_of_the_other_task_says_so(home: Path) -> None:
    report = train("sklearn", "regression", home).run(
        "evaluate", model="$report", data="$df", metrics=["accuracy", "mae"]
    )
    assert report.metrics["undefined"] == {"accuracy": "it measures a classification, and this is a regression"}
    assert report.metrics["accuracy"] is None


def test_an_unknown_metric_is_refused_in_the_cell() -> None:
    with pytest.raises(InvalidConfiguration, match="Did you mean `accuracy`"):
        mlmagic.submit({"action": "evaluate", "model": "$m", "data": "$df", "metrics": ["acuracy"]}, m=1, df=1)


# -- truth that is not what it was


def test_one_class_only_in_the_test_set(classifier: Trained) -> None:
    one = classifier.frame[classifier.frame["target"] == 1]
    report = mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=classifier.report, df=one)
    found = report.metrics
    assert found["accuracy"] == metrics.accuracy_score(one["target"], report.predictions["predicted"])
    assert found["rocAuc"] is None
    assert found["undefined"] == {"rocAuc": "no row has the label '0'"}
    assert "rocAuc has no value: no row has the label '0'" in report.log
    assert found["logLoss"] is not None
    assert "rocCurve" not in report.artifacts


def test_labels_that_the_model_never_knew() -> None:
    frame, model = cancer()
    frame.loc[[0, 5], "diagnosis"] = "unclear"
    report = evaluate(frame, model, target="diagnosis")
    assert report.metrics["labels"] == ["benign", "malignant", "unclear"]
    assert report.metrics["accuracy"] == metrics.accuracy_score(frame["diagnosis"], report.predictions["predicted"])
    assert set(report.metrics["undefined"]) == {"rocAuc", "logLoss"}
    assert "2 rows have labels that $m does not know, so it cannot be right there: 'unclear' (2)" in report.log


@pytest.mark.parametrize(
    "written",
    [
        lambda labels: labels.astype(float),
        lambda labels: labels.map(str),
        lambda labels: labels.astype("category"),
        lambda labels: labels.astype("Int64"),
        lambda labels: labels.map(str).astype("category"),
    ],
    ids=["floats", "text", "categories", "nullable", "categories of text"],
)
def test_the_same_labels_written_otherwise(classifier: Trained, written: Any) -> None:
    here = classifier.run("evaluate", model="$report", data="$df").metrics
    frame = classifier.frame.assign(target=written(classifier.frame["target"]))
    again = mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=classifier.report, df=frame)
    assert again.metrics == here


def test_labels_of_text_read_as_categories() -> None:
    frame, model = cancer()
    here = evaluate(frame, model, target="diagnosis").metrics
    assert evaluate(frame.astype({"diagnosis": "category"}), model, target="diagnosis").metrics == here


def test_yes_and_no() -> None:
    frame = CANCER.frame[["mean radius"]].assign(ill=CANCER.target == 0)
    model = LogisticRegression().fit(frame[["mean radius"]], frame["ill"])
    for written in (frame["ill"], frame["ill"].astype(int), frame["ill"].astype("boolean")):
        report = evaluate(frame.assign(ill=written), model, target="ill")
        assert report.metrics["accuracy"] == metrics.accuracy_score(frame["ill"], model.predict(frame[["mean radius"]]))
        assert report.metrics["positiveClass"] == "True"


def test_rows_without_a_truth_are_left_out(classifier: Trained) -> None:
    frame = classifier.frame.astype({"target": float})
    frame.loc[[3, 70], "target"] = np.nan
    report = mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=classifier.report, df=frame)
    assert report.metadata["samplesEvaluated"] == 148
    assert 3 not in report.predictions.index
    assert "2 rows without a value of 'target' are left out" in report.log
    with pytest.raises(DataLoadingError, match="No row has a value of 'target'"):
        mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=classifier.report, df=frame.loc[[3, 70]])


def test_a_truth_beside_the_table(classifier: Trained) -> None:
    here = classifier.run("evaluate", model="$report", data="$df").metrics
    truth = classifier.frame["target"].sample(frac=1, random_state=0)  # the same rows in another order
    found = mlmagic.run(
        {"action": "evaluate", "model": "$r", "data": "$rows", "target": "$truth"},
        r=classifier.report,
        rows=classifier.rows,
        truth=truth,
    )
    assert found.metrics == here


def test_labels_of_a_truth_beside_an_array_tell_no_order(classifier: Trained) -> None:
    shuffled = classifier.frame.sample(frac=1, random_state=0)
    keys = {"X": shuffled.drop(columns="target").to_numpy(), "y": shuffled["target"], "r": classifier.report}
    found = mlmagic.run({"action": "evaluate", "model": "$r", "data": "$X", "target": "$y"}, **keys)
    whole = mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=classifier.report, df=shuffled)
    assert found.metrics["accuracy"] == whole.metrics["accuracy"] > 0.9


def test_no_truth(classifier: Trained) -> None:
    with pytest.raises(DataLoadingError, match="no column 'target', which sklearn-classification predicts"):
        classifier.run("evaluate", model="$report", data="$rows")
    shouted = classifier.frame.rename(columns={"target": "TARGET"})
    with pytest.raises(DataLoadingError, match=r"nothing can be measured. Did you mean target: TARGET\?"):
        mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=classifier.report, df=shouted)
    with pytest.raises(InvalidConfiguration, match=r"target names no column: 'taget'.*Did you mean `target`"):
        classifier.run("evaluate", model="$report", data="$df", target="taget")
    frame, model = cancer()
    with pytest.raises(InvalidConfiguration, match=r"target is missing: \$m does not say what it predicts"):
        evaluate(frame, model)


def test_the_truth_of_a_model_that_does_not_say_it_is_the_column_that_training_would_learn() -> None:
    frame, model = cancer()
    report = evaluate(frame.rename(columns={"diagnosis": "label"}), model)
    assert report.metrics["accuracy"] == model.score(frame[["mean radius", "mean texture"]], frame["diagnosis"])
    why = "no target named: the column is called label"
    assert f"Measured against 'label' ({why})" in report.log
    assert (report.metadata["targetColumn"], report.metadata["targetChosen"]) == ("label", why)


def test_a_feature_of_the_model_is_never_the_truth() -> None:
    frame, _ = cancer()
    frame = frame.rename(columns={"mean radius": "y", "mean texture": "x"})
    model = GaussianNB().fit(frame[["y", "x"]], frame["diagnosis"])
    with pytest.raises(InvalidConfiguration, match="target is missing"):
        evaluate(frame, model)
    assert evaluate(frame.rename(columns={"diagnosis": "label"}), model).metadata["targetColumn"] == "label"


def test_the_batch_size_is_what_the_config_says_of_fewer_rows_too() -> None:
    frame, model = cancer()
    assert evaluate(frame[:24], model, target="diagnosis", batchSize=64).metadata["batchSize"] == 64
    assert evaluate(frame[:24], model, target="diagnosis").metadata["batchSize"] == 24


def test_a_truth_that_is_something_else(classifier: Trained, home: Path) -> None:
    frame = classifier.frame.assign(
        target=classifier.frame["target"].map({0: "setosa", 1: "versicolor", 2: "virginica"})
    )
    with pytest.raises(
        DataLoadingError, match=r"None of the labels in 'target'.*is one that sklearn-classification knows"
    ):
        mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=classifier.report, df=frame)
    diabetes = train("sklearn", "regression", home)
    frame = diabetes.frame.assign(target=diabetes.frame["target"].map(lambda value: f"{value} units"))
    with pytest.raises(DataLoadingError, match=r"Column 'target' holds numbers, but '151.0 units' at index 0 is none"):
        mlmagic.run({"action": "evaluate", "model": "$r", "data": "$df"}, r=diabetes.report, df=frame)


def test_a_regression_whose_truth_does_not_vary() -> None:
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    report = evaluate(X.assign(y=5.0), LinearRegression().fit(X, y), target="y")
    assert report.metrics["r2"] is None
    assert report.metrics["undefined"] == {"r2": "all true values are equal"}


# -- what a page and a notebook show of it


def test_the_page_shows_what_was_measured(classifier: Trained) -> None:
    report = classifier.run("evaluate", model="$report", data="$df")
    shown = _view.settled(report.run)
    assert shown["subject"] == "sklearn-classification"
    assert shown["confusion"] == {
        "labels": ["0", "1", "2"],
        "counts": report.metrics["confusionMatrix"],
        "of": "150 rows",
    }
    assert shown["classification"]["f1"] == [row["f1"] for row in report.metrics["classificationReport"].values()]
    tiles = {tile["label"]: tile["value"] for tile in _tiles.tiles(report.run)}
    assert tiles["accuracy"] == report.metrics["accuracy"]
    assert tiles["time / row"] == report.metadata["avgInferenceTimePerSample"]
    assert "confusion" in html(summary(report.run))


def test_the_roc_curve_is_scikit_learns(classifier: Trained) -> None:
    report = classifier.run("evaluate", model="$report", data="$df")
    lines = [line for line in report.figures["roc_curve"].data if line.name]
    assert len(lines) == 3
    table = report.predictions
    for line, label in zip(lines, ("0", "1", "2"), strict=True):
        fpr, tpr, _ = metrics.roc_curve(table["actual"] == int(label), table[label])
        np.testing.assert_allclose(line.x, fpr)
        np.testing.assert_allclose(line.y, tpr)
        assert f"AUC {metrics.auc(fpr, tpr):.3f}" in line.name
    assert mlmagic.attach(report.output_dir).figures["roc_curve"] == report.figures["roc_curve"]


def test_two_classes_have_one_curve() -> None:
    frame, model = cancer()
    lines = [line for line in evaluate(frame, model, target="diagnosis").figures["roc_curve"].data if line.name]
    assert [line.name.split()[0] for line in lines] == ["malignant"]


def test_a_stop_measures_the_rows_so_far() -> None:
    held = threading.Event()

    class Slow:
        classes_ = np.array([0, 1])
        asked = 0

        def predict(self, X: pd.DataFrame) -> np.ndarray:
            Slow.asked += 1
            if Slow.asked == 2:
                held.wait(30)
            return np.zeros(len(X), dtype=int)

    frame = pd.DataFrame({"a": np.zeros(20_000), "y": np.tile([0, 1], 10_000)})
    keys = {"action": "evaluate", "framework": "sklearn", "model": "$m", "data": "$df", "target": "y"}
    report = mlmagic.submit({**keys, "batchSize": 8704}, m=Slow(), df=frame)
    while Slow.asked < 2:
        assert not report.run.wait(0.01), report.log
    report.stop()
    held.set()
    report.wait()
    assert report.status == "stopped"
    assert report.metadata["samplesEvaluated"] == 2 * 8704
    assert report.metrics["accuracy"] == 0.5


# -- what is known before it runs


def test_a_dry_run_says_model_rows_and_columns(classifier: Trained) -> None:
    from mlmagic._inputs import resolve_with
    from mlmagic.plan import plan

    names = {"r": classifier.report, "df": classifier.frame}
    for action in ("evaluate", "predict"):
        config = resolve_with({"action": action, "model": "$r", "data": "$df"}, names)
        text = plan(config, names)
        assert "sklearn-classification" in text
        assert ", ".join(classifier.rows.columns) in text
        assert text.endswith("rows       150")
        lacking = {**names, "df": classifier.frame.drop(columns="size")}
        with pytest.raises(
            DataLoadingError, match="The rows lack the column that sklearn-classification was trained on"
        ):
            plan(config, lacking)
