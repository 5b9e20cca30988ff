import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

from mlmagic.data import TrainingData
from mlmagic.errors import DataLoadingError, InvalidConfiguration

from .given import penguins, split_by


def parts(data: TrainingData):
    return [part for part in (data.train, data.validation, data.test) if part is not None]


def table(y, **columns):
    columns = columns or {"x": np.arange(len(y), dtype=float)}
    return pd.DataFrame({**columns, "y": y})


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(6, 40), min_size=2, max_size=5),
    test=st.sampled_from([0.1, 0.2, 0.25, 0.4]),
    validation=st.sampled_from([0.0, 0.1, 0.2, 0.3]),
    seed=st.integers(0, 2**31 - 1),
)
def test_parts_are_disjoint_complete_stratified_and_repeatable(counts, test, validation, seed):
    frame = table(np.repeat([f"class {number}" for number in range(len(counts))], counts))
    frame.index = frame.index * 3 + 7
    data = split_by(frame, seed=seed, test_split=test, validation_split=validation)
    index = np.concatenate([part.X.index for part in parts(data)])
    assert sorted(index) == list(frame.index)
    sizes = [data.metadata[key] for key in ("trainSamples", "validationSamples", "testSamples")]
    assert sum(sizes) == len(frame) == data.metadata["samples"]
    assert sizes[2] == int(np.ceil(test * len(frame)))
    assert sizes[1] == int(np.ceil(validation * len(frame)))
    for part in parts(data):
        pd.testing.assert_series_equal(part.y, frame["y"].loc[part.X.index], check_dtype=False)
        if data.metadata["stratified"]:
            shares = part.y.value_counts().reindex(data.classes, fill_value=0)
            ideal = frame["y"].value_counts().reindex(data.classes) * len(part) / len(frame)
            # Each of the two cuts rounds by less than one row.
            assert (shares - ideal).abs().max() < 2
    again = split_by(frame, seed=seed, test_split=test, validation_split=validation)
    pd.testing.assert_frame_equal(data.train.X, again.train.X)


# Each first met in another order than the sorted one, and drawn from classes of unequal size.
CODES = [1, 2, 0, *np.random.default_rng(0).choice(3, size=94, p=[0.5, 0.35, 0.15])]
TARGETS = {
    "penguins": penguins()["species"],
    "text": pd.Series(["b", "a", "c"])[CODES],
    "text as objects": pd.Series(["b", "a", "c"], dtype=object)[CODES],
    "text of numbers": pd.Series(["9", "100", "10"])[CODES],
    "numbers as objects": pd.Series([10, 9, 100], dtype=object)[CODES],
    "categories in an order of their own": pd.Series(pd.Categorical.from_codes(CODES, ["low", "mid", "high"], True)),
    "categories of numbers": pd.Series(pd.Categorical.from_codes(CODES, [10.5, 9.5, 100.5])),
    "intervals": pd.cut(pd.Series([25, 7, 100])[CODES].reset_index(drop=True), [5, 9.5, 50, 200]),
    "integers": pd.Series([10, 9, 100])[CODES],
    "nullable integers": pd.Series([10, None, 100, 9], dtype="Int64")[[*CODES, *[3] * 30]],
    "integers of Arrow": pd.Series([10, 9, 100], dtype="int64[pyarrow]")[CODES],
    "integers with gaps": pd.Series([10, np.nan, 100, 9])[[*CODES, *[3] * 30]],
    "fractions": pd.Series([10.5, 9.5, 100.5])[CODES],
    "booleans": pd.Series([True, False, True])[CODES],
    "nullable booleans": pd.Series([True, None, False], dtype="boolean")[CODES],
    "booleans as objects": pd.Series([True, None, False], dtype=object)[CODES],
    "wine": load_wine(as_frame=True).target,
}


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
def test_the_rows_are_those_of_train_test_split(y, seed):
    frame = table(y.reset_index(drop=True), x=range(len(y)))
    data = split_by(frame, seed=seed, validation=0.15, task="classification")
    labelled = frame.dropna()
    train, test = train_test_split(labelled, test_size=0.2, random_state=seed, stratify=labelled["y"])
    size = int(np.ceil(0.15 * len(labelled)))
    train, validation = train_test_split(train, test_size=size, random_state=seed, stratify=train["y"])
    for part, by_hand in zip(parts(data), (train, validation, test), strict=True):
        pd.testing.assert_frame_equal(part.X, by_hand[["x"]])


