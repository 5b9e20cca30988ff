"""``action: predict``: the same answers from wherever the model comes, in the form of the seed documents."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import mlmagic
from mlmagic import _view
from mlmagic._html import html
from mlmagic._summary import summary
from mlmagic.actions import _blocks
from mlmagic.data import Rows
from mlmagic.errors import DataLoadingError, DependencyFailed, InvalidConfiguration, MLError, ModelLoadingError
from mlmagic.executors import load
from mlmagic.executors._fitted import Fitted
from mlmagic.executors.sklearn._fitted import FOLLOWING, fitted
from mlmagic.executors.sklearn.executor import SklearnExecutor
from tests.actions.conftest import CASES, Trained, train

IRIS = load_iris(as_frame=True)


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal to the last bit, columns and index too."""
    pd.testing.assert_frame_equal(one, other, check_exact=True)


# -- where the model comes from


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
    for model, names in (("$report.model", {}), ("$net", {"net": trained.report.model})):
        found = mlmagic.run(
            {"action": "predict", "model": model, "data": "$rows"}, rows=rows, report=trained.report, **names
        ).predictions
        here = trained.run("predict", model="$report").predictions
        np.testing.assert_array_equal(found.to_numpy(float), here.to_numpy(float))


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


# -- the form of the seed documents


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


@pytest.mark.parametrize("framework", sorted(framework for framework, task in CASES if task == "regression"))
def test_numbers(framework: str, home: Path) -> None:
    report = train(framework, "regression", home).run("predict", model="$report")
    section = report.to_dict()["executionReport"]["predictions"]
    assert (section["format"], section["shape"]) == ("values", [442])
    assert set(section["samplePredictions"][0]) == {"sample_id", "predicted_value"}


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


# -- models that no run trained


def test_an_estimator_of_the_notebook_is_not_changed_and_need_not_keep_still() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(IRIS.data, IRIS.target)
    expected, before = model.predict_proba(IRIS.data), joblib.hash(model)
    report = mlmagic.submit({"action": "predict", "model": "$model", "data": "$X"}, model=model, X=IRIS.data)
    assert joblib.hash(model) == before
    model.fit(IRIS.data, IRIS.target == 0)  # the run has a copy
    np.testing.assert_array_equal(report.wait().predictions.iloc[:, 2:], expected)


def test_a_label_is_the_estimators_own_even_where_its_probabilities_say_another() -> None:
    X, y = IRIS.data, IRIS.target == 2
    model = FixedThresholdClassifier(LogisticRegression(max_iter=500), threshold=0.9).fit(X, y)
    assert (model.predict(X) != model.predict_proba(X).argmax(axis=1)).any()
    table = mlmagic.run({"action": "predict", "model": "$model", "data": "$X"}, model=model, X=X).predictions
    np.testing.assert_array_equal(table["predicted"], model.predict(X))


@pytest.mark.filterwarnings("ignore")
def test_every_estimator_that_is_asked_once_would_have_said_the_same() -> None:
    from sklearn.utils import all_estimators

    # Few rows, so that some of them are hard to tell.
    X, y = IRIS.data.iloc[::2].abs(), IRIS.target[::2]
    for name, kind in all_estimators("classifier"):
        if name in FOLLOWING:
            model = kind().fit(X, y)
            found = SklearnExecutor().predict(fitted(model), Rows(IRIS.data))
            np.testing.assert_array_equal(found.values, model.predict(IRIS.data), err_msg=name)
            np.testing.assert_array_equal(found.probabilities, model.predict_proba(IRIS.data), err_msg=name)


def test_an_estimator_that_was_fitted_on_an_array() -> None:
    model = LinearRegression().fit(IRIS.data.to_numpy(), IRIS.target)
    report = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=IRIS.data)
    np.testing.assert_array_equal(report.predictions["predicted"], model.predict(IRIS.data.to_numpy()))
    assert "feature names" not in report.log
    named = mlmagic.run(
        {"action": "predict", "model": "$m", "data": "$df", "featureColumns": list(IRIS.data.columns)},
        m=model,
        df=IRIS.frame,
    )
    same(named.predictions, report.predictions)
    with pytest.raises(DataLoadingError, match="expecting 4 features") as caught:
        mlmagic.run({"action": "predict", "model": "$m", "data": "$df"}, m=model, df=IRIS.frame)
    assert "featureColumns" in caught.value.solution


