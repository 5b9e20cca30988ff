"""``framework: auto``: what a config's other keys tell of its framework."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlmagic.config import parse, resolve
from mlmagic.executors import EXECUTORS
from mlmagic.executors.sklearn.config import SklearnTrain
from tests.config.faults import fault, faults


def framework(text, action="train", origins=None):
    return resolve(parse(text), action=action, origins=origins).executor


def comes_from(*packages):
    return lambda reference: packages


TRAIN = "framework: auto\ndata: $df\n"


def test_by_algorithm():
    made = resolve(parse(TRAIN + "algorithm: RandomForestClassifier"), action="train")
    assert made.framework == "sklearn"
    assert isinstance(made.config, SklearnTrain)


@pytest.mark.parametrize("name", EXECUTORS)
def test_by_algorithm_wherever_a_framework_has_its_own(name):
    for algorithm in EXECUTORS[name].algorithms[:3]:
        assert framework(f"{TRAIN}algorithm: {algorithm}") == name
        # Named under another framework that has algorithms it is routed as well.
        assert framework(f"framework: sklearn\ndata: $df\nalgorithm: {algorithm}") == name


@pytest.mark.parametrize(("given", "meant"), [("XGBClasifier", "XGBClassifier"), ("randomforestregressor", None)])
def test_an_algorithm_that_no_framework_has(given, meant):
    told = fault(f"{TRAIN}algorithm: {given}")
    assert told.path == "algorithm"
    assert told.line == 3
    assert told.suggestion == (meant or "RandomForestRegressor")


def test_by_architecture():
    assert framework(TRAIN + "architecture: mlp") == "pytorch"


def test_by_the_type_of_a_variable():
    text = TRAIN + "model: $model"
    assert framework(text, origins=comes_from("sklearn")) == "sklearn"
    assert framework(text, origins=comes_from("__main__", "torch", "builtins")) == "pytorch"
    # An estimator of another library that scikit-learn's classes are among the bases of.
    assert framework(text, origins=comes_from("skorch", "sklearn", "builtins")) == "sklearn"


def test_by_the_framework_of_a_report():
    assert framework("model: $report\ndata: $df", "predict", comes_from("pytorch")) == "pytorch"


def test_a_variable_that_tells_nothing():
    found = fault(TRAIN + "model: $model")
    assert found.message.startswith("framework: auto goes by algorithm, architecture, model")
    assert found.message.endswith("and model tells none: name the framework")
    assert (found.line, found.column) == (1, 12)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("import torch\n", "pytorch"),
        ("from torch import nn\nimport os\n", "pytorch"),
        ("import numpy as np\nfrom torch.nn import functional as F\n", "pytorch"),
        ("def build():\n    import torch\n    return torch.nn.Linear(2, 2)\n", "pytorch"),
        ("import sklearn.pipeline\n", "sklearn"),
        ("import json\n\nfrom . import torch\n", None),
        ("import torch\nthis is no python\n", None),
    ],
)
def test_by_what_a_script_imports(tmp_path: Path, script, expected):
    (tmp_path / "net.py").write_text(script)
    text = f"{TRAIN}modelScript: {tmp_path / 'net.py'}"
    if expected == "pytorch":
        assert framework(text) == "pytorch"
    elif expected is None:
        assert fault(text).message.endswith("and modelScript tells none: name the framework")
    else:
        assert "modelScript is not a key of scikit-learn" in faults(text)[-1].message


def test_a_script_that_is_not_there_tells_nothing():
    assert "modelScript tells none" in fault(TRAIN + "modelScript: nowhere.py").message


def test_a_script_is_read_and_not_run(tmp_path: Path):
    (tmp_path / "net.py").write_text(f"import torch\nopen({str(tmp_path / 'ran')!r}, 'w')\n")
    framework(f"{TRAIN}modelScript: {tmp_path / 'net.py'}")
    assert not (tmp_path / "ran").exists()


FILE = "modelPath: {}\ndata: $df"


@pytest.mark.parametrize("suffix", [(name, suffix) for name, entry in EXECUTORS.items() for suffix in entry.suffixes])
def test_by_the_suffix_of_a_file(suffix):
    assert framework(FILE.format("somewhere/model" + suffix[1]), "predict") == suffix[0]


def test_no_two_frameworks_claim_a_suffix_or_an_algorithm():
    for claims in ("suffixes", "algorithms"):
        claimed = [claim for entry in EXECUTORS.values() for claim in getattr(entry, claims)]
        assert len(claimed) == len(set(claimed))


def test_by_the_run_of_a_directory_and_of_what_lies_in_it(tmp_path: Path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "config.yaml").write_text("action: train\nframework: pytorch\nconfig: {architecture: mlp}\n")
    for place in ("", "best_model.bin", "checkpoints/epoch-3.ckpt", "model.skops"):
        assert framework(FILE.format(tmp_path / place), "predict") == "pytorch", place


@pytest.mark.parametrize("text", ["framework: nonsense\n", "[1, 2\n", "action: train\n", "- 1\n"])
def test_a_directory_whose_config_says_nothing(tmp_path: Path, text):
    (tmp_path / "config.yaml").write_text(text)
    assert framework(FILE.format(tmp_path / "model.skops"), "predict") == "sklearn"
    assert "a directory that no run has written" in fault(FILE.format(tmp_path), "predict").message


def test_a_file_that_is_not_there_or_tells_nothing(tmp_path: Path):
    (tmp_path / "model.skops").touch()
    missing = fault(FILE.format(tmp_path / "modle.skop"), "predict")
    assert missing.suggestion == str(tmp_path / "model.skops")
    assert missing.message.endswith("is not there")
    (tmp_path / "model.bin").touch()
    assert fault(FILE.format(tmp_path / "model.bin"), "predict").message.endswith(
        "modelPath tells none: name the framework"
    )


def test_an_action_on_a_model_need_not_name_a_framework_but_training_must():
    assert framework("model: $m\ndata: $df", "evaluate", comes_from("sklearn")) == "sklearn"
    assert "framework is missing" in fault("algorithm: SVC\ndata: $df").message


def test_nothing_given():
    assert fault(TRAIN).message.endswith("and none of them is given: name the framework")
    messages = [found.message for found in faults("data: $df", "predict")]
    assert any("none of them is given" in message for message in messages)
    assert any(message.startswith("model is missing") for message in messages)


def test_the_first_that_tells_something_decides(tmp_path: Path):
    text = TRAIN + "algorithm: SVC\nmodel: $m"
    (found,) = faults(text)  # the framework is known, so its own rule is told
    assert "exclude each other" in found.message


def test_what_is_found_is_written_down():
    made = resolve(parse(TRAIN + "algorithm: SVC"), action="train")
    assert made.to_plain()["framework"] == "sklearn"
    assert resolve(made.to_plain()) == made
