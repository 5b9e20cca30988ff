"""Where networks come from, and everything that can be wrong with them; their files."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from palmerpenguins import load_penguins  # noqa: E402
from sklearn.datasets import load_diabetes, load_iris  # noqa: E402
from torch import nn  # noqa: E402

import mlmagic.executors._networks._checkpoints as checkpoints  # noqa: E402
from mlmagic.config import UNBOUND  # noqa: E402
from mlmagic.errors import FrameworkNotFound, InvalidConfiguration, ModelLoadingError  # noqa: E402
from mlmagic.events import Artifact  # noqa: E402
from mlmagic.executors._networks._script import MODULE  # noqa: E402
from tests.executors.torch_run import Run, prepare  # noqa: E402

IRIS = load_iris(as_frame=True).frame
PENGUINS = load_penguins()

SCRIPT = """
from dataclasses import dataclass

from torch import nn

from layers import Block


@dataclass
class Settings:
    hidden: int = 8


class Net(nn.Module):
    def __init__(self, n_features, n_classes, hidden=8):
        super().__init__()
        self.body = Block(n_features, Settings(hidden).hidden)
        self.head = nn.Linear(hidden, n_classes)

    def forward(self, x):
        return self.head(self.body(x))
"""
LAYERS = """
from torch import nn


class Block(nn.Sequential):
    def __init__(self, before, after):
        super().__init__(nn.Linear(before, after), nn.{activation}())
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "layers.py").write_text(LAYERS.format(activation="ReLU"))
    path = tmp_path / "model.py"
    path.write_text(SCRIPT)
    return path


def iris(**keys: Any) -> Run:
    return prepare(IRIS, target="target", epochs=keys.pop("epochs", 2), **keys)


def fault(run: Run) -> str:
    with pytest.raises(InvalidConfiguration) as caught:
        run.check()
    return caught.value.message


def test_a_script_is_run_and_leaves_no_trace(script: Path) -> None:
    modules, path = set(sys.modules), list(sys.path)
    run = iris(modelScript=str(script)).check().train()
    assert type(run.outcome.model).__name__ == "Net"
    assert "Net was given n_features=4, n_classes=3, taken from the data" in run.log
    assert {"layers", MODULE}.isdisjoint(set(sys.modules) - modules)
    assert sys.path == path
    assert not list(script.parent.glob("__pycache__/model*"))


def test_scripts_of_two_directories_have_helpers_of_their_own(script: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "layers.py").write_text(LAYERS.format(activation="Tanh"))
    (other / "model.py").write_text(SCRIPT)
    first, second = (iris(modelScript=str(path)).train() for path in (script, other / "model.py"))
    assert isinstance(first.outcome.model.body[1], nn.ReLU)
    assert isinstance(second.outcome.model.body[1], nn.Tanh)


def test_a_network_of_a_script_can_leave_the_child_process(script: Path) -> None:
    run = iris(modelScript=str(script)).train()
    sent = pickle.loads(cloudpickle.dumps(run.outcome, protocol=5))
    expected = run.executor.predict(run.outcome, run.data.test)
    assert np.array_equal(run.executor.predict(sent, run.data.test).probabilities, expected.probabilities)


def test_what_is_wrong_with_a_script_is_said(script: Path, tmp_path: Path) -> None:
    two = "from torch import nn\nclass A(nn.Module): ...\nclass B(nn.Module): ..."
    one = "from torch import nn\nclass Network(nn.Module): ..."
    cases = {
        "print('no network here')": (None, "defines no torch.nn.Module", ""),
        two: (None, "defines 2 networks: A, B", ""),
        "def f(:": (None, "SyntaxError", "def f(:"),
        "def build():\n    return 1 / 0\nbuild()": (None, "ZeroDivisionError", "return 1 / 0"),
        "raise SystemExit(3)": (None, "SystemExit", "raise SystemExit(3)"),
        one: ("Netwrok", "no class 'Netwrok'. Did you mean `Network`?", ""),
    }  # fmt: skip
    for number, (text, (name, message, stderr)) in enumerate(cases.items()):
        path = tmp_path / f"bad_{number}.py"
        path.write_text(text)
        with pytest.raises(ModelLoadingError) as caught:
            iris(modelScript=str(path), **({"modelClass": name} if name else {})).check()
        assert message in caught.value.message
        assert stderr in (caught.value.stderr or "")
    with pytest.raises(ModelLoadingError, match=r"'nowhere\.py' is not there"):
        iris(modelScript="nowhere.py").check()


