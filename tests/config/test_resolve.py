from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlmagic._suggest import listed
from mlmagic.actions import ACTIONS
from mlmagic.config import Reference, _planned, parse, resolve
from mlmagic.config._inference import EvaluateConfig
from mlmagic.executors import EXECUTORS
from mlmagic.executors.sklearn.config import SklearnTrain
from tests.config.faults import fault, faults, places

FLAT = "framework: sklearn\nalgorithm: SVC\ndata: $df\n"


def run(text, action="train"):
    return resolve(parse(text), action=action)


def test_defaults():
    made = run(FLAT)
    assert made.action == "train"
    assert made.framework == "sklearn"
    assert isinstance(made.config, SklearnTrain)
    assert made.config.data == Reference("df")
    assert made.config.test_split == 0.2
    assert made.config.validation_split is None
    assert made.config.prepare == "auto"
    assert (made.output_dir, made.gpu_enabled, made.timeout, made.seed) == (None, None, None, 0)
    assert not any((made.deterministic, made.reuse, made.trust))


@pytest.mark.parametrize(
    "text",
    [
        "framework: sklearn\nalgorithm: SVC\ndata: $df\ntestSplit: 0.3\nseed: 7\noutputDir: runs/a",
        "framework: scikit-learn\nconfig:\n algorithm: SVC\n data: $df\n test_split: 0.3\nseed: 7\noutput_dir: runs/a",
        "config: {framework: scikit_learn, algorithm: SVC, data: $df, seed: 7, outputDir: runs/a}\ntest_split: 0.3",
        '{"framework": "sklearn", "action": "train", "config": {"algorithm": "SVC", "data": "$df", "testSplit": 0.3},'
        ' "seed": 7, "outputDir": "runs/a"}',
    ],
)
def test_every_form_is_the_same_run(text):
    made = run(text)
    plain = run("framework: sklearn\nalgorithm: SVC\ndata: $df\ntestSplit: 0.3\nseed: 7\noutputDir: runs/a")
    assert made.executor == "sklearn"
    assert made.model_copy(update={"framework": "sklearn"}) == plain
    assert made.output_dir == Path("runs/a")


def test_empty_config_key_is_fine():
    assert run(FLAT + "config:\n") == run(FLAT)


def test_target_column_is_target():
    for spelling in ("target", "targetColumn", "target_column"):
        assert run(f"{FLAT}{spelling}: y").config.target == "y"


def test_mapping_from_python():
    source = {
        "framework": "sklearn",
        "algorithm": np.str_("SVC"),
        "data_path": Path("a/b.csv"),
        "testSplit": np.float32(0.25),
        "seed": np.int64(3),
        "feature_columns": ("a", "b"),
    }
    made = resolve(source, action="train")
    assert made.config.data_path == "a/b.csv"
    assert made.config.test_split == 0.25
    assert made.seed == 3
    assert made.config.feature_columns == ["a", "b"]
    assert type(made.config.algorithm) is str


def test_objects_are_passed_by_name():
    found = fault({"framework": "sklearn", "algorithm": "SVC", "data": pd.DataFrame()})
    assert found.message == "data must be plain data, got a DataFrame: pass it by name, as $name"
    assert (found.line, found.column) == (0, 0)


def test_endless_mapping():
    loop: dict = {"framework": "sklearn", "algorithm": "SVC", "data": "$df"}
    loop["hyperparameters"] = loop
    assert "levels deep" in str(faults(loop)[-1])


def test_an_empty_action_is_the_magics():
    assert run(FLAT + "action:").action == "train"


def test_body_wins_over_the_magic():
    made = run("framework: sklearn\nmodel: $fitted\ndata: $df\naction: evaluate")
    assert made.action == "evaluate"
    assert isinstance(made.config, EvaluateConfig)


@pytest.mark.parametrize("action", _planned.ACTIONS)
def test_actions_to_come(action):
    found = fault(f"action: {action}\nframework: sklearn\nconfig: {{modelPath: x}}")
    assert found.message == f"action '{action}' is not available yet in this version, which knows {listed(ACTIONS)}"
    assert (found.line, found.column) == (1, 9)
    assert action not in ACTIONS


def test_names_did_you_mean():
    assert fault(FLAT + "action: trian").suggestion == "train"
    assert fault(FLAT + "action: bayesian_optimise").suggestion == "bayesian-optimize"
    assert fault("framework: sckit-learn").suggestion == "sklearn"
    assert fault("framework: pytroch").suggestion == "pytorch"
    known = listed([*EXECUTORS, "auto"])
    assert fault("framework: 5").message == f"framework must be one of {known}, got 5"


