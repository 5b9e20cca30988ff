import pytest

from mlmagic.config import describe, parse, resolve
from mlmagic.config._groups import groups
from mlmagic.config._model import alias
from mlmagic.errors import InvalidConfiguration


def test_overview_lists_every_key_once_a_group():
    text = describe(None)
    for group in groups():
        (part,) = (part for part in text.split("\n\n") if part.startswith(group.title))
        listed = [line.split()[0] for line in part.splitlines()[1:]]
        assert listed == [alias(group.model, name) for name in group.names]
    titles = [part.splitlines()[0] for part in text.split("\n\n")]
    assert titles[:3] == ["Every run", "train, every framework", "train, scikit-learn"]
    assert titles[-2:] == ["evaluate", "predict"]


def test_a_key_in_either_spelling():
    text = describe("testSplit")
    assert text == describe("test_split")
    assert "must be: a number of at least 0 and below 1" in text
    assert "default: 0.2" in text
    assert "example: testSplit: 0.25" in text


def test_a_key_of_two_frameworks():
    assert describe("hyperparameters").count("hyperparameters (train, ") >= 2


def test_a_key_that_means_the_same_in_two_actions_is_explained_once():
    text = describe("modelPath")
    assert text.startswith("modelPath (evaluate; predict)\n")
    assert text.count("A run's directory") == 1


def test_inner_keys():
    text = describe("early_stopping")
    assert "- patience: Epochs or rounds to wait for an improvement. Default: 10" in text
    assert "- minDelta:" in text


def test_a_synonym():
    assert describe("targetColumn") == describe("target")
    assert "also spelt: targetColumn, target_column" in describe("target")


@pytest.mark.parametrize("group", groups(), ids=lambda group: group.title)
def test_every_key_has_help_with_a_line_that_parses(group):
    for name in group.names:
        examples = [line.split("example: ")[1] for line in describe(name).splitlines() if "example: " in line]
        assert examples or name == "config"
        assert all(list(parse(line).value) == [alias(group.model, name)] for line in examples)


def test_examples_are_valid():
    lines = {key: describe(key).split(f"example: {key}: ")[1].splitlines()[0] for key in ("crossValidation", "target")}
    text = "framework: sklearn\nalgorithm: SVC\ndata: $df\n" + "\n".join(
        f"{key}: {line}" for key, line in lines.items()
    )
    assert resolve(parse(text), action="train").config.cross_validation.folds == 5


def test_unknown_key():
    with pytest.raises(InvalidConfiguration) as caught:
        describe("epoch")
    assert caught.value.faults[0].suggestion == "epochs"