def test_a_class_that_raises_shows_the_users_line(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self, size=3):\n        raise ValueError('no')\n"
    )
    with pytest.raises(ModelLoadingError, match=r"Net\(size=5\) failed: ValueError: no") as caught:
        iris(modelScript=str(path), hyperparameters={"size": 5}).check()
    assert "raise ValueError('no')" in caught.value.stderr


def test_hyperparameters_are_checked_against_the_class(script: Path) -> None:
    message = fault(iris(modelScript=str(script), hyperparameters={"hiden": 4, "n_classes": 3}))
    assert "Net has no hyperparameter 'hiden'" in message
    assert "Did you mean `hidden`?" in message

    class Needs(nn.Linear):
        def __init__(self, in_features: int, depth: int) -> None:
            super().__init__(in_features, 3 * depth)

    message = fault(iris(model="$Needs", names={"Needs": Needs}))
    assert "Needs needs 'depth', which is not given: write hyperparameters: {depth: ...}" in message
    net = nn.Linear(4, 3)
    assert "already built" in fault(iris(model="$net", names={"net": net}, hyperparameters={"bias": False}))
    assert "$net is of type dict" in fault(iris(model="$net", names={"net": {}}))


def test_a_network_of_another_framework_says_which_one_to_write() -> None:
    keras = pytest.importorskip("keras")
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    own = type("Own", (keras.Model,), {})
    for given, what in ((net, "of type Sequential"), (own, "the class Own")):
        message = fault(iris(model="$net", names={"net": given}))
        assert message.endswith(f"$net is {what}, which comes from keras: write framework: keras")
    with pytest.raises(ModelLoadingError, match="what it gave is of type Sequential, which comes from keras: write"):
        iris(model="$make", names={"make": lambda: net}).check()
    xgboost = pytest.importorskip("xgboost")  # whose classes are scikit-learn's too
    message = fault(iris(model="$net", names={"net": xgboost.XGBClassifier()}))
    assert message.endswith("$net is of type XGBClassifier, which comes from xgboost: write framework: xgboost")


def test_all_faults_come_at_once(script: Path) -> None:
    early = {"metric": "val_acuracy"}
    message = fault(iris(modelScript=str(script), hyperparameters={"a": 1, "b": 2}, earlyStopping=early))
    assert "3 faults" in message
    assert "Did you mean `val_accuracy`?" in message
    message = fault(iris(architecture="mlp", validationSplit=0.0, earlyStopping={"metric": "val_loss"}))
    assert "without validationSplit there are no validation rows" in message


def test_early_stopping_where_no_validation_row_is_left() -> None:
    frame = pd.DataFrame({"x": range(6), "y": list("abcdef")})
    run = prepare(frame, target="y", architecture="mlp", task="classification", earlyStopping=True)
    assert (len(run.data.train), run.data.validation) == (2, None)
    message = fault(run)
    assert "all 2 validation rows have labels (" in message
    assert "that none of the 2 training rows has" in message
    assert "give more rows of each label, or name rows in validationData" in message
    assert "validationSplit" not in message