def test_missing_names_say_where_to_add_them():
    action, framework = faults("algorithm: SVC\ndata: $df", action=None)
    assert action.message == "action is missing: add a line `action: train`"
    known = listed([*EXECUTORS, "auto"])
    assert framework.message == f"framework is missing: add a line `framework: sklearn` ({known})"
    assert (framework.line, framework.column) == (1, 1)


def test_missing_in_config_points_at_config():
    found = fault("framework: sklearn\nconfig:\n  algorithm: SVC")
    assert found.message == "data is missing: give `data: $frame` or `dataPath: file.csv`"
    assert (found.line, found.column, found.path) == (3, 3, "config.data")


@pytest.mark.parametrize(
    ("line", "column", "message", "suggestion"),
    [
        ("testSplit: 1", 12, "testSplit must be a number of at least 0 and below 1, got 1", None),
        ("testSplit: 1.0", 12, "testSplit must be a number of at least 0 and below 1, got 1.0", None),
        (
            "test_split: '0.2'",
            13,
            "test_split must be a number of at least 0 and below 1, got '0.2'",
            "test_split: 0.2",
        ),
        ("testSplit: .nan", 12, "testSplit must be a number of at least 0 and below 1, got nan", None),
        ("testSplit: null", 12, "testSplit must be a number of at least 0 and below 1, got null", None),
        ("target: 5", 9, "target must be text or a variable of the notebook ($name), got 5", "target: '5'"),
        ("target: ''", 9, "target must be text or a variable of the notebook ($name), got ''", None),
        ("target: [a]", 9, "target must be text or a variable of the notebook ($name), got a list", None),
        ("featureColumns: a", 17, "featureColumns must be a list of texts, got 'a'", None),
        ("featureColumns: []", 17, "featureColumns must be a list of texts, got an empty list", None),
        ("featureColumns: [a, 5]", 21, "featureColumns[1] must be text, got 5", "'5'"),
        (
            "task: regresion",
            7,
            "task must be one of classification, regression, clustering or outliers, got 'regresion'",
            "regression",
        ),
        ("prepare: false", 10, "prepare must be auto or none, got false", None),
        (
            "featureScaling: Standart",
            17,
            "featureScaling must be one of none, standard, minmax or robust, got 'Standart'",
            "standard",
        ),
        (
            "crossValidation: 5",
            18,
            "crossValidation must be a mapping with the keys folds and stratified, got 5",
            "crossValidation: {folds: 5}",
        ),
        ("crossValidation: {folds: 1}", 26, "crossValidation.folds must be a whole number of at least 2, got 1", None),
        (
            "crossValidation: {folds: 5.0}",
            26,
            "crossValidation.folds must be a whole number of at least 2, got 5.0",
            "folds: 5",
        ),
        ("crossValidation: {fold: 5}", 19, "'fold' is not a key of crossValidation; it has folds, stratified", "folds"),
        ("seed: -1", 7, "seed must be a whole number from 0 to 4294967295, got -1", None),
        ("seed: 4294967296", 7, "seed must be a whole number from 0 to 4294967295, got 4294967296", None),
        ("seed: true", 7, "seed must be a whole number from 0 to 4294967295, got true", None),
        ("timeout: 0", 10, "timeout must be a number above 0, got 0", None),
        ("timeout: .inf", 10, "timeout must be a number above 0, got inf", None),
        ("timeout: '" + "9" * 500 + "'", 10, f"timeout must be a number above 0, got '{'9' * 59}…'", None),
        ("timeout: 1h", 10, "timeout must be a number above 0, got '1h'", None),
        ("gpuEnabled: no", 13, "gpuEnabled must be true or false, got 'no'", "gpuEnabled: false"),
        ("reuse: Yes", 8, "reuse must be true or false, got 'Yes'", "reuse: true"),
        ("trust: 1", 8, "trust must be true or false, got 1", None),
        ("deterministic: $flag", 16, "deterministic must be true or false, got $flag", None),
        ("outputDir: 5", 12, "outputDir must be a path, got 5", None),
        ("outputDir: ''", 12, "outputDir must be the name of a directory, got an empty one or one with U+0000", None),
        ("config: 5", 9, "config must be a mapping, got 5", None),
        ("tset_split: 0.1", 1, "'tset_split' is not a key", "testSplit"),
        (
            "hyperparameters: n_estimators:3",
            18,
            "hyperparameters must be a mapping, got 'n_estimators:3'",
            "n_estimators: 3",
        ),
        ("hyperparameters:", 17, "hyperparameters must be a mapping, got null", None),
        ("freezeLayers: [a]", 1, "freezeLayers is not available yet in this version: leave it out", None),
        ("epochs: 5", 1, "epochs is not a key of scikit-learn; it belongs to PyTorch or Keras", None),
        ("config: {config: 1}", 10, "'config' is not a key; the model's own parameters go under hyperparameters", None),
        ("xyz: 5", 1, "'xyz' is not a key; the model's own parameters go under hyperparameters", None),
        (
            "dataPath: x.csv",
            1,
            "data and dataPath exclude each other: give `data: $frame` or `dataPath: file.csv`",
            None,
        ),
        ("dataPath: $x", 11, "dataPath must be the name of a file, got the variable $x", "data: $x"),
    ],
)
def test_rules(line, column, message, suggestion):
    found = faults(FLAT + line)[-1]
    assert found.message == message
    assert (found.line, found.column) == (4, column)
    assert found.suggestion == suggestion