def test_numbers_and_words_of_one_spelling_are_one_stratum():
    y = [1, "1", "b", "a"] * 10
    data = split_by(table(pd.Series(y, dtype=object)), task="classification")
    train, test = train_test_split(np.arange(40), test_size=0.2, random_state=0, stratify=[str(label) for label in y])
    assert data.train.X.index.tolist() == train.tolist()
    assert data.test.X.index.tolist() == test.tolist()


def test_what_was_decided_is_in_the_metadata():
    data = split_by(penguins(), target="species", validation=0.2)
    assert data.metadata == {
        "targetColumn": "species",
        "targetChosen": "named by target",
        "task": "classification",
        "taskChosen": "the target is text or categories",
        "samples": 344,
        "features": 7,
        "trainSamples": 206,
        "validationSamples": 69,
        "testSamples": 69,
        "stratified": True,
        "classes": 3,
        "warnings": [],
    }
    assert list(data.classes) == ["Adelie", "Chinstrap", "Gentoo"]
    assert data.train.gaps == ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex")


def test_a_fraction_of_the_config_wins_over_the_default():
    assert split_by(penguins(), target="species", validation=0.2, validation_split=0.0).validation is None
    assert split_by(penguins(), target="species", test_split=0.0).test is None


def test_rows_without_a_target_are_left_out_and_counted():
    data = split_by(penguins(), target="sex")
    assert data.metadata["samples"] == 333
    assert data.metadata["samplesWithoutTarget"] == 11
    assert data.metadata["warnings"] == ["11 rows without a value of 'sex' are left out"]
    assert not data.train.y.isna().any()


def test_the_frame_is_never_changed():
    frame = penguins()
    before = frame.copy(deep=True)
    data = split_by(frame, target="sex")
    data.train.X.loc[:, "year"] = 0
    pd.testing.assert_frame_equal(frame, before)


def test_an_empty_column_is_left_out_with_a_word():
    frame = table([0, 1] * 10, x=range(20), nothing=[np.nan] * 20, none=pd.Series([None] * 20, dtype=object))
    data = split_by(frame)
    assert list(data.train.X.columns) == ["x"]
    assert [text[:18] for text in data.metadata["warnings"]] == ["Column 'nothing' i", "Column 'none' is l"]
    with pytest.raises(DataLoadingError, match="Every feature is empty"):
        split_by(frame[["nothing", "y"]])


def test_rare_classes_fall_back_on_a_plain_split():
    data = split_by(table(["a"] * 20 + ["b"] * 19 + ["c"]))
    assert data.metadata["stratified"] is False
    assert "1 of 3 classes have a single row" in data.metadata["warnings"][0]
    with pytest.raises(
        DataLoadingError, match=r"All 3 training rows are 'a': the split put the others \(1 'b'\)"
    ) as caught:
        split_by(table(["a"] * 3 + ["b"]), seed=1, test_split=0.25)
    assert caught.value.solution == "Give more rows of each label, or lower testSplit and validationSplit"


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_too_few_rows(rows):
    with pytest.raises(DataLoadingError):
        split_by(table(["a", "b", "a", "b"][:rows], x=range(rows)), validation=0.2)


def test_fractions_that_leave_nothing():
    with pytest.raises(InvalidConfiguration, match=r"testSplit 0\.5 and validationSplit 0\.5"):
        split_by(penguins(), target="species", test_split=0.5, validation_split=0.5)


def test_prepare_none_skips_the_checks_of_columns():
    frame = table([0, 1] * 10, x=["1", "word"] * 10, when=pd.date_range("2020", periods=20))
    assert list(split_by(frame, prepare="none").train.X.columns) == ["x", "when"]
    with pytest.raises(DataLoadingError):
        split_by(frame)


def test_names_of_every_kind():
    names = ["<img src=x onerror=alert(1)>", "a b", "Größe (m²)", "日本", "__x__", "x__y", ""]
    frame = pd.DataFrame(np.random.default_rng(0).random((20, len(names))), columns=names)
    frame["</script>"] = ["<b>yes</b>", "no"] * 10
    data = split_by(frame, target="</script>")
    assert list(data.train.X.columns) == names
    assert list(data.classes) == ["<b>yes</b>", "no"]
