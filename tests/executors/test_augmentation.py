"""What random changes of images do, measured on images whose every change can be read off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlmagic.config import parse, resolve
from mlmagic.config._describe import describe
from mlmagic.errors import InvalidConfiguration
from mlmagic.executors._networks._augmentation import Augmentation
from mlmagic.executors._networks._images import ImageInputs
from mlmagic.executors._networks._pixels import Pixels

FRAMEWORKS = ("pytorch", "keras")
HEAD = "action: train\nframework: {}\ndata: $df\narchitecture: cnn"
IMAGES = {"action": "train", "data": "$df", "architecture": "cnn"}
ROWS, SIDE = 240, 20


def changed(framework: str, images: np.ndarray, name: str, **given: float) -> np.ndarray:
    """Images between 0 and 1, shape (n, height, width, channels), as a training batch gets them."""
    pixels = Pixels(*images.shape[1:], dtype="float32", low=0.0, high=1.0)
    wanted = Augmentation(transforms=[{name: given}])
    if framework == "keras":
        keras = pytest.importorskip("keras")
        from mlmagic.executors.keras._finish import augmented as of_keras

        made = of_keras(wanted, ImageInputs(pixels, last=True), seed=1)
        assert made is not None
        found: np.ndarray = keras.ops.convert_to_numpy(made(images.astype(np.float32)))
        return found
    torch = pytest.importorskip("torch")
    pytest.importorskip("kornia")
    from mlmagic.executors.pytorch._augmentation import augmented

    of_torch = augmented(wanted, pixels, torch.float32, torch.device("cpu"), seed=1)
    assert of_torch is not None
    batch = torch.from_numpy(images.transpose(0, 3, 1, 2).astype(np.float32))
    return of_torch(batch).numpy().transpose(0, 2, 3, 1)  # type: ignore[no-any-return]


def spreads(values: np.ndarray, least: float, most: float) -> bool:
    """Whether values stay in a range and come near to both of its ends."""
    near = 0.15 * (most - least)
    inside = values.min() >= least - 0.01 and values.max() <= most + 0.01
    return bool(inside and values.min() < least + near and values.max() > most - near)


def noise(low: float, high: float) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, (ROWS, SIDE, SIDE, 3))


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(("name", "axis"), [("random_flip", 2), ("random_vertical_flip", 1)])
@pytest.mark.parametrize("probability", [0.0, 0.1, 0.9, 1.0])
def test_images_are_mirrored_as_often_as_asked(framework: str, name: str, axis: int, probability: float) -> None:
    images = noise(0, 1)
    found = changed(framework, images, name, probability=probability)
    same, mirrored = (
        np.isclose(found, other, atol=1e-5).all(axis=(1, 2, 3)) for other in (images, np.flip(images, axis))
    )
    assert (same | mirrored).all()
    assert mirrored.mean() == pytest.approx(probability, abs=0.07 if 0 < probability < 1 else 0)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("probability", [0.2, 0.9])
def test_a_rectangle_is_blanked_out_as_often_and_as_largely_as_asked(framework: str, probability: float) -> None:
    found = changed(framework, noise(0.5, 1), "random_erasing", probability=probability, area=0.1)
    share = (found == 0).all(axis=3).mean(axis=(1, 2))
    assert (share > 0).mean() == pytest.approx(probability, abs=0.1)
    assert 0.06 < share.max() < 0.16  # sides are whole pixels


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("channels", [1, 3])
def test_contrast_is_raised_and_lowered(framework: str, channels: int) -> None:
    images = noise(0.4, 0.6)[..., :channels]
    off = {"brightness": 0, "saturation": 0, "hue": 0}
    found = changed(framework, images, "color_jitter", contrast=0.3, **off)
    assert spreads(found.std(axis=(1, 2, 3)) / images.std(axis=(1, 2, 3)), 0.7, 1.3)
    assert found.mean(axis=(1, 2, 3)) == pytest.approx(images.mean(axis=(1, 2, 3)), abs=0.01)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_is_raised_and_lowered(framework: str, channels: int) -> None:
    images = noise(0.4, 0.6)[..., :channels]
    off = {"contrast": 0, "saturation": 0, "hue": 0}
    found = changed(framework, images, "color_jitter", brightness=0.2, **off)
    assert spreads((found - images).mean(axis=(1, 2, 3)), -0.2, 0.2)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_saturation_is_raised_and_lowered(framework: str) -> None:
    images = np.tile([0.6, 0.4, 0.5], (ROWS, SIDE, SIDE, 1))
    off = {"brightness": 0, "contrast": 0, "hue": 0}
    found = changed(framework, images, "color_jitter", saturation=0.4, **off)
    saturation = [1 - part.min(axis=-1) / part.max(axis=-1) for part in (found[:, 0, 0], images[:, 0, 0])]
    assert spreads(saturation[0] / saturation[1], 0.6, 1.4)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_colours_are_turned_to_both_sides(framework: str) -> None:
    from matplotlib.colors import rgb_to_hsv

    images = np.tile([0.4, 0.6, 0.5], (ROWS, SIDE, SIDE, 1))
    off = {"brightness": 0, "contrast": 0, "saturation": 0}
    found = changed(framework, images, "color_jitter", hue=0.1, **off)
    turned = rgb_to_hsv(found[:, 0, 0].clip(0, 1))[:, 0] - rgb_to_hsv(images[0, 0, 0])[0]
    assert spreads(turned, -0.1, 0.1)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_images_are_turned_to_both_sides(framework: str) -> None:
    rows, columns = np.mgrid[:41, :41] - 20
    spot = np.exp(-((rows - 0) ** 2 + (columns - 12) ** 2) / 4)
    found = changed(framework, np.tile(spot[None, :, :, None], (ROWS, 1, 1, 3)), "random_rotation", degrees=20)[..., 0]
    weight = found / found.sum(axis=(1, 2), keepdims=True)
    middle = [(weight * place).sum(axis=(1, 2)) for place in (rows, columns)]
    assert spreads(np.degrees(np.arctan2(*middle)) / 20, -1, 1)
    assert np.hypot(*middle) == pytest.approx(12, abs=0.3)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_images_are_shifted_to_all_sides(framework: str) -> None:
    images = np.zeros((ROWS, SIDE, SIDE, 3))
    images[:, 10, 10] = 1
    found = changed(framework, images, "random_crop", padding=0.2)[..., 0]
    places = np.array([np.argwhere(image > 0.5) for image in found]).reshape(ROWS, 2) - 10
    assert places.min(axis=0).tolist() == [-4, -4]
    assert places.max(axis=0).tolist() == [4, 4]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_help_writes_is_taken(framework: str) -> None:
    examples = [line.split(": ", 1)[1] for line in describe("augmentation").splitlines() if "example:" in line]
    assert examples
    for line in examples:
        assert resolve(parse(f"{HEAD.format(framework)}\n{line}")).train.augmentation.steps
    forms: list[Any] = ["random_crop", True, ["random_crop", {"random_flip": {"probability": 0.1}}]]
    forms.append({"transforms": forms[-1]})
    for form in forms:
        assert resolve({**IMAGES, "framework": framework, "augmentation": form}).train.augmentation.steps


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("flip", "random_flip"),
        ("RandomHorizontalFlip", "random_flip"),
        ("vertical_flip", "random_vertical_flip"),
        ("rotate", "random_rotation"),
        ("crop", "random_crop"),
        ("jitter", "color_jitter"),
        ("erasing", "random_erasing"),
        ("mixup", None),
    ],
)
def test_what_others_call_a_change_is_suggested(name: str, meant: str | None) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        resolve({**IMAGES, "framework": "pytorch", "augmentation": [name]})
    assert [fault.suggestion for fault in caught.value.faults] == [meant]
