import pytest
from jsonschema import Draft202012Validator

from mlmagic.config import json_schema, parse, resolve
from mlmagic.config._model import spellings
from mlmagic.config._run import RunConfig
from mlmagic.executors import EXECUTORS
from mlmagic.executors import resolve as load
from tests.config.faults import faults

SCHEMA = json_schema()
VALID = [
    "framework: sklearn\nalgorithm: SVC\ndata: $df",
    "action: train\nframework: scikit-learn\nconfig:\n  algorithm: SVC\n  data_path: x.csv\n  targetColumn: y\nseed: 3",
    "config: {framework: torch, model: $Net, data: $df, lossFunction: $focal}\ngpu_enabled: false",
    "framework: pytorch\narchitecture: mlp\ndata: $df\nhyperparameters: {hidden: [8]}\nearlyStopping: true",
    "framework: pytorch\nmodelScript: a.py\nconfig:\n  data: $df\n  early_stopping: {min_delta: 0.1, patience: 3}",
    "framework: sklearn\nmodel: $m\ndata: $df\nconfig:\n",
]
INVALID = [
    "framework: sklearn\nepochs: 3",
    "framework: sklearn\ntestSplit: 2",
    "framework: sklearn\nconfig: {crossValidation: {fold: 3}}",
    "framework: keras\nconfig: {epochs: 3}",
    "framework: pytorch\narchitecture: mlp\nhyperparameters: {hiden: [8]}",
    "framework: pytorch\nconfig: {architecture: mlp, hyperparameters: {dropout: 2}}",
    "framework: pytorch\ndata: file.csv",
    "framework: pytorch\nearlyStopping: {foo: 1}",
    "action: evaluate\nframework: sklearn",
    "algorithm: SVC",
]


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", VALID)
def test_what_resolves_is_valid(text):
    document = parse(text)
    run = resolve(document, action="train")
    Draft202012Validator(SCHEMA).validate(document.value)
    Draft202012Validator(SCHEMA).validate(run.to_plain())


@pytest.mark.parametrize("text", INVALID)
def test_what_is_refused_is_invalid(text):
    assert faults(text)
    assert not Draft202012Validator(SCHEMA).is_valid(parse(text).value)


@pytest.mark.parametrize("framework", EXECUTORS)
def test_it_has_every_key_in_every_spelling_flat_and_nested(framework):
    (branch,) = (branch for branch in SCHEMA["anyOf"] if framework in branch["properties"]["framework"]["enum"])
    keys = {*spellings(load(EXECUTORS[framework].train)), *spellings(RunConfig)}
    assert set(branch["properties"]) == keys
    assert set(branch["properties"]["config"]["properties"]) == keys - {"config"}


@pytest.mark.parametrize("framework", EXECUTORS)
def test_every_key_is_explained(framework):
    model = load(EXECUTORS[framework].train)
    for kind in (model, RunConfig):
        for name, field in kind.model_fields.items():
            assert field.description, name
            assert field.description.endswith("."), name
            assert field.examples or name == "config", name