def test_shapes_are_checked_before_training(script: Path) -> None:
    class Narrow(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(7, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x)  # the line that is shown

    with pytest.raises(InvalidConfiguration, match=r"Narrow fails on inputs of shape \(4, 4\): RuntimeError") as caught:
        iris(model="$Narrow", names={"Narrow": Narrow}).check()
    assert "the line that is shown" in caught.value.stderr
    message = fault(iris(modelScript=str(script), hyperparameters={"n_classes": 10}))
    assert message == "Net gives (4, 10) for inputs of shape (4, 4), but 3 classes need (rows, 3)"
    two = IRIS[IRIS.target < 2]
    one = prepare(two, target="target", model="$net", names={"net": nn.Linear(4, 1)}, lossFunction="cross_entropy")
    assert "2 classes need (rows, 2)" in fault(one)
    regression = prepare(load_diabetes(as_frame=True).frame, model="$net", names={"net": nn.Linear(10, 2)})
    assert "a number needs (rows,) or (rows, 1)" in fault(regression)


def test_a_loss_of_the_notebook_is_tried_before_training() -> None:
    whole = {"loss": lambda prediction, target: prediction}
    message = fault(iris(architecture="mlp", lossFunction="$loss", names=whole))
    rule = "must give one number, or one a row in the target's shape (4,), as a tensor that depends on the outputs"
    assert message == f"lossFunction $loss {rule}; got shape (4, 3)"
    assert rule in fault(iris(architecture="mlp", lossFunction="$loss", names={"loss": lambda prediction, target: 1.0}))
    broken = {"loss": lambda prediction, target: prediction @ target}
    assert "lossFunction $loss fails on outputs of shape (4, 3)" in fault(
        iris(architecture="mlp", lossFunction="$loss", names=broken)
    )
    assert iris(architecture="mlp", lossFunction="$loss", names={"loss": nn.CrossEntropyLoss}).check().train().losses


def test_a_key_of_the_training_is_no_hyperparameter() -> None:
    class Net(nn.Linear):
        pass

    message = fault(iris(model="$Net", names={"Net": Net}, hyperparameters={"epochs": 3, "out_features": 3}))
    assert message == "'epochs' stands beside hyperparameters, not in it: write it one level up"


def test_a_misspelt_key_of_the_training_among_hyperparameters() -> None:
    class Net(nn.Linear):
        pass

    keys = {"names": {"Net": Net}, "hyperparameters": {"momentun": 0.9, "out_featurs": 3}}
    with pytest.raises(InvalidConfiguration) as caught:
        iris(model="$Net", **keys).check()
    found = {item.path: item for item in caught.value.faults}
    slip = found["config.hyperparameters.momentun"]
    assert slip.suggestion == "momentum"
    assert slip.message.startswith("Net has no hyperparameter 'momentun'; it has in_features, out_features")
    assert slip.message.endswith("'momentum' stands beside hyperparameters, not in it: write it one level up")
    assert found["config.hyperparameters.out_featurs"].suggestion == "out_features"


def test_a_softmax_before_cross_entropy_is_remarked() -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))
    assert "ends in a softmax" in iris(model="$net", names={"net": net}).train().log


@pytest.mark.parametrize("loss", [nn.NLLLoss, nn.NLLLoss(), nn.functional.nll_loss])
def test_a_loss_of_log_probabilities_is_given_them(loss: Any) -> None:
    keys = {"architecture": "mlp", "epochs": 3}
    theirs, ours = iris(**keys).train(), iris(**keys, lossFunction="$loss", names={"loss": loss}).train()
    assert ours.losses == pytest.approx(theirs.losses, rel=1e-6)


def test_a_loss_settles_the_task() -> None:
    losses = {"mse": "regression", "cross_entropy": "classification", None: None}
    for loss, task in losses.items():
        run = iris(architecture="mlp", **({"lossFunction": loss} if loss else {}))
        assert run.executor.task(run.config) == task
    run = iris(architecture="mlp", lossFunction="$loss", names={"loss": nn.HuberLoss()})
    assert run.executor.task(run.config) == "regression"


def test_saved_files_come_back_as_they_were(script: Path, tmp_path: Path) -> None:
    house = load_diabetes(as_frame=True).frame
    house["target"] = house.target * 1000
    for frame, target in ((PENGUINS, "species"), (PENGUINS, "island"), (house, "target")):
        for keys in ({"architecture": "mlp", "hyperparameters": {"hidden": [8]}}, {"modelScript": str(script)}):
            if "modelScript" in keys and target == "target":
                keys["hyperparameters"] = {"n_classes": 1}
            run = prepare(frame, target=target, directory=tmp_path, epochs=3, **keys).check().train()
            files = run.executor.save(run.outcome, run.config)
            assert list(files) == ["bestModel", "lastModel", "optimizer", "preparation"]
            assert [path.name for path in files.values()][:3] == ["best_model.pt", "last_model.pt", "optimizer.pt"]
            for path in list(files.values())[:3]:
                torch.load(path, weights_only=True)
            state = run.state
            state.apply(Artifact("bestModel", "best_model.pt", 1), 0.0)
            loaded = run.executor.load(tmp_path, run.config.model_copy(update={"trust": True}), state)
            expected, given = (run.executor.predict(outcome, run.data.test) for outcome in (run.outcome, loaded))
            assert list(given.values) == list(expected.values)


