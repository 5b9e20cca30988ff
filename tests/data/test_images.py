"""Folders and arrays of images as tables: what is taken, how it is hashed and split, what is refused."""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from mlmagic.data import data_hash, empty_folders, fit_preparation, is_image, read, row_cells, schema
from mlmagic.data._checks import inspect
from mlmagic.data._kinds import kind
from mlmagic.data._source import read_table
from mlmagic.data._split import split
from mlmagic.data._types import Rows
from mlmagic.errors import DataLoadingError, InvalidConfiguration

DIGITS = load_digits()


def picture(number: int = 0, size: int = 8) -> Image.Image:
    return Image.fromarray((DIGITS.images[number] * 15).astype(np.uint8)).resize((size, size))


def folder(root: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(root / name)
    return root


def wanted(**keys: Any) -> Any:
    defaults = dict.fromkeys(
        ("target", "feature_columns", "task", "validation_split", "class_weight", "sample_weight", "groups")
    )
    return SimpleNamespace(
        **{**defaults, "test_split": 0.2, "prepare": "auto", "reads_text": False, "prepares_itself": False, **keys}
    )


def test_a_folder_a_class(tmp_path: Path) -> None:
    folder(tmp_path, "dog/7.PNG", "cat/1.jpg", "cat/more/deep.bmp", "cat/.hidden.png", ".cache/x.png")
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "bird" / "nest").mkdir(parents=True)
    frame = read_table(str(tmp_path))
    assert empty_folders(frame) == ["bird"]
    assert list(frame.index) == ["cat/1.jpg", "cat/more/deep.bmp", "dog/7.PNG"]
    assert frame.index.name == "file"
    assert frame["label"].tolist() == ["cat", "cat", "dog"]
    assert frame["image"].tolist() == [tmp_path / name for name in frame.index]
    assert schema(frame)["columns"] == {"image": "image", "label": "str"}


def test_a_flat_folder_has_no_label_and_one_file_is_one_row(tmp_path: Path) -> None:
    frame = read_table(str(folder(tmp_path, "b.png", "a.png")))
    assert list(frame.columns) == ["image"]
    assert list(frame.index) == ["a.png", "b.png"]
    assert read_table(str(tmp_path / "b.png"))["image"].tolist() == [tmp_path / "b.png"]


def test_a_class_may_be_a_link_to_a_folder(tmp_path: Path) -> None:
    folder(tmp_path / "elsewhere", "1.png")
    folder(tmp_path / "data", "dog/2.png")
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "data")
    assert read_table(str(tmp_path / "data"))["label"].tolist() == ["cat", "dog"]


@pytest.mark.parametrize("parts", [("train", "val", "test"), ("Train", "validation"), ("training", "testing")])
def test_the_folders_of_a_split_are_no_classes(tmp_path: Path, parts: tuple[str, ...]) -> None:
    folder(tmp_path, *(f"{part}/{label}/1.png" for part in parts for label in ("cat", "dog")))
    with pytest.raises(DataLoadingError) as caught:
        read_table(str(tmp_path))
    assert "are the parts of a split" in caught.value.message
    assert f"dataPath: {tmp_path / parts[0]}" in caught.value.solution
    assert ("validationData:" in caught.value.solution) == (parts[1] != "testing")
    assert read_table(str(tmp_path / parts[0]))["label"].tolist() == ["cat", "dog"]


def test_a_class_that_is_called_test_is_one(tmp_path: Path) -> None:
    folder(tmp_path, "test/1.png", "cat/1.png")
    assert read_table(str(tmp_path))["label"].tolist() == ["cat", "test"]


def test_a_test_folder_with_the_classes_beside_it_is_kept_for_later(tmp_path: Path) -> None:
    folder(tmp_path, "cat/1.png", "dog/1.png", "test/cat/2.png", "test/dog/2.png")
    assert list(read_table(str(tmp_path)).index) == ["cat/1.png", "dog/1.png"]
    assert list(read_table(str(tmp_path / "test")).index) == ["cat/2.png", "dog/2.png"]
    folder(tmp_path, "test/bird/2.png")  # no class beside it is called so
    assert set(read_table(str(tmp_path))["label"]) == {"cat", "dog", "test"}


def test_a_folder_without_images_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataLoadingError) as caught:
        read_table(str(tmp_path))
    assert "'a.csv'" in caught.value.solution


@pytest.mark.parametrize(
    ("shape", "row"),
    [((5, 8, 9), (8, 9)), ((5, 8, 9, 3), (8, 9, 3)), ((5, 3, 8, 9), (8, 9, 3)), ((5, 1, 8, 9), (8, 9, 1))],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_arrays_keep_their_memory(shape: tuple[int, ...], row: tuple[int, ...], dtype: Any) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    frame = read(SimpleNamespace(data=SimpleNamespace(value=array), data_path=None))  # type: ignore[arg-type]
    assert [value.shape for value in frame["image"]] == [row] * 5
    assert all(np.shares_memory(value, array) for value in frame["image"])
    last = array[2].transpose(1, 2, 0) if array.ndim == 4 and shape[1] < shape[3] else array[2]
    assert np.array_equal(frame["image"][2], last)


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2, 2, 2)), np.full((2, 4, 4), "a"), np.zeros((2, 4, 4), complex)])
def test_arrays_that_are_no_images(array: np.ndarray) -> None:
    with pytest.raises(DataLoadingError):
        read(SimpleNamespace(data=SimpleNamespace(value=array), data_path=None))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(8, 9, 3), (8, 9, 1), (8, 9, 4)])
