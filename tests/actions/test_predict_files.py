"""``action: predict`` with files of models: what is read, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import mlmagic
from mlmagic.errors import InvalidConfiguration, ModelLoadingError
from tests.actions.conftest import Trained

IRIS = load_iris(as_frame=True)


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


def test_a_nameless_index_is_there_for_a_model_that_was_trained_on_it(tmp_path: Path) -> None:
    path = str(tmp_path / "flowers.csv")
    IRIS.frame.sample(frac=1, random_state=0, ignore_index=True).to_csv(path)
    read = pd.read_csv(path)
    keys = {"framework": "sklearn", "algorithm": "DecisionTreeClassifier", "target": "target", "testSplit": 0}
    by_frame = mlmagic.run({"action": "train", "data": "$df", **keys}, df=read)
    features = read.drop(columns="target")
    by_hand = DecisionTreeClassifier(random_state=42).fit(features, read["target"]).predict_proba(features)
    assert next(iter(features)) in mlmagic.load_model(by_frame).features
    np.testing.assert_array_equal(mlmagic.load_model(by_frame).predict_proba(path), by_hand)
    predicted = mlmagic.run({"action": "predict", "model": "$r", "dataPath": path}, r=by_frame).predictions
    np.testing.assert_array_equal(predicted.iloc[:, 2:], by_hand)
    assert mlmagic.run({"action": "evaluate", "model": "$r", "dataPath": path}, r=by_frame).metrics["accuracy"] == 1
    by_path = mlmagic.run({"action": "train", "dataPath": path, **keys})
    assert by_path.log.count("its first column has no name and counts the rows, so it is left out") == 1
    assert mlmagic.load_model(by_path).features == list(IRIS.data)
    model = mlmagic.load_model(by_path)
    np.testing.assert_array_equal(model.predict(read), model.predict(path))


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


def test_how_a_run_without_a_model_ended_is_told(classifier: Trained) -> None:
    keys = {"action": "train", "framework": "sklearn", "algorithm": "DecisionTreeClassifier", "data": "$df"}
    failed = mlmagic.submit({**keys, "target": "species"}, df=classifier.frame)
    with pytest.raises(InvalidConfiguration):
        failed.wait()
    used = f"action: predict\ndata: $rows\nmodelPath: {failed.output_dir}\n"
    said = "holds no model: its run failed before it saved one \\(target names no column: 'species'"
    with pytest.raises(ModelLoadingError, match=f"line 3, column 1: .*{said}"):
        mlmagic.run(used, rows=classifier.rows)


def test_what_else_a_run_wrote_is_no_model(network: Trained) -> None:
    home = network.report.output_dir
    models = {home / "best_model.pt", home / "last_model.pt"}
    others = {path for path in home.iterdir() if path.is_file() and path.suffix != ".csv"} - models
    assert {"report.json", "preparation.skops", "optimizer.pt", "training.log"} <= {path.name for path in others}
    for path in (*others, home / "metrics.csv", home / "tables" / "predictions.parquet"):
        with pytest.raises(ModelLoadingError, match=f"{path.name} is no model") as caught:
            network.run("predict", modelPath=str(path))
        assert all(model.name in caught.value.solution for model in models)
        assert "modelPath: " in caught.value.solution
    own = DecisionTreeClassifier(random_state=0).fit(IRIS.data, IRIS.target)
    joblib.dump(own, home / "own.joblib")
    try:
        found = mlmagic.load_model(home / "own.joblib", framework="sklearn", trust=True)
    finally:
        (home / "own.joblib").unlink()
    np.testing.assert_array_equal(found.predict_proba(IRIS.data), own.predict_proba(IRIS.data))


def test_a_damaged_file(classifier: Trained, tmp_path: Path) -> None:
    content = Path(classifier.report.artifacts["model"]).read_bytes()
    (tmp_path / "model.skops").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelLoadingError, match=r"Failed to load model.skops"):
        classifier.run("predict", modelPath=str(tmp_path / "model.skops"))


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