def test_nothing_is_loaded_that_would_run_code(script: Path, tmp_path: Path) -> None:
    run = iris(directory=tmp_path, modelScript=str(script)).train()
    run.executor.save(run.outcome, run.config)
    state = run.state
    assert run.executor.load(tmp_path, run.config, state) is None
    script.write_text(SCRIPT + "\n# changed since the run\n")
    state.apply(Artifact("bestModel", "../elsewhere.pt", 1), 0.0)
    with pytest.raises(ModelLoadingError, match="only if you trust it") as caught:
        run.executor.load(tmp_path, run.config, state)
    assert "--trust" in caught.value.solution
    torch.save({"format": 1, "state_dict": nn.Linear(1, 1)}, tmp_path / "best_model.pt")
    with pytest.raises(ModelLoadingError, match="would run code"):
        run.executor.load(tmp_path, run.config, state)
    (tmp_path / "best_model.pt").write_bytes(b"torn")
    with pytest.raises(ModelLoadingError):
        run.executor.load(tmp_path, run.config, state)


@pytest.mark.parametrize("name", ["$net", "$nets.one"])
def test_a_network_of_the_notebook_says_how_to_get_its_weights(tmp_path: Path, name: str) -> None:
    net = nn.Linear(4, 3)
    run = iris(directory=tmp_path, model=name, names={"net": net, "nets": net}).train()
    files = run.executor.save(run.outcome, run.config)
    state = run.state
    state.apply(Artifact("bestModel", "best_model.pt", 1), 0.0)
    unbound = run.config.bind(lambda reference: UNBOUND)
    with pytest.raises(ModelLoadingError, match="lived in the notebook") as caught:
        run.executor.load(tmp_path, unbound, state)
    wanted = f"mlmagic.attach({str(tmp_path)!r}, net=net)" if name == "$net" else "weights_only=True"
    assert wanted in caught.value.solution
    net.load_state_dict(torch.load(files["bestModel"], weights_only=True)["state_dict"])
    given = run.executor.load(tmp_path, run.config, state)
    assert given is not None
    expected = run.executor.predict(run.outcome, run.data.test).probabilities
    assert (run.executor.predict(given, run.data.test).probabilities == expected).all()


def test_checkpoints_are_kept_and_a_killed_run_loads_from_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "FIRST", 0.05)
    monkeypatch.setattr(checkpoints, "SECONDS", 0.05)
    house = load_diabetes(as_frame=True).frame
    keys = {"architecture": "mlp", "epochs": 60, "checkpointInterval": 20, "batchSize": 4}
    run = prepare(house, directory=tmp_path, **keys).train()
    told = {event.path for event in run.events if isinstance(event, Artifact)}
    assert told >= {f"checkpoints/epoch-{epoch}.pt" for epoch in (20, 40, 60)} | {"checkpoints/last.pt"}
    assert all((tmp_path / place).stat().st_size for place in told)
    loaded = run.executor.load(tmp_path, run.config, run.state)
    expected = run.executor.predict(run.outcome, run.data.test).values
    # The last checkpoint knows the best epoch until then, which is the run's own: 60 epochs are far past it.
    assert loaded.about["epoch"] == 60
    assert run.executor.predict(loaded, run.data.test).values == pytest.approx(expected)


def test_without_checkpoint_only_the_model_is_stored(tmp_path: Path) -> None:
    run = iris(directory=tmp_path, architecture="mlp", checkpoint=False, checkpointInterval=1).train()
    assert set(run.executor.save(run.outcome, run.config)) == {"bestModel", "preparation"}
    assert not (tmp_path / "checkpoints").exists()


def test_a_missing_torch_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = iris(architecture="mlp")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(FrameworkNotFound) as caught:
        run.executor.versions()
    assert caught.value.to_dict() == {
        "type": "framework-not-found",
        "message": "PyTorch not found in Python environment",
        "exitCode": 127,
        "stderr": "ModuleNotFoundError: No module named 'torch'",
        "solution": "Install PyTorch: pip install torch",
    }


def test_a_table_of_one_column_and_an_odd_index_trains() -> None:
    frame = pd.DataFrame({"x": np.linspace(-1, 1, 200), "y": np.linspace(-3, 3, 200)}, index=range(1000, 1200))
    run = prepare(frame, target="y", architecture="mlp", epochs=60, learningRate=0.01).check().train()
    assert np.abs(run.executor.predict(run.outcome, run.data.test).values - run.data.test.y).max() < 0.5
