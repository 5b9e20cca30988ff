"""Mappings inside a config: what is wrong in one is told alike in all of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from mlmagic.config import parse, resolve
from mlmagic.config._model import alias, nested
from mlmagic.config._run import RunConfig
from mlmagic.executors import EXECUTORS
from mlmagic.executors import resolve as load
from tests.config.faults import fault, faults

MADE = {
    "sklearn": "algorithm: SVC\n",
    "pytorch": "architecture: mlp\n",
    "keras": "architecture: mlp\n",
}


def head(framework):
    return f"action: train\nframework: {framework}\ndata: $df\n{MADE.get(framework, '')}"


def every_section() -> Iterator[Any]:
    for framework, entry in EXECUTORS.items():
        for model in (RunConfig, load(entry.train)):
            for name, field in model.model_fields.items():
                inner = nested(field)
                if inner and name != "config":
                    keys = [alias(inner, key) for key in inner.model_fields]
                    yield pytest.param(framework, alias(model, name), keys, id=f"{framework}-{name}")
        if "architecture" in MADE.get(framework, ""):
            yield pytest.param(framework, "hyperparameters", ["hidden", "dropout", "activation"], id=f"{framework}-mlp")


ALL = pytest.mark.parametrize(("framework", "section", "keys"), list(every_section()))


@ALL
def test_an_unknown_key(framework, section, keys):
    found = fault(head(framework) + f"{section}: {{nonsense: 1}}")
    assert found.message == f"'nonsense' is not a key of {section}; it has {', '.join(keys)}"
    assert (found.path, found.suggestion) == (f"{section}.nonsense", None)
    assert found.column == len(section) + 4


@ALL
def test_a_misspelt_key(framework, section, keys):
    found = fault(head(framework) + f"{section}: {{{keys[-1][:-1]}: 1}}")
    assert found.message.startswith(f"'{keys[-1][:-1]}' is not a key of {section}; ")
    assert found.suggestion == keys[-1]


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_a_key_that_belongs_one_level_up(framework):
    found = fault(head(framework) + "hyperparameters: {epochs: 3}")
    assert found.message == "'epochs' stands beside hyperparameters, not in it: write it one level up"
    assert (found.path, found.suggestion) == ("hyperparameters.epochs", None)
    found = fault(head(framework) + "hyperparameters: {momentun: 0.9}")
    assert found.message.startswith("'momentun' is not a key of hyperparameters; 'momentum' stands beside")
    assert (found.path, found.suggestion) == ("hyperparameters.momentun", "momentum")


@ALL
@pytest.mark.parametrize(("wrong", "shown"), [("[[1]]", "a list"), ("1.5", "1.5")])
def test_no_mapping(framework, section, keys, wrong, shown):
    (found, *others) = faults(head(framework) + f"{section}: {wrong}")
    assert not others
    if wrong == "1.5" or section != "augmentation":  # which takes a list
        *first, last = keys
        assert f"a mapping with the keys {', '.join(first)} and {last}, got {shown}" in found.message
    assert found.message.startswith(section)


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("crossValidation: 3", "crossValidation: {folds: 3}"),
        ("crossValidation: true", "crossValidation: {folds: 5}"),
        ("crossValidation: 1", None),
        ("earlyStopping: 7", "earlyStopping: {patience: 7}"),
        ("logging: 1", None),
        ("logging: wandb", "logging: {wandb: true}"),
        ("logging: mlflow", None),
    ],
)
def test_one_value_in_place_of_its_mapping(line, suggestion):
    found = fault(head("pytorch") + line)
    assert found.suggestion == suggestion
    if suggestion:
        assert resolve(parse(head("pytorch") + suggestion))


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        ("classWeight: {yes: heavy}", "classWeight.yes must be a number of at least 0, got 'heavy'", None),
        ("classWeight: {0: 1, 1: -2}", "classWeight[1] must be a number of at least 0, got -2", None),
        ("classWeight: {yes: '5'}", "classWeight.yes must be a number of at least 0, got '5'", "yes: 5"),
        ("imageSize: [64, 0]", "imageSize[1] must be a whole number of at least 1, got 0", None),
        ("earlyStopping: {patience: 0}", "earlyStopping.patience must be a whole number of at least 1, got 0", None),
        ("hyperparameters: {hidden: [64, x]}", "hyperparameters.hidden[1] must be a whole number of ", None),
    ],
)
def test_a_wrong_value_inside_is_told_at_its_place(line, message, suggestion):
    found = fault(head("pytorch") + line)
    assert found.message.startswith(message)
    assert found.suggestion == suggestion


@pytest.mark.parametrize(("wrong", "shown"), [("[epochs]", "a list"), ("5", "5"), ("fast", "'fast'")])
def test_a_section_of_the_other_form_that_is_no_mapping(wrong, shown):
    found = fault(head("pytorch") + f"training: {wrong}")
    assert (found.message, found.column) == (f"training must be a mapping, got {shown}", 11)
