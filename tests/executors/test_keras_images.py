"""Keras' networks for images: what they are made of, that they learn, and chances of augmentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

import mlmagic  # noqa: E402
from mlmagic.executors.keras._resnet import resnet18  # noqa: E402
from tests.executors.image_data import digits  # noqa: E402


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digits(tmp_path_factory.mktemp("images") / "digits", count=120)


def numbered(network: Any, kind: type) -> list[Any]:
    """Its layers of a kind, in the order in which they were made."""
    found = [layer for layer in network.layers if isinstance(layer, kind)]
    return sorted(found, key=lambda layer: int("0" + "".join(filter(str.isdigit, layer.name.split("_")[-1]))))


def test_a_resnet18_has_the_parameters_of_the_paper() -> None:
    network = resnet18((224, 224, 3), 1000)
    assert sum(int(np.prod(part.shape)) for part in network.trainable_weights) == 11_689_512
    assert network.name == "resnet18"


def test_a_resnet18_is_that_of_transformers() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from torch import nn

    from mlmagic.executors.pytorch._resnet import resnet18 as of_torch

    torch.manual_seed(0)
    theirs, ours = of_torch(3, 7), resnet18((None, None, 3), 7)
    with torch.no_grad():
        theirs.train()(torch.randn(8, 3, 40, 56))  # means and variances that are not 0 and 1
    theirs.eval()
    convolutions, normals = _in_order(theirs, nn)
    for layer, other in zip(numbered(ours, keras.layers.Conv2D), convolutions, strict=True):
        layer.set_weights([other.weight.detach().numpy().transpose(2, 3, 1, 0)])
    for layer, other in zip(numbered(ours, keras.layers.BatchNormalization), normals, strict=True):
        parts = (other.weight, other.bias, other.running_mean, other.running_var)
        layer.set_weights([part.detach().numpy() for part in parts])
    ours.layers[-1].set_weights([theirs[-1].weight.detach().numpy().T, theirs[-1].bias.detach().numpy()])
    images = np.random.default_rng(0).normal(size=(2, 3, 33, 48)).astype(np.float32)
    with torch.no_grad():
        expected = theirs(torch.from_numpy(images)).numpy()
    given = keras.ops.convert_to_numpy(ours(images.transpose(0, 2, 3, 1), training=False))
    assert given == pytest.approx(expected, rel=1e-3, abs=1e-3)


def _in_order(network: Any, nn: Any) -> tuple[list[Any], list[Any]]:
    """transformers has the shortcut before the convolutions of its block, we behind them."""
    parts = [[network[0]]]
    for stage in (module for module in network if hasattr(module, "layers")):
        for block in stage.layers:
            parts.append(list(block.layer))
            parts[-1] += [block.shortcut] if not isinstance(block.shortcut, nn.Identity) else []
    found = [part for block in parts for part in block]
    return tuple(
        [module for part in found for module in part.modules() if isinstance(module, kind)]
        for kind in (nn.Conv2d, nn.BatchNorm2d)
    )


@pytest.mark.parametrize(("name", "size", "epochs"), [("resnet18", 16, 3), ("resnet50", 32, 1)])
def test_a_resnet_trains_is_saved_and_comes_back(name: str, size: int, epochs: int, home: Path, tmp_path: Path) -> None:
    keys = {"architecture": name, "hyperparameters": {"dropout": 0.1}, "imageSize": size, "epochs": epochs}
    keys["checkpoint"] = False  # a SavedModel of so many layers takes longer than the training
    config = {
        "action": "train",
        "framework": "keras",
        "dataPath": str(home),
        "outputDir": str(tmp_path / "run"),
        **keys,
    }
    report = mlmagic.run({**config, "gpuEnabled": False, "batchSize": 16})
    assert report.metadata["network"] == name
    assert epochs == 1 or report.history["train_loss"].iloc[-1] < 0.7 * report.history["train_loss"].iloc[0]
    given = {"action": "predict", "framework": "keras", "inputData": str(home), "gpuEnabled": False}
    again = mlmagic.run({**given, "modelPath": str(tmp_path / "run"), "outputDir": str(tmp_path / "again")})
    test = report.predictions
    assert np.array_equal(again.predictions.loc[test.index, "confidence"], test["confidence"])
