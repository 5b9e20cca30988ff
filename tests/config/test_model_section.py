"""Misspelt keys of ``model:``, told at their place whatever else the config says."""

from __future__ import annotations

import pytest

from mlmagic.config import parse, resolve
from tests.config.faults import fault, faults

HEAD = "action: train\ndata: $df\n"
KEYS = "it has architecture, pretrained, numClasses, hidden, dropout, activation"


@pytest.mark.parametrize("framework", ["", "framework: auto\n", "framework: pytorch\n", "framework: keras\n"])
@pytest.mark.parametrize("wrong", ["archtecture", "architectur", "Architecture"])
def test_an_architecture(framework, wrong):
    found = fault(HEAD + framework + f"model:\n  hidden: [8]\n  {wrong}: mlp\n")
    assert (found.message, found.suggestion) == (f"'{wrong}' is not a key of model", "architecture")
    assert (found.line, found.column) == (5 + bool(framework), 3)


def test_all_are_told_at_once():
    first, second, third = faults(
        HEAD + "model: {archtecture: mlp, pretraned: true, hiden: [8]}\ntraining: {epochs: 2}\n"
    )
    assert (first.suggestion, second.suggestion, third.suggestion) == ("architecture", "pretrained", "hidden")
    assert second.message == f"'pretraned' is not a key of model; {KEYS}"
    assert [found.column for found in (first, second, third)] == [9, 27, 44]


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
@pytest.mark.parametrize(("wrong", "meant"), [("archtecture", "architecture"), ("num_clases", "numClasses")])
def test_beside_a_flat_architecture(framework, wrong, meant):
    found = fault(HEAD + f"framework: {framework}\narchitecture: mlp\nmodel: {{{wrong}: mlp}}\n")
    keys = KEYS if framework == "pytorch" else KEYS.replace("pretrained, ", "")
    assert (found.message, found.suggestion) == (f"'{wrong}' is not a key of model; {keys}", meant)


def test_its_value_is_checked_too():
    first, second = faults(HEAD + "model: {archtecture: resnet81}\n")
    assert first.suggestion == "architecture"
    assert (second.suggestion, second.column) == ("resnet18", 22)


@pytest.mark.parametrize(
    ("head", "arguments"),
    [
        ("framework: pytorch\nmodelScript: net.py", {"architectures": 3, "pretrain": True}),
        ("framework: sklearn\nalgorithm: RandomForestClassifier", {"n_estimators": 3}),
        ("framework: xgboost", {"num_class": 3}),
    ],
)
def test_arguments_of_another_class_are_its_own(head, arguments):
    made = resolve({**parse(HEAD + head).value, "model": arguments}).train
    assert made.hyperparameters == arguments
