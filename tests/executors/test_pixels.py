"""Images of any kind as pixels of one shape, beside what Pillow and NumPy say."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

import mlmagic.executors._networks._decoded as decoded
from mlmagic.data import Cancelled, Rows
from mlmagic.errors import DataLoadingError, InvalidConfiguration
from mlmagic.executors._networks._decoded import Images
from mlmagic.executors._networks._images import ImageInputs, fit_images
from mlmagic.executors._networks._pixels import Pixels, Unreadable, look, pixels

PHOTOGRAPH = np.ascontiguousarray(load_sample_images().images[0][200:260, 200:280])
GREY, COLOUR = Pixels(60, 80, 1), Pixels(60, 80, 3)


def encoded(image: Image.Image, form: str = "PNG", **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **how)
    return buffer.getvalue()


def rows(*images: Any, names: list[str] | None = None) -> Rows:
    column = np.empty(len(images), dtype=object)
    column[:] = images
    return Rows(pd.DataFrame({"image": column}, index=names))


def test_colours_and_grey_are_pillows() -> None:
    image = Image.fromarray(PHOTOGRAPH)
    assert np.array_equal(pixels(encoded(image), COLOUR), PHOTOGRAPH)
    assert np.array_equal(pixels(encoded(image), GREY)[:, :, 0], np.asarray(image.convert("L")))
    grey = image.convert("L")
    assert np.array_equal(pixels(encoded(grey), COLOUR), np.stack([np.asarray(grey)] * 3, axis=2))


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "YCbCr"])
def test_other_modes_are_converted(mode: str) -> None:
    image = Image.fromarray(PHOTOGRAPH).convert(mode)
    data = encoded(image, "TIFF")
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.array_equal(pixels(data, COLOUR), expected)
    assert look(data)[:3] == (60, 80, 1 if mode == "1" else 3)


def test_what_is_transparent_is_white() -> None:
    alpha = np.zeros((60, 80), dtype=np.uint8)
    alpha[:30] = 255
    found = pixels(encoded(Image.fromarray(np.dstack([PHOTOGRAPH, alpha]))), COLOUR)
    assert np.array_equal(found[:30], PHOTOGRAPH[:30])
    assert (found[30:] == 255).all()
    palette = Image.fromarray(PHOTOGRAPH).convert("P")
    assert (pixels(encoded(palette, transparency=palette.getpixel((0, 0))), COLOUR)[0, 0] == 255).all()


def test_sixteen_bits_are_kept_as_numbers_and_come_down_to_eight_for_a_model_of_eight() -> None:
    deep = (PHOTOGRAPH[:, :, 0].astype(np.uint16) * 200) + 7
    data = encoded(Image.fromarray(deep))
    assert look(data) == (60, 80, 1, np.dtype(np.float32))
    assert np.array_equal(pixels(data, Pixels(60, 80, 1, "float32", 0, 65535))[:, :, 0], deep)
    assert np.array_equal(pixels(data, GREY)[:, :, 0], (deep / 257).astype(np.uint8))
    shallow = pixels(encoded(Image.fromarray(PHOTOGRAPH)), Pixels(60, 80, 3, "float32", 0, 65535))
    assert np.array_equal(shallow, PHOTOGRAPH.astype(np.float32) * 257)
    assert fit_images(rows(data, data), None, "minmax").wanted.high == 65535


@pytest.mark.parametrize(("orientation", "turn"), [(3, 2), (6, -1), (8, 1)])
def test_a_picture_is_turned_as_its_camera_says(orientation: int, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(PHOTOGRAPH), exif=exif)
    expected = np.rot90(PHOTOGRAPH, turn)
    assert look(data)[:2] == expected.shape[:2]
    assert np.array_equal(pixels(data, Pixels(*expected.shape)), expected)


def test_sizes_are_changed_by_pillow() -> None:
    image = Image.fromarray(PHOTOGRAPH)
    expected = np.asarray(image.resize((16, 24), Image.Resampling.BILINEAR))
    assert np.array_equal(pixels(encoded(image), Pixels(24, 16, 3)), expected)
    assert np.array_equal(pixels(PHOTOGRAPH, Pixels(24, 16, 3)), expected)
    half = PHOTOGRAPH[:, :, :1].astype(np.float32) / 255
    found = pixels(half, Pixels(24, 16, 1, "float32"))
    layer = Image.fromarray(half[:, :, 0]).resize((16, 24), Image.Resampling.BILINEAR)
    assert np.allclose(found[:, :, 0], np.asarray(layer))


@pytest.mark.parametrize("shape", [(60, 80, 3), (3, 60, 80)])
def test_arrays_with_channels_on_either_side(shape: tuple[int, ...]) -> None:
    array = PHOTOGRAPH if shape[2] == 3 else PHOTOGRAPH.transpose(2, 0, 1)
    assert look(array) == (60, 80, 3, np.uint8)
    assert np.array_equal(pixels(array, COLOUR), PHOTOGRAPH)


@pytest.mark.parametrize(
    ("value", "wanted", "why"),
    [
        (b"no image at all", COLOUR, "it is no image"),
        (encoded(Image.fromarray(PHOTOGRAPH))[:2000], COLOUR, "it is damaged or cut off"),
        (encoded(Image.fromarray(PHOTOGRAPH), "JPEG")[:1000], COLOUR, "it is damaged or cut off"),
        (Path("nowhere.png"), COLOUR, "the file is not there"),
        (None, COLOUR, "there is no image"),
        ("a.png", COLOUR, "a str is no image"),
        (PHOTOGRAPH.astype(np.float32), COLOUR, "it holds float32, and the model learned from whole numbers"),
        (PHOTOGRAPH, Pixels(60, 80, 3, "float32"), "it holds uint8, and the model learned from other numbers"),
        (np.zeros((4, 4, 2), np.float32), Pixels(4, 4, 3, "float32"), "it has 2 channels where the others have 3"),
    ],
)
def test_what_cannot_be_read_says_why(value: Any, wanted: Pixels, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        pixels(value, wanted)


def test_all_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    good, cut, text = (tmp_path / name for name in ("good.png", "cut.png", "text.png"))
    good.write_bytes(encoded(Image.fromarray(PHOTOGRAPH)))
    cut.write_bytes(good.read_bytes()[:-3000])
    text.write_text("hello")
    with pytest.raises(DataLoadingError) as caught:
        Images([good, cut, text], [0, 1, 2], COLOUR).whole()
    assert caught.value.message.startswith("Cannot read 2 of 3 images:")
    assert f"{cut}: it is damaged or cut off" in caught.value.message
    assert f"{text}: it is no image" in caught.value.message
    with pytest.raises(DataLoadingError, match="image row-7: it is no image"):
        fit_images(rows(good.read_bytes(), b"hello", names=["row-6", "row-7"]), None, "standard")


def test_batches_are_decoded_ahead_and_are_the_whole_ones() -> None:
    pieces = [np.roll(PHOTOGRAPH, number, axis=0) for number in range(50)]
    images = Images([encoded(Image.fromarray(piece)) for piece in pieces], range(50), Pixels(60, 80, 3))
    whole = images.whole()
    assert np.array_equal(whole, np.stack(pieces).transpose(0, 3, 1, 2))
    order = np.random.default_rng(0).permutation(50)
    parts = [order[start : start + 7] for start in range(0, 50, 7)]
    for part, batch in zip(parts, images.batches(parts), strict=True):
        assert np.array_equal(batch, whole[part])
    last = Images(images.values, range(50), Pixels(60, 80, 3), last=True)
    assert np.array_equal(last.whole(), np.stack(pieces))


def test_decoding_ends_when_it_is_not_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "BLOCK", 4)
    told: list[int] = []

    def going_on(done: int) -> bool:
        told.append(done)
        return done < 8

    with pytest.raises(Cancelled):
        Images([PHOTOGRAPH] * 20, range(20), COLOUR).whole(going_on)
    assert told == [0, 4, 8]


def test_the_scale_is_that_of_the_images() -> None:
    inputs = fit_images(rows(*(np.roll(PHOTOGRAPH, number, axis=0) for number in range(3))), None, "standard")
    share = PHOTOGRAPH / 255
    assert np.allclose(inputs.wanted.mean, share.mean(axis=(0, 1)))
    assert np.allclose(inputs.wanted.spread, share.std(axis=(0, 1)), rtol=1e-5)
    finished = inputs.first(rows(PHOTOGRAPH))[0]
    expected = (share - share.mean(axis=(0, 1))) / share.std(axis=(0, 1))
    assert np.allclose(finished, expected.transpose(2, 0, 1), atol=1e-5)


@pytest.mark.parametrize(
    ("array", "scaling", "expected"),
    [
        (PHOTOGRAPH, "minmax", PHOTOGRAPH / 255),
        (PHOTOGRAPH, "none", PHOTOGRAPH),
        (PHOTOGRAPH / 255, "minmax", PHOTOGRAPH / 255),
        (PHOTOGRAPH.astype(np.uint16) * 257, "minmax", PHOTOGRAPH / 255),
        (PHOTOGRAPH - 500.0, "none", PHOTOGRAPH - 500.0),
    ],
)
def test_other_scales(array: np.ndarray, scaling: str, expected: np.ndarray) -> None:
    found = fit_images(rows(array), None, scaling, last=True).first(rows(array))[0]
    assert np.allclose(found, expected, atol=1e-3, rtol=1e-5)


@pytest.mark.parametrize(
    ("sizes", "asked", "expected", "found", "why"),
    [
        ([(60, 80)] * 3, None, None, (60, 80), "all images have it"),
        ([(60, 80)] * 3, (8, 9), None, (8, 9), "named by imageSize"),
        ([(60, 80), (40, 50), (30, 90)], None, None, (40, 40), "several sizes"),
        ([(600, 800)] * 2, None, None, (224, 224), "the images are large"),
        ([(60, 80)] * 3, None, (32, 48, 3), (32, 48), "the network takes it"),
        ([(60, 80)] * 3, None, (None, None, 1), (60, 80), "all images have it"),
    ],
)
def test_the_size(sizes: Any, asked: Any, expected: Any, found: tuple[int, int], why: str) -> None:
    images = [np.zeros((*size, 3), dtype=np.uint8) for size in sizes]
    inputs = fit_images(rows(*images), asked, "standard", expected=expected)
    assert (inputs.wanted.height, inputs.wanted.width) == found
    assert why in inputs.facts()["images"]["sizeChosen"]
    assert inputs.wanted.channels == (expected[2] if expected else 3)


def test_a_network_and_the_config_that_disagree() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        fit_images(rows(PHOTOGRAPH), (8, 8), "standard", expected=(60, 80, 3))
    assert caught.value.faults[0].message == "imageSize is [8, 8], but the network takes [60, 80]"
    with pytest.raises(InvalidConfiguration, match="robust"):
        fit_images(rows(PHOTOGRAPH), None, "robust")


def test_what_is_stored_is_plain_and_comes_back() -> None:
    import json

    inputs = fit_images(rows(PHOTOGRAPH), None, "standard")
    plain = json.loads(json.dumps(inputs.to_plain()))
    assert ImageInputs.from_plain(plain, last=False).wanted == inputs.wanted