def test_an_array_has_the_models_columns(classifier: Trained) -> None:
    model = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
    table = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=IRIS.data.to_numpy()).predictions
    np.testing.assert_array_equal(table["predicted"], model.predict(IRIS.data))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (LogisticRegression(), "The LogisticRegression is not fitted"),
        (LogisticRegression, r"\$m is the class LogisticRegression, which is no fitted model of scikit-learn"),
        ({"a": 1}, r"\$m is a dict, which is no fitted model of scikit-learn"),
    ],
    ids=["unfitted", "class", "dict"],
)
def test_what_is_no_model(value: Any, message: str) -> None:
    with pytest.raises(ModelLoadingError, match=message):
        mlmagic.run({"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=value, X=IRIS.data)


def test_another_framework_than_the_runs_own(classifier: Trained) -> None:
    with pytest.raises(InvalidConfiguration, match="framework is pytorch, but sklearn-classification was trained with"):
        classifier.run("predict", framework="pytorch", model="$report")


# -- files


def test_a_pickle_is_refused_and_says_how_to_trust_it(tmp_path: Path) -> None:
    model = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
    keys = {"action": "predict", "data": "$X"}
    for name in ("model.pkl", "model.joblib"):
        path = str(tmp_path / name)
        joblib.dump(model, path)
        with pytest.raises(ModelLoadingError, match="is refused: it is a pickle") as caught:
            mlmagic.run({**keys, "modelPath": path}, X=IRIS.data)
        assert "trust: true" in caught.value.solution
        trusted = mlmagic.run({**keys, "modelPath": path, "trust": True}, X=IRIS.data)
        np.testing.assert_array_equal(trusted.predictions.iloc[:, 2:], model.predict_proba(IRIS.data))


def test_a_directory_does_not_decide_about_its_own_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    script = "from pathlib import Path\nfrom torch import nn\nPath('ran').touch()\nclass Net(nn.Linear):\n    def "
    script += "__init__(self):\n        super().__init__(4, 3)\n"
    Path("net.py").write_text(script)
    keys = {"action": "train", "framework": "pytorch", "modelScript": "net.py", "epochs": 1, "data": "$df"}
    run = mlmagic.run({**keys, "target": "target"}, df=IRIS.frame).output_dir
    shutil.rmtree(tmp_path / "state")  # as if it ran on another machine
    Path("ran").unlink()
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(text.replace("trust: false", "trust: true"))
    wanted = {"action": "predict", "modelPath": str(run), "data": "$df"}
    with pytest.raises(ModelLoadingError, match="runs only if you trust it"):
        mlmagic.run(wanted, df=IRIS.frame)
    assert not Path("ran").exists()
    assert len(mlmagic.run({**wanted, "trust": True}, df=IRIS.frame).predictions) == 150
    assert Path("ran").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    joblib.dump(1, tmp_path / "model.skops")
    with pytest.raises(ModelLoadingError, match=r"is not there. Did you mean '.*model.skops'"):
        mlmagic.run({"action": "predict", "modelPath": str(tmp_path / "modle.skops"), "data": "$X"}, X=IRIS.data)


def test_a_directory_without_a_model(classifier: Trained, tmp_path: Path) -> None:
    used = classifier.run("predict", model="$report")
    with pytest.raises(ModelLoadingError, match="holds no model: its run only used one"):
        classifier.run("predict", modelPath=str(used.output_dir))
    copy = shutil.copytree(classifier.report.output_dir, tmp_path / "copy")
    (copy / "events.jsonl").write_text("".join((copy / "events.jsonl").open().readlines()[:3]))
    with pytest.raises(ModelLoadingError, match="ended before it saved one"):
        classifier.run("predict", modelPath=str(copy))


def test_a_damaged_file(classifier: Trained, tmp_path: Path) -> None:
    content = Path(classifier.report.artifacts["model"]).read_bytes()
    (tmp_path / "model.skops").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelLoadingError, match=r"Failed to load model.skops"):
        classifier.run("predict", modelPath=str(tmp_path / "model.skops"))


# -- networks


@pytest.mark.parametrize("content", [b"", b"123", b"PK\x03\x04 cut off"])
def test_a_file_that_pytorch_never_wrote_is_no_question_of_trust(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("torch")
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(ModelLoadingError, match=r"model.pt is damaged") as caught:
        mlmagic.run({"action": "predict", "modelPath": str(tmp_path / "model.pt"), "data": "$X"}, X=IRIS.data)
    assert "trust" not in str(caught.value)


def net_file(tmp_path: Path, save: Any) -> tuple[Path, Any]:
    torch = pytest.importorskip("torch")
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\nclass Net(nn.Sequential):\n    def __init__(self, hidden=8, out=3):\n"
        "        super().__init__(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, out))\n"
    )
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    save(torch, net, tmp_path / "net.pt")
    return tmp_path / "net.pt", net


def by_hand(net: Any) -> np.ndarray:
    import torch

    with torch.no_grad():
        outputs = net(torch.tensor(IRIS.data.to_numpy(), dtype=torch.float32))
        return torch.softmax(outputs.double(), dim=1).numpy()


@pytest.mark.parametrize(
    "save",
    [
        lambda torch, net, path: torch.save(net.state_dict(), path),
        lambda torch, net, path: torch.save({"epoch": 3, "state_dict": net.state_dict()}, path),
        lambda torch, net, path: torch.save({"model_state_dict": net.state_dict(), "lr": 0.1}, path),
        lambda torch, net, path: torch.save({f"module.{k}": v for k, v in net.state_dict().items()}, path),
    ],
    ids=["weights", "checkpoint", "another", "parallel"],
)
def test_bare_weights_and_a_class(tmp_path: Path, save: Any) -> None:
    path, net = net_file(tmp_path, save)
    keys = {"action": "predict", "modelPath": str(path), "data": "$X", "modelScript": str(tmp_path / "net.py")}
    table = mlmagic.run(keys, X=IRIS.data).predictions
    np.testing.assert_allclose(table.iloc[:, 2:], by_hand(net), rtol=1e-6)
    assert list(table.columns[2:]) == ["0", "1", "2"]
    with pytest.raises(ModelLoadingError, match=r"do not fit Net") as caught:
        mlmagic.run({**keys, "hyperparameters": {"hidden": 9}}, X=IRIS.data)
    assert "size mismatch" in caught.value.stderr
    with pytest.raises(ModelLoadingError, match="holds weights alone") as caught:
        mlmagic.run({key: value for key, value in keys.items() if key != "modelScript"}, X=IRIS.data)
    assert "modelScript" in caught.value.solution


def test_safetensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    path, net = net_file(tmp_path, lambda torch, net, path: None)
    path = path.with_suffix(".safetensors")
    safetensors.save_file(net.state_dict(), path)
    keys = {"action": "predict", "modelPath": str(path), "data": "$X", "modelScript": str(tmp_path / "net.py")}
    np.testing.assert_allclose(mlmagic.run(keys, X=IRIS.data).predictions.iloc[:, 2:], by_hand(net), rtol=1e-6)


@pytest.mark.parametrize(
    ("save", "why"),
    [
        (lambda torch, net, path: torch.save(net, path), "reading it would run code"),
        (
            lambda torch, net, path: torch.jit.save(torch.jit.trace(net, torch.zeros(1, 4)), path),
            "it is TorchScript, which is a program",
        ),
    ],
    ids=["pickled", "script"],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_network_that_holds_code(tmp_path: Path, save: Any, why: str) -> None:
    path, net = net_file(tmp_path, save)
    keys = {"action": "predict", "modelPath": str(path), "data": "$X"}
    with pytest.raises(ModelLoadingError, match=why) as caught:
        mlmagic.run(keys, X=IRIS.data)
    assert "trust: true" in caught.value.solution
    table = mlmagic.run({**keys, "trust": True}, X=IRIS.data).predictions
    np.testing.assert_allclose(table.iloc[:, 2:], by_hand(net), rtol=1e-6)


def test_a_checkpoint_is_the_network_as_it_was_then(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    keys = {"action": "train", "framework": "pytorch", "architecture": "mlp", "epochs": 4, "checkpointInterval": 2}
    keys |= {"data": "$df", "target": "target", "outputDir": str(tmp_path), "gpuEnabled": False}
    report = mlmagic.run(keys, df=IRIS.frame)
    body = torch.load(tmp_path / "checkpoints" / "epoch-2.pt", weights_only=True)
    model = mlmagic.load_model(tmp_path / "checkpoints" / "epoch-2.pt")
    for name, weights in model.estimator.state_dict().items():
        torch.testing.assert_close(weights, body["state_dict"][name], rtol=0, atol=0)
    last = mlmagic.load_model(tmp_path / "last_model.pt")
    assert last.features == model.features == list(IRIS.data.columns)
    for name, weights in torch.load(tmp_path / "last_model.pt", weights_only=True)["state_dict"].items():
        torch.testing.assert_close(last.estimator.state_dict()[name], weights, rtol=0, atol=0)
    assert report.status == "success"


def test_a_network_without_what_prepares_its_columns(network: Trained, tmp_path: Path) -> None:
    shutil.copy(network.report.artifacts["bestModel"], tmp_path / "best_model.pt")
    with pytest.raises(ModelLoadingError, match=r"preparation.skops, which prepares them, is not in"):
        network.run("predict", modelPath=str(tmp_path / "best_model.pt"))


def test_one_number_a_row_is_a_number_or_by_the_persons_word_a_logit(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Linear(4, 1)
    keys = {"action": "predict", "model": "$net", "data": "$X"}
    numbers = mlmagic.run(keys, net=net, X=IRIS.data).predictions
    with torch.no_grad():
        outputs = net(torch.tensor(IRIS.data.to_numpy(), dtype=torch.float32)).reshape(-1).double().numpy()
    np.testing.assert_allclose(numbers["predicted"], outputs, rtol=1e-6)
    classes = mlmagic.run({**keys, "task": "classification"}, net=net, X=IRIS.data).predictions
    np.testing.assert_allclose(classes["1"], 1 / (1 + np.exp(-outputs)), rtol=1e-6)
    np.testing.assert_array_equal(classes["predicted"], (outputs > 0).astype(int))


def test_a_network_with_a_softmax_is_not_given_another() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1))
    with torch.no_grad():
        expected = net(torch.tensor(IRIS.data.to_numpy(), dtype=torch.float32)).numpy()
    table = mlmagic.run({"action": "predict", "model": "$net", "data": "$X"}, net=net, X=IRIS.data).predictions
    np.testing.assert_allclose(table.iloc[:, 2:], expected, rtol=1e-6)
    assert net.training, "the user's own network is left in the mode that it was in"


def test_a_network_of_another_width() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(DataLoadingError, match=r"\$net cannot predict these rows: mat1 and mat2"):
        mlmagic.run({"action": "predict", "model": "$net", "data": "$X"}, net=torch.nn.Linear(5, 3), X=IRIS.data)


def test_code_of_the_users_own_that_fails_shows_its_line() -> None:
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.nonsense()

    with pytest.raises(MLError) as caught:
        mlmagic.run({"action": "predict", "model": "$net", "data": "$X"}, net=Net(), X=IRIS.data)
    assert "return x.nonsense()" in caught.value.stderr


# -- rows that are not what the model takes


def test_missing_columns_are_told_all_at_once(trained: Trained) -> None:
    first, second, *_ = trained.rows.columns
    rows = trained.rows.rename(columns={first: first.upper(), second: "else"})
    with pytest.raises(DataLoadingError, match="lack 2 columns") as caught:
        mlmagic.run({"action": "predict", "model": "$r", "data": "$rows"}, r=trained.report, rows=rows)
    assert caught.value.metadata["columns"] == [first, second]
    assert f"Did you mean {first.upper()!r} for {first!r}?" in caught.value.message
    assert caught.value.solution == f"df.rename(columns={ {first.upper(): first} })"


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


# -- blocks, progress, stopping


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, how long a block takes does not make the next one shorter."""
    monkeypatch.setattr(_blocks, "SECONDS", 1e6)


@pytest.mark.usefixtures("_patient")
def test_blocks_give_what_one_call_gives() -> None:
    diabetes = load_diabetes(as_frame=True)
    X = pd.concat([diabetes.data] * 60, ignore_index=True)
    model = LinearRegression().fit(diabetes.data, diabetes.target)
    report = mlmagic.run({"action": "predict", "model": "$m", "data": "$X"}, m=model, X=X)
    np.testing.assert_array_equal(report.predictions["predicted"], model.predict(X))
    assert report.metadata["batchSize"] == len(X) - 1024
    small = mlmagic.run({"action": "predict", "model": "$m", "data": "$X", "batchSize": 1000}, m=model, X=X)
    assert small.metadata["batchSize"] == 1000
    np.testing.assert_allclose(small.predictions["predicted"], report.predictions["predicted"], rtol=1e-12)


class Counted:
    """A model that notes how many rows it is asked for, and may take its time."""

    def __init__(self, seconds: float = 0.0, at: int | None = None, event: threading.Event | None = None) -> None:
        self.asked: list[int] = []
        self.seconds, self.at, self.event = seconds, at, event

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        import time

        self.asked.append(len(X))
        time.sleep(self.seconds)
        if self.event is not None and len(self.asked) == self.at:
            self.event.wait(30)
        return np.arange(len(X), dtype=float)


def wide(rows: int, columns: int) -> pd.DataFrame:
    return pd.DataFrame(np.zeros((rows, columns), dtype=np.float32)).rename(columns=lambda number: f"x{number}")


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (4, [1024, 1_048_576, 2112]),
        (1000, [512, 7680, 20]),
        (20_000, [32, 384, 10]),
    ],
)
def test_a_block_is_as_long_as_its_rows_are_narrow(columns: int, expected: list[int]) -> None:
    model, rows = Counted(), wide(sum(expected), columns)
    mlmagic.run({"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=model, X=rows)
    assert model.asked == expected


def test_a_slow_model_is_not_asked_for_more_than_it_answers_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_blocks, "SECONDS", 0.05)
    model = Counted(seconds=0.05)
    mlmagic.run({"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=model, X=wide(4096, 4))
    assert model.asked == [1024] * 4


@pytest.mark.usefixtures("_patient")
def test_a_stop_keeps_the_rows_so_far_and_progress_is_told() -> None:
    held, kept = threading.Event(), 1024 + 39 * 1024
    model, rows = Counted(at=2, event=held), wide(50_000, 200)
    report = mlmagic.submit({"action": "predict", "framework": "sklearn", "model": "$m", "data": "$X"}, m=model, X=rows)
    while len(model.asked) < 2:
        assert not report.run.wait(0.01), report.log
    assert (report.run.state.plan.unit, report.run.state.plan.total) == ("row", 50_000)
    report.stop()
    held.set()
    report.wait()
    assert report.status == "stopped"
    assert len(report.predictions) == report.metadata["samplesProcessed"] == kept
    assert report.run.state.done <= kept
    assert f"Stopped after {kept} of 50000 rows" in report.log
    assert report.to_dict()["executionReport"]["predictions"]["shape"] == [kept]
    assert len(pd.read_csv(report.artifacts["predictionsCSV"])) == kept


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
    assert shown["columns"] == ["sample_id", "predicted_class", "confidence", "0", "1", "2"]
    assert shown["of"] == 150
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
