"""Keys of networks, given to what has another name for them."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from mlmagic.config import parse, resolve
from mlmagic.executors import EXECUTORS
from mlmagic.executors import resolve as load
from mlmagic.executors.sklearn._called import _CALLED, called
from mlmagic.executors.sklearn._estimators import NAMED
from tests.config.faults import fault

BOOSTING = pytest.mark.parametrize("framework", ["xgboost", "lightgbm", "catboost"])


def told(framework: str, line: str, algorithm: str | None = None) -> tuple[str, str | None]:
    chosen = f"algorithm: {algorithm}\n" if algorithm else ""
    found = fault(f"action: train\nframework: {framework}\ndata: $df\n{chosen}{line}")
    assert (found.line, found.column) == (5 if algorithm else 4, 1)
    return found.message, found.suggestion


@BOOSTING
@pytest.mark.parametrize(
    ("line", "name", "meant"),
    [
        ("epochs: 10", "n_estimators", "hyperparameters: {n_estimators: 10}"),
        ("learningRate: 0.05", "learning_rate", "hyperparameters: {learning_rate: 0.05}"),
        ("learning_rate: 0.05", "learning_rate", "hyperparameters: {learning_rate: 0.05}"),
        ("lossFunction: mse", "objective", "hyperparameters: {objective: ...}"),
    ],
)
def test_what_boosting_calls_it(framework, line, name, meant):
    title, key = EXECUTORS[framework].title, line.partition(":")[0]
    assert told(framework, line) == (f"{key} is not a key of {title}; {title} calls it {name}", meant)


@BOOSTING
def test_what_is_meant_is_a_parameter_of_the_estimators(framework):
    pytest.importorskip(framework)
    library = load(EXECUTORS[framework].executor)()._library
    for estimator in EXECUTORS[framework].algorithms:
        known = library.spellings(library.estimator_class(estimator))
        names = load(EXECUTORS[framework].train).called({})
        assert {name for name in names.values() if name} <= set(known), estimator


@BOOSTING
def test_trees_have_no_batches(framework):
    title = EXECUTORS[framework].title
    message = f"batchSize is not a key of {title}; {title} sees all rows at once: leave it out"
    assert told(framework, "batchSize: 32") == (message, None)


@pytest.mark.parametrize(
    ("algorithm", "line", "name", "meant"),
    [
        ("RandomForestClassifier", "epochs: 10", "n_estimators", "hyperparameters: {n_estimators: 10}"),
        ("RandomForestRegressor", "lossFunction: mae", "criterion", "hyperparameters: {criterion: ...}"),
        ("HistGradientBoostingClassifier", "epochs: 10", "max_iter", "hyperparameters: {max_iter: 10}"),
        ("MLPRegressor", "earlyStopping: true", "early_stopping", "hyperparameters: {early_stopping: true}"),
        ("GradientBoostingRegressor", "learningRate: 1e-2", "learning_rate", "hyperparameters: {learning_rate: 0.01}"),
        ("MLPClassifier", "batchSize: 32", "batch_size", "hyperparameters: {batch_size: 32}"),
        ("SGDClassifier", "learningRate: 0.1", "eta0", "hyperparameters: {eta0: 0.1}"),
    ],
)
def test_what_estimators_of_scikit_learn_call_it(algorithm, line, name, meant):
    key = line.partition(":")[0]
    message = f"{key} is not a key of scikit-learn; {algorithm} calls it {name}"
    assert told("sklearn", line, algorithm) == (message, meant)
    assert told("auto", line, algorithm) == (message, meant)


def test_an_estimator_that_has_no_such_thing():
    message = "epochs is not a key of scikit-learn; it belongs to PyTorch or Keras"
    assert told("sklearn", "epochs: 10", "GaussianNB") == (message, None)
    assert told("sklearn", "learningRate: 0.1", "RandomForestClassifier")[1] is None
    found = fault("framework: sklearn\ndata: $df\nmodel: $mine\nepochs: 10")
    assert found.message == message  # what it is, nobody knows yet
    assert "sees all rows at once" in told("sklearn", "batchSize: 8", "ExtraTreesClassifier")[0]


def test_scikit_learn_has_the_parameters_of_the_table():
    stems = {name.removesuffix("Classifier").removesuffix("Regressor") for name in NAMED}
    assert set(_CALLED) <= stems
    for algorithm, module in NAMED.items():
        names = {name for name in called(algorithm).values() if name}
        if names:
            assert names <= set(inspect.signature(getattr(import_module(module), algorithm)).parameters), algorithm


def test_in_the_form_of_sections():
    found = fault("action: train\nframework: xgboost\ndata: $df\ntraining: {epochs: 7}")
    assert found.message == "training.epochs is not a key of XGBoost; XGBoost calls it n_estimators"
    assert found.suggestion is not None
    assert resolve(parse(f"action: train\nframework: xgboost\ndata: $df\n{found.suggestion}"))