def test_one_image_is_no_stack_of_rows(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataLoadingError) as caught:
        read(SimpleNamespace(data=SimpleNamespace(value=np.zeros(shape)), data_path=None))  # type: ignore[arg-type]
    assert "is one image, not a stack of them: write array[None]" in str(caught.value)


def encoded(number: int, form: str) -> bytes:
    buffer = io.BytesIO()
    picture(number).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_encoded_bytes_are_images(form: str) -> None:
    assert kind(pd.Series([encoded(number, form) for number in range(3)])) == "image"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([Path("a.png"), Path("b.png")], "image"),
        ([np.zeros((4, 4)), None], "image"),
        ([b"a", b"b"], "object"),
        ([np.zeros(4), np.zeros(4)], "object"),
        ([None, None], "number"),
        (["a.png", "b.png"], "category"),
    ],
)
def test_kinds(values: list[Any], expected: str) -> None:
    column = pd.Series(values, dtype=object)
    assert kind(column) == expected
    assert is_image(column) == (expected == "image")


def test_the_hash_is_of_contents(tmp_path: Path) -> None:
    names = [f"{label}/{number}.png" for label in ("a", "b") for number in range(20)]
    one, two = folder(tmp_path / "one", *names), folder(tmp_path / "two", *names)
    os.utime(two / "a" / "3.png", (0, 0))
    before = data_hash(read_table(str(one)))
    assert before == data_hash(read_table(str(two)))
    picture(99).save(two / "a" / "3.png")
    assert before != data_hash(read_table(str(two)))


def test_the_hash_of_arrays() -> None:
    array = (DIGITS.images * 15).astype(np.uint8)
    frames = [pd.DataFrame({"image": list(given)}) for given in (array, array.copy(), array[::-1], array.astype(float))]
    first, *others = map(data_hash, frames)
    assert [first == other for other in others] == [True, False, False]
    shaped = pd.DataFrame({"image": list(array.reshape(-1, 4, 16))})
    assert data_hash(shaped) != first


def test_rows_are_split_as_those_of_any_table(tmp_path: Path) -> None:
    from sklearn.model_selection import train_test_split

    names = [f"{label}/{number}.png" for label in ("a", "b") for number in range(20)]
    frame = read_table(str(folder(tmp_path, *names)))
    data = split(frame, wanted(), 0, 0.0)
    _, test = train_test_split(np.arange(40), test_size=0.2, random_state=0, stratify=frame["label"])
    assert data.test is not None
    assert list(data.test.X.index) == list(frame.index[test])
    assert list(data.train.X.columns) == ["image"]
    assert data.target == "label"


def test_columns_beside_an_image_are_left_out_with_a_word() -> None:
    rows = {"height": [8] * 6, "image": [encoded(number, "PNG") for number in range(6)], "label": [0, 1] * 3}
    data = split(pd.DataFrame(rows), wanted(), 0, 0.0)
    assert list(data.train.X.columns) == ["image"]
    assert data.metadata["warnings"] == ["Beside the images of 'image' these columns are left out: 'height'"]
    with pytest.raises(DataLoadingError) as caught:
        split(pd.DataFrame(rows), wanted(feature_columns=["height", "image"]), 0, 0.0)
    assert "'height' stands beside the images of 'image'" in caught.value.message


def test_images_without_labels_say_how_to_give_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        split(read_table(str(folder(tmp_path, "a.png", "b.png"))), wanted(), 0, 0.0)
    assert caught.value.faults[0].message.startswith("The images have no label")


def test_a_gap_among_images_is_named() -> None:
    frame = pd.DataFrame({"image": [encoded(0, "PNG"), None]}, index=["x", "y"])
    with pytest.raises(DataLoadingError) as caught:
        inspect(frame)
    assert caught.value.message == "Column 'image' has 1 gaps where images are, first at index 'y'"


@pytest.mark.parametrize("mode", ["auto", "none", "native"])
def test_what_takes_tables_refuses_images(mode: Any) -> None:
    frame = pd.DataFrame({"image": list(DIGITS.images)})
    with pytest.raises(DataLoadingError) as caught:
        fit_preparation(Rows(frame), "standard", mode)
    assert "only networks learn from them" in caught.value.message


def test_an_image_is_worth_more_than_a_number() -> None:
    table = pd.DataFrame({"a": [1], "b": [2]})
    assert row_cells(table, ["a", "b"]) == 2
    assert row_cells(table.assign(image=[np.zeros((4, 4))]), ["image"]) == 31_250