def test_fault_has_value_and_path():
    found = fault(FLAT + "config: {crossValidation: {folds: ten}}")
    assert found.path == "config.crossValidation.folds"
    assert found.value == "ten"
    assert (found.line, found.column) == (4, 35)


@pytest.mark.parametrize(
    ("value", "suggestion"),
    [("data/train.csv", "dataPath: data/train.csv"), ("df", "data: $df"), ("a b.csv", "dataPath: a b.csv")],
)
def test_data_that_is_no_variable(value, suggestion):
    found = fault(f"framework: sklearn\nalgorithm: SVC\ndata: {value}")
    assert found.suggestion == suggestion
    assert found.message == f"data must be a variable of the notebook ($name), got '{value}'; a file goes in dataPath"
    assert (found.line, found.column) == (3, 7)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (FLAT + "testSplit: 0.1\ntest_split: 0.2", 5, 1, "test_split says the same as testSplit: keep one of them"),
        (FLAT + "target: a\ntargetColumn: b", 5, 1, "targetColumn says the same as target: keep one of them"),
        (FLAT + "config: {data: $d}", 4, 10, "config.data says the same as data: keep one of them"),
        (FLAT + "seed: 1\nconfig: {seed: 1}", 5, 10, "config.seed says the same as seed: keep one of them"),
        (
            "framework: torch\narchitecture: mlp\ndata: $d\nearlyStopping: {minDelta: 0, min_delta: 1}",
            4,
            30,
            "earlyStopping.min_delta says the same as earlyStopping.minDelta: keep one of them",
        ),
    ],
)
def test_given_twice(text, line, column, message):
    found = fault(text)
    assert found.message == message
    assert (found.line, found.column) == (line, column)


def test_splits_leave_rows():
    found = fault(FLAT + "testSplit: 0.5\nvalidationSplit: 0.5")
    assert found.message.startswith("testSplit and validationSplit must together be below 1")
    assert (found.line, found.column) == (5, 18)
    assert run(FLAT + "testSplit: 0.5\nvalidationSplit: 0.4").config.validation_split == 0.4
    assert run(FLAT + "testSplit: 0.9").config.test_split == 0.9


def test_all_faults_at_once_in_order():
    text = (
        "framework: sklearn\nalgorithm: RandomForrest\ntestSplit: 2\ncrossValidation: {folds: 1, x: 1}\n"
        "seed: -1\ntarget: a\ntargetColumn: b\nunknownKey: 1\n"
    )
    assert places(text) == [
        (1, 1, "data"),
        (2, 12, "algorithm"),
        (3, 12, "testSplit"),
        (4, 26, "crossValidation.folds"),
        (4, 29, "crossValidation.x"),
        (5, 7, "seed"),
        (7, 1, "targetColumn"),
        (8, 1, "unknownKey"),
    ]


def test_unknown_framework_does_not_hide_the_rest():
    assert places("framework: sklern\nepochs: 3\nnonsense: 1\ntestSplit: 4\ntimeout: -1") == [
        (1, 12, "framework"),
        (3, 1, "nonsense"),
        (4, 12, "testSplit"),
        (5, 10, "timeout"),
    ]


def test_a_wrong_value_is_said_once():
    assert places("framework: sklearn\nalgorithm: SVC\ndata: $df._x") == [(3, 7, "data")]
