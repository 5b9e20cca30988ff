import pytest
from jsonschema import Draft202012Validator

from mlmagic.actions import ACTIONS
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
    "framework: auto\nalgorithm: SVC\ndata: $df",
    "action: evaluate\nmodel: $report\ndata: $df\nmetrics: [accuracy, f1, $own]",
    "action: evaluate\nmodel: $report\ndata: $df\nmetrics: $several\ngroups: query",
    "framework: keras\narchitecture: mlp\ndata: $df\nmetrics: f1\ncallbacks: $mine",
    "action: evaluate\nframework: torch\nconfig: {modelPath: a.pt, inputData: x.csv, batchSize: 64}",
    "action: predict\nframework: sklearn\nconfig:\n  model_path: runs/a\n  dataPath: x.csv\n  outputFormat: classes\n",
]
INVALID = [
    "framework: sklearn\nepochs: 3",
    "framework: sklearn\ntestSplit: 2",
    "framework: sklearn\nconfig: {crossValidation: {fold: 3}}",
    "framework: theano\nconfig: {epochs: 3}",
    "framework: pytorch\narchitecture: mlp\nhyperparameters: {hiden: [8]}",
    "framework: pytorch\nconfig: {architecture: mlp, hyperparameters: {dropout: 2}}",
    "framework: pytorch\ndata: file.csv",
    "framework: pytorch\nearlyStopping: {foo: 1}",
    "action: evaluate\nframework: sklearn\nalgorithm: SVC\ndata: $df",
    "action: predict\nmodel: $report\ndata: $df\nmetrics: [accuracy]",
    "action: predict\nmodel: $report\ndata: $df\noutputFormat: labels",
    "algorithm: SVC",
]


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", VALID)
def test_what_resolves_is_valid(text):
    document = parse(text)
    run = resolve(document, action="train", origins=lambda reference: ["sklearn"])
    Draft202012Validator(SCHEMA).validate(document.value)
    Draft202012Validator(SCHEMA).validate(run.to_plain())


@pytest.mark.parametrize("text", INVALID)
def test_what_is_refused_is_invalid(text):
    assert faults(text)
    assert not Draft202012Validator(SCHEMA).is_valid(parse(text).value)


OWN = {name: action.config for name, action in ACTIONS.items() if action.config}


@pytest.mark.parametrize("framework", EXECUTORS)
def test_training_has_every_key_in_every_spelling_flat_and_nested(framework):
    (branch,) = (branch for branch in SCHEMA["anyOf"] if branch["title"] == EXECUTORS[framework].title)
    keys = {*spellings(load(EXECUTORS[framework].train)), *spellings(RunConfig)}
    assert set(branch["properties"]) == keys
    assert set(branch["properties"]["config"]["properties"]) == keys - {"config"}
    assert set(branch["properties"]["action"]["enum"]) == set(ACTIONS) - set(OWN)


@pytest.mark.parametrize("action", OWN)
def test_an_action_of_its_own_keys_has_them_all_and_every_framework(action):
    (branch,) = (branch for branch in SCHEMA["anyOf"] if branch["title"] == action)
    assert set(branch["properties"]) == {*spellings(load(OWN[action])), *spellings(RunConfig)}
    assert branch["properties"]["action"]["enum"] == [action]
    assert set(branch["properties"]["framework"]["enum"]) > {*EXECUTORS, "auto"}


@pytest.mark.parametrize(
    "model", [RunConfig, *(load(entry.train) for entry in EXECUTORS.values()), *map(load, OWN.values())]
)
def test_every_key_is_explained(model):
    for name, field in model.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert field.examples or name == "config", name
