"""A model's classes are the labels of its training rows, wherever the others are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from mlmagic.config import resolve
from mlmagic.data import TrainingData, folds, known_rows, training_data
from mlmagic.errors import DataLoadingError

from .given import split_by

ONCE = pd.DataFrame({"x": np.arange(41.0), "y": ["a"] * 20 + ["b"] * 20 + ["c"]})


def cut(frame: pd.DataFrame, seed: int, validation: float) -> dict[str, pd.DataFrame]:
    rest, test = train_test_split(frame, test_size=0.2, random_state=seed)
    size = int(np.ceil(validation * len(frame)))
    # Once the single row is gone, the others are stratified.
    labels = rest["y"] if rest["y"].value_counts().min() > 1 else None
    train, held = train_test_split(rest, test_size=size, random_state=seed, stratify=labels)
    return {"train": train, "validation": held, "test": test}


@pytest.mark.parametrize("place", ["train", "validation", "test"])
def test_a_label_of_one_row(place: str) -> None:
    seed = next(seed for seed in range(100) if 40 in cut(ONCE, seed, 0.2)[place].index)
    data, by_hand = split_by(ONCE, seed=seed, validation=0.2), cut(ONCE, seed, 0.2)
    assert list(data.classes) == sorted(by_hand["train"]["y"].unique())
    assert data.metadata["classes"] == len(data.classes) == (3 if place == "train" else 2)
    assert list(data.test.X.index) == list(by_hand["test"].index)
    kept = by_hand["validation"].query("y != 'c'") if place == "validation" else by_hand["validation"]
    pd.testing.assert_frame_equal(data.validation.X.assign(y=data.validation.y), kept, check_dtype=False)
    assert data.metadata["validationSamples"] == len(kept)
    told = [text for text in data.metadata["warnings"] if "cannot be learned" in text]
    assert len(told) == (place != "train")
    assert data.metadata.get("unlearnedLabels") == (
        None if place == "train" else {"c": {"validation": int(place == "validation"), "test": int(place == "test")}}
    )


def test_validation_rows_of_such_labels_alone_are_none_at_all() -> None:
    frame = pd.DataFrame({"x": np.arange(60.0), "y": list("ab") * 25 + ["c"] * 10, "g": [0] * 25 + [1] * 25 + [2] * 10})
    seed = next(seed for seed in range(50) if _held_group(frame, seed) == 2)
    data = split_by(frame, seed=seed, validation=0.3, test_split=0.3, groups="g")
    assert data.validation is None
    assert data.metadata["validationSamples"] == 0
    assert data.metadata["unlearnedLabels"] == {"c": {"validation": 10, "test": 0}}
    assert "10 validation rows of it are left out, and no other is there" in data.metadata["warnings"][-1]


def _held_group(frame: pd.DataFrame, seed: int) -> Any:
    from sklearn.model_selection import GroupShuffleSplit

    def part(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        kept, off = next(GroupShuffleSplit(1, test_size=1, random_state=seed).split(rows, groups=rows["g"]))
        return rows.iloc[kept], rows.iloc[off]

    return part(part(frame)[0])[1]["g"].iloc[0]


def test_weights_of_labels_that_are_not_learned_are_no_fault() -> None:
    seed = next(seed for seed in range(100) if 40 in cut(ONCE, seed, 0.2)["test"].index)
    data = split_by(ONCE, seed=seed, validation=0.2, class_weight={"a": 2, "c": 5})
    assert set(data.train.weight[data.train.y == "a"]) == {2.0}
    assert data.class_weight == {"a": 2}


@pytest.mark.parametrize("validation", [0.0, 0.2])
def test_each_fold_knows_the_labels_of_its_own_training_rows(validation: float) -> None:
    data = split_by(pd.concat([ONCE, ONCE.iloc[40:]], ignore_index=True), test_split=0.0)
    for part in folds(data, 4, False, 0, validation):
        assert list(part.classes) == sorted(part.train.y.unique())
        assert part.validation is None or set(part.validation.y) <= set(part.classes)
        strange = ~part.test.y.isin(part.classes)
        told = [text for text in part.metadata["warnings"] if "cannot be learned" in text]
        assert bool(told) == strange.any() or part.metadata["unlearnedLabels"]["c"]["test"] == 0
    assert sum(len(part.test) for part in folds(data, 4, False, 0, validation)) == 42


@pytest.mark.parametrize(
    ("keys", "way"), [({}, "Leave crossValidation.stratified out"), ({"groups": "g"}, "Make more")]
)
def test_a_fold_of_one_label_is_refused_before_the_first(keys: dict[str, Any], way: str) -> None:
    frame = pd.DataFrame({"x": np.arange(12.0), "y": ["a"] * 9 + ["b"] * 3, "g": [0, 1, 2] * 3 + [3] * 3})
    frame = frame if keys else frame.iloc[:10]
    data = split_by(frame, test_split=0.0, **keys)
    with pytest.raises(
        DataLoadingError, match=r"All \d training rows of fold \d of the cross-validation are 'a'"
    ) as caught:
        folds(data, 4 if keys else 3, False, 0, 0.0)
    assert caught.value.solution.startswith(way)


def test_windows_too() -> None:
    frame = pd.DataFrame({"x": np.arange(40.0), "y": list("ab") * 15 + ["c"] * 2 + ["a"] * 8})
    data = windows(frame, validationSplit=0.2)
    assert list(data.classes) == ["a", "b"]
    assert "c" not in set(data.validation.y) | set(data.train.y)
    assert data.metadata["unlearnedLabels"]["c"]["validation"] == 2 - data.metadata["unlearnedLabels"]["c"]["test"]
    with pytest.raises(DataLoadingError, match="training rows are 'a'"):
        windows(frame.assign(y=["a"] * 32 + ["b"] * 8), validationSplit=0.2)


def windows(frame: pd.DataFrame, **keys: Any) -> TrainingData:
    flat = {"action": "train", "framework": "pytorch", "architecture": "mlp", "data": "$df", "target": "y", **keys}
    config = resolve({**flat, "window": 2, "task": "classification"}).bind(lambda reference: frame).train
    return training_data(frame, config, 0, config.default_validation_split)


def test_rows_whose_labels_are_all_known_stay_as_they_are() -> None:
    rows = split_by(ONCE.iloc[:40]).test
    assert known_rows(rows, np.array(["a", "b"])) is rows
    assert known_rows(rows, np.array(["x"])) is None
    assert known_rows(None, np.array(["x"])) is None
