"""The keys of images: imageSize, augmentation and the architectures."""

from __future__ import annotations

from typing import Any

import pytest

from mlmagic.config import parse, resolve
from mlmagic.executors._networks._augmentation import Crop, Flip, Rotation
from mlmagic.executors._networks.config import NetworkTrain
from tests.config.faults import fault

HEAD = "framework: pytorch\ndataPath: data/\narchitecture: cnn\n"
KERAS = HEAD.replace("pytorch", "keras")


def config(text: str) -> NetworkTrain:
    found = resolve(parse(text), action="train").config
    assert isinstance(found, NetworkTrain)
    return found


@pytest.mark.parametrize(
    ("line", "size"), [("", None), ("imageSize: 64", (64, 64)), ("image_size: [48, 64]", (48, 64))]
)
@pytest.mark.parametrize("head", [HEAD, KERAS])
def test_sizes(head: str, line: str, size: Any) -> None:
    assert config(head + line).size == size


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", []),
        ("augmentation: false", []),
        ("augmentation: true", [("random_flip", Flip()), ("random_crop", Crop())]),
        ("augmentation: random_flip", [("random_flip", Flip())]),
        ("augmentation: [random_flip, random_crop]", [("random_flip", Flip()), ("random_crop", Crop())]),
        (
            "augmentation:\n  - random_vertical_flip\n  - random_rotation: {degrees: 30}",
            [("random_vertical_flip", Flip()), ("random_rotation", Rotation(degrees=30))],
        ),
        ("augmentation:\n  enabled: true\n  transforms:\n    - random_crop", [("random_crop", Crop())]),
        ("augmentation: {enabled: false, transforms: [random_crop]}", []),
        ("augmentation: [{random_crop: null}]", [("random_crop", Crop())]),
    ],
)
@pytest.mark.parametrize("head", [HEAD, KERAS])
def test_augmentation(head: str, text: str, steps: list[Any]) -> None:
    made = config(head + text)
    assert (made.augmentation.steps if made.augmentation else []) == steps
    run = resolve(parse(head + text), action="train")
    assert resolve(run.to_plain()) == run


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        (
            "imageSize: 0",
            "imageSize must be a whole number of at least 1 or a list of whole numbers of at least 1, got 0",
            None,
        ),
        ("imageSize: [1, 2, 3]", "imageSize must be a whole number of at least 1 or a list of whole numbers", None),
        ("augmentation: [random_flp]", "got 'random_flp'", "random_flip"),
        (
            "augmentation: [{random_rotation: {degree: 3}}]",
            "'degree' is not a key of random_rotation; it has degrees",
            "degrees",
        ),
        ("augmentation: [{random_rotation: {degrees: 300}}]", "random_rotation.degrees must be a number", None),
        ("augmentation: [{random_crop: 3}]", "random_crop must be a mapping with the keys padding, got 3", None),
        (
            "augmentation: [{random_flip: {}, random_crop: {}}]",
            "each transform of augmentation must be a name, or a mapping",
            None,
        ),
        ("augmentation: {transform: [random_flip]}", "'transform' is not a key of augmentation", "transforms"),
        ("hyperparameters: {chanels: [8]}", "'chanels' is not a key of hyperparameters", "channels"),
        ("hyperparameters: {channels: []}", "hyperparameters.channels must be", None),
    ],
)
def test_faults(line: str, message: str, suggestion: str | None) -> None:
    found = fault(HEAD + line)
    assert message in found.message
    assert found.suggestion == suggestion


def test_architectures_of_each_framework() -> None:
    assert config(HEAD.replace("cnn", "resnet18") + "hyperparameters: {dropout: 0.2}").hyperparameters == {
        "dropout": 0.2
    }
    assert config(HEAD).hyperparameters == {"channels": [32, 64, 128], "dropout": 0}
    for name in ("resnet18", "resnet50", "text_transformer"):
        assert config(KERAS.replace("cnn", name)).architecture == name
    found = fault(KERAS.replace("cnn", "tabular transformer"))
    known = "mlp, cnn, resnet18, resnet50 or text_transformer"
    assert found.message == f"architecture must be {known} in this framework, got 'tabular_transformer'"
    assert fault(HEAD.replace("cnn", "resnet19")).suggestion == "resnet18"
