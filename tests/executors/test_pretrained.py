"""Trained weights come from this machine's cache, laid out as the hub's library does, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mlmagic
from mlmagic.errors import InvalidConfiguration

transformers = pytest.importorskip("transformers")

SCRIPT = """
import json, sys, types
import numpy as np, torch, transformers
import mlmagic
X = np.random.default_rng(0).integers(0, 255, (40, 32, 32, 3), dtype=np.uint8)
y = np.arange(40) % 2
body = dict(action="train", framework="pytorch", architecture="resnet18", data="$X", target="$y", pretrained=True,
            epochs=1, learningRate=1e-12, optimizer="sgd", gpuEnabled=False, testSplit=0.1)
report = mlmagic.run(body, X=X, y=y)
first = next(value for key, value in report.model.state_dict().items() if key.endswith("convolution.weight"))
print(json.dumps([report.metadata["pretrained"], float(first.double().sum()), report.log]))
"""


def train(home: Path) -> tuple[bool, float, str]:
    where = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=where, cwd=home, check=False
    )
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def test_weights_in_the_cache_are_taken(tmp_path):
    config = transformers.ResNetConfig(layer_type="basic", depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512])
    there = transformers.ResNetForImageClassification(config)
    hub = tmp_path / "hub" / "models--microsoft--resnet-18"
    there.save_pretrained(hub / "snapshots" / "abc")
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text("abc")
    weight = there.resnet.embedder.embedder.convolution.weight
    trained, total, log = train(tmp_path)
    assert trained
    assert total == pytest.approx(float(weight.double().sum()), abs=1e-4)
    assert "starts from the weights of microsoft/resnet-18" in log


def test_weights_that_are_not_there_are_said_to_be_missing(tmp_path):
    trained, _, log = train(tmp_path)
    assert not trained
    assert "the weights of microsoft/resnet-18 are not on this machine, so it starts from random ones" in log


def test_training_from_random_weights_is_warned_of(here, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("transformers.utils.hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))
    X, y = np.random.default_rng(0).integers(0, 255, (24, 32, 32, 3), dtype=np.uint8), np.arange(24) % 2
    model = {"architecture": "resnet18", "pretrained": True}
    trainer = mlmagic.ModelTrainer({"framework": "pytorch", "model": model, "training": {"epochs": 1}})
    with pytest.warns(UserWarning, match="weights of microsoft/resnet-18 are not on this machine"):
        trainer.train((X, y))
    assert trainer.report.metadata["pretrained"] is False


def test_what_it_goes_with_and_how_many_labels_there_are(here):
    X, y = np.zeros((20, 8, 8), dtype=np.uint8), np.arange(20) % 2
    body = {"action": "train", "framework": "pytorch", "data": "$X", "target": "$y", "epochs": 1}
    with pytest.raises(InvalidConfiguration, match="pretrained goes with architecture: resnet18 or resnet50"):
        mlmagic.run({**body, "architecture": "cnn", "pretrained": True}, X=X, y=y)
    with pytest.raises(InvalidConfiguration, match="numClasses is 10, but the target has 2 labels"):
        mlmagic.run({**body, "architecture": "cnn", "numClasses": 10}, X=X, y=y)
