"""``action: predict`` with every framework: the same from wherever the model comes, and rows that do not fit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import mlmagic
from mlmagic.data import Rows
from mlmagic.errors import DataLoadingError, DependencyFailed, InvalidConfiguration, ModelLoadingError
from mlmagic.executors import load
from tests.actions.conftest import CASES, Trained, same, train

IRIS = load_iris(as_frame=True)


def test_from_a_report_it_is_what_the_framework_says(trained: Trained) -> None:
    predicted = trained.run("predict", model="$report").predictions
    executor = load(trained.framework)
    given = executor.predict(trained.report._outcome(), Rows(trained.rows))
    np.testing.assert_array_equal(predicted["predicted"], given.values)
    assert predicted.index.equals(trained.frame.index)
    if trained.task == "regression":
        assert list(predicted.columns) == ["predicted"]
        return
    labels = [str(label) for label in trained.report._outcome().classes]
    assert list(predicted.columns) == ["predicted", "confidence", *labels]
    np.testing.assert_array_equal(predicted[labels], given.probabilities)
    np.testing.assert_array_equal(predicted["confidence"], given.probabilities.max(axis=1))


def test_training_predicted_its_test_rows_the_same(trained: Trained) -> None:
    """The rows of a table need not be predicted together to be predicted alike, but for the last digits."""
    tested = trained.report.predictions
    again = trained.run("predict", model="$report").predictions.loc[tested.index]
    numbers = [name for name in again.columns if again[name].dtype.kind == "f"]
    np.testing.assert_allclose(again[numbers], tested[numbers], rtol=1e-5, atol=1e-7)


def test_from_its_directory_and_from_its_file_in_a_new_process_to_the_last_bit(trained: Trained, home: Path) -> None:
    here = trained.run("predict", model="$report").predictions
    for found in _in_a_new_process(trained.framework, home)[trained.task]:
        same(pd.read_parquet(found), here)


PREDICT = """
import json, sys
import mlmagic
for path, rows, found in json.loads(sys.argv[1]):
    keys = {'action': 'predict', 'modelPath': path, 'inputData': rows}
    mlmagic.run(keys).predictions.to_parquet(found)
"""


@cache
def _in_a_new_process(framework: str, home: Path) -> dict[str, list[str]]:
    """What one process found by a framework's runs, whose import is what takes long: a file a model, by task."""
    asked: dict[str, list[tuple[str, str, str]]] = {}
    for task in (task for name, task in CASES if name == framework):
        trained = train(framework, task, home)
        rows = str(home / f"{framework}-{task}.parquet")
        trained.rows.to_parquet(rows)
        file = next(path for key, path in trained.report.artifacts.items() if "odel" in key)
        models = {"directory": str(trained.report.output_dir), "file": file}
        asked[task] = [(path, rows, f"{framework}-{task}-{kind}.parquet") for kind, path in models.items()]
    command = [sys.executable, "-c", PREDICT, json.dumps([one for some in asked.values() for one in some])]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {task: [found for _, _, found in some] for task, some in asked.items()}


def test_from_a_file_that_left_its_directory(trained: Trained, tmp_path: Path) -> None:
    """Files of a model that lie together without the run's own record are a model all the same."""
    for item in trained.report.output_dir.iterdir():
        if item.name not in ("config.yaml", "events.jsonl", ".lock"):
            (shutil.copytree if item.is_dir() else shutil.copy)(item, tmp_path / item.name)
    name = Path(next(path for key, path in trained.report.artifacts.items() if "odel" in key)).name
    found = trained.run("predict", framework=trained.framework, modelPath=str(tmp_path / name)).predictions
    here = trained.run("predict", model="$report").predictions
    np.testing.assert_array_equal(found["predicted"], here["predicted"])
    np.testing.assert_array_equal(found.iloc[:, 1:], here.iloc[:, 1:])


def test_from_an_object(trained: Trained) -> None:
    """What `report.model` is, on the columns that it takes by itself."""
    rows = trained.rows
    if trained.report.preparation is not None:
        rows = pd.DataFrame(trained.report.preparation.transform(rows)).rename(columns=str)
    found = trained.run("predict", model="$net", net=trained.report.model, data="$own", own=rows).predictions
    here = trained.run("predict", model="$report").predictions
    np.testing.assert_array_equal(found.to_numpy(float), here.to_numpy(float))


def test_a_reports_model_comes_with_what_prepares_its_rows(trained: Trained) -> None:
    same(*(trained.run("predict", model=model).predictions for model in ("$report.model", "$report")))


def test_two_runs_that_used_a_model_hand_it_on(trained: Trained) -> None:
    """A cell that binds `report` anew can be run again."""
    report = trained.run("predict", model="$report")
    again = mlmagic.run({"action": "predict", "model": "$report", "data": "$rows"}, report=report, rows=trained.rows)
    same(again.predictions, report.predictions)
    assert again.metadata["model"]["target"] == "target"


def test_a_run_is_waited_for() -> None:
    training = mlmagic.submit(
        {"action": "train", "framework": "sklearn", "algorithm": "GaussianNB", "data": "$df", "target": "target"},
        df=IRIS.frame,
    )
    report = mlmagic.submit(
        {"action": "predict", "model": "$training", "data": "$df"}, training=training, df=IRIS.frame
    )
    assert len(report.wait().predictions) == 150


def test_a_run_that_failed() -> None:
    training = mlmagic.submit(
        {"action": "train", "framework": "sklearn", "algorithm": "GaussianNB", "data": "$df", "target": "nothing"},
        df=IRIS.frame,
    )
    report = mlmagic.submit(
        {"action": "predict", "model": "$training", "data": "$df"}, training=training, df=IRIS.frame
    )
    with pytest.raises(DependencyFailed):
        report.wait()


def test_load_model_is_the_same_in_plain_python(trained: Trained) -> None:
    here = trained.run("predict", model="$report").predictions
    for source in (trained.report, trained.report.output_dir, str(trained.report.output_dir)):
        model = mlmagic.load_model(source)
        np.testing.assert_array_equal(model.predict(trained.frame), here["predicted"])
        same(mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=trained.rows).predictions, here)
        assert (model.task, model.target) == (trained.task, "target")
        assert model.features == list(trained.rows.columns)
    if trained.task == "classification":
        np.testing.assert_array_equal(model.predict_proba(trained.rows), here.iloc[:, 2:])
        np.testing.assert_array_equal(model.classes, trained.report._outcome().classes)
    else:
        with pytest.raises(ModelLoadingError, match="no probabilities"):
            model.predict_proba(trained.rows)
    assert repr(model).endswith(f"{trained.framework} {trained.task}, predicts target>")


def test_missing_columns_are_told_all_at_once(trained: Trained) -> None:
    first, second, *_ = trained.rows.columns
    rows = trained.rows.rename(columns={first: first.upper(), second: "else"})
    with pytest.raises(DataLoadingError, match="lack 2 columns") as caught:
        mlmagic.run({"action": "predict", "model": "$r", "data": "$rows"}, r=trained.report, rows=rows)
    assert caught.value.metadata["columns"] == [first, second]
    assert f"Did you mean {first.upper()!r} for {first!r}?" in caught.value.message
    assert caught.value.solution == f"df.rename(columns={ {first.upper(): first} })"


def test_feature_columns_that_do_not_fit_are_named(classifier: Trained) -> None:
    names = list(classifier.rows.columns)
    with pytest.raises(InvalidConfiguration) as caught:
        classifier.run("predict", model="$report", featureColumns=[*names[:-2], "heigth", names[-1].upper()])
    assert [(fault.value, fault.suggestion) for fault in caught.value.faults] == [
        ("heigth", None),
        (names[-1].upper(), names[-1]),
    ]
    with pytest.raises(
        InvalidConfiguration, match=f"featureColumns leaves out '{re.escape(names[0])}', which"
    ) as caught:
        classifier.run("predict", model="$report", featureColumns=names[1:])
    assert "the model knows its columns" in caught.value.solution


def test_a_file_that_is_not_there_is_called_what_it_is(trained: Trained) -> None:
    with pytest.raises(DataLoadingError, match="Failed to load the rows") as caught:
        mlmagic.run({"action": "predict", "model": "$r", "dataPath": "new.csv"}, r=trained.report)
    assert "new.csv" in str(caught.value.stderr)


def test_other_columns_and_their_order_do_not_matter(trained: Trained) -> None:
    here = trained.run("predict", model="$report").predictions
    rows = trained.frame[list(reversed(trained.frame.columns))].assign(more="x")
    same(
        mlmagic.run({"action": "predict", "model": "$r", "data": "$rows"}, r=trained.report, rows=rows).predictions,
        here,
    )


def test_numbers_that_became_words(trained: Trained) -> None:
    first, second, *_ = (name for name in trained.rows.columns if trained.rows[name].dtype.kind == "f")
    rows = trained.rows.astype({first: object, second: object})
    rows.loc[7, first], rows.loc[9, second] = "wide", "tall"
    with pytest.raises(DataLoadingError) as caught:
        mlmagic.run({"action": "predict", "model": "$r", "data": "$rows"}, r=trained.report, rows=rows)
    assert caught.value.metadata["columns"] == [first, second]
    assert f"Column {first!r} holds numbers, but 'wide' at index 7 is none" in caught.value.message
    assert f"Column {second!r} holds numbers, but 'tall' at index 9 is none" in caught.value.message


def test_numbers_written_as_text_are_numbers(classifier: Trained) -> None:
    here = classifier.run("predict", model="$report").predictions
    first = classifier.rows.columns[0]
    rows = classifier.rows.assign(**{first: classifier.rows[first].map(str)})
    same(
        mlmagic.run({"action": "predict", "model": "$r", "data": "$rows"}, r=classifier.report, rows=rows).predictions,
        here,
    )


def test_labels_that_the_model_never_saw(trained: Trained) -> None:
    rows = trained.rows.copy()
    rows.loc[[0, 5, 6], "size"] = ["huge", "huge", "tiny"]
    rows.loc[8, "size"] = None
    report = mlmagic.run({"action": "predict", "model": "$r", "data": "$rows"}, r=trained.report, rows=rows)
    assert len(report.predictions) == len(rows)
    if trained.report.metadata.get("encoded"):  # a library that encodes by itself is not asked
        assert "Column 'size': 3 rows have labels" in report.log
        assert "'huge' (2)" in report.log
        # Codes of labels have gaps.
        taken = "coded" in trained.report.metadata
        assert ("Column 'size': 1 row has a gap, and none had one when" in report.log) is not taken


def test_gaps_where_the_model_had_none() -> None:
    model = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
    rows = IRIS.data.copy()
    rows.iloc[3, 1] = np.nan
    with pytest.raises(DataLoadingError, match=r"'sepal width .cm.' has gaps in 1 of 150 rows"):
        mlmagic.run({"action": "predict", "model": "$m", "data": "$rows"}, m=model, rows=rows)


@pytest.mark.parametrize("framework", sorted(framework for framework, task in CASES if task == "regression"))
def test_numbers(framework: str, home: Path) -> None:
    report = train(framework, "regression", home).run("predict", model="$report")
    section = report.to_dict()["executionReport"]["predictions"]
    assert (section["format"], section["shape"]) == ("values", [442])
    assert set(section["samplePredictions"][0]) == {"sample_id", "predicted_value"}
