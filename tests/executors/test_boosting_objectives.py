"""The objective that a config names decides what is trained, where no estimator does; the library by hand tells."""

from __future__ import annotations

import re
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from mlmagic.errors import DataLoadingError, InvalidConfiguration
from mlmagic.executors import load
from tests.executors.boosting_run import ALL, HANDS, QUANTILE, SEED, queries, split, table, train

pytestmark = pytest.mark.usefixtures("here")

COUNTS = {"xgboost": "count:poisson", "lightgbm": "poisson", "catboost": "Poisson"}
RANKING = {"xgboost": "rank:ndcg", "lightgbm": "lambdarank", "catboost": "YetiRank"}
TWO = {"xgboost": "binary:logistic", "lightgbm": "binary", "catboost": "Logloss"}
MORE = {"xgboost": "multi:softprob", "lightgbm": "multiclass", "catboost": "MultiClass"}


def graded() -> pd.DataFrame:
    """Whole numbers of six values, which would be labels."""
    random = np.random.default_rng(3)
    X = random.normal(size=(240, 4))
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["target"] = np.clip(np.round(X[:, 0] + X[:, 1] + 2.5), 0, 5).astype(int)
    return frame


@ALL
@pytest.mark.parametrize("wanted", [QUANTILE, {name: {"objective": objective} for name, objective in COUNTS.items()}])
def test_an_objective_of_numbers_makes_a_regression_of_whole_numbers(framework, wanted):
    frame, hand, given = graded(), HANDS[framework], {"n_estimators": 8, **wanted[framework]}
    report = train(framework, frame, hyperparameters=given)
    test, (X, y), _ = split(frame, classify=False)
    seed = "random_seed" if framework == "catboost" else "random_state"
    by_hand = hand.regressor(**given, **{seed: SEED}, **hand.quiet).fit(X, y)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    assert report.metadata["task"] == "regression"
    assert report.metadata["algorithm"] == hand.regressor.__name__


@ALL
def test_an_objective_of_a_ranking_makes_a_ranker(framework):
    keys = {"target": "relevance", "hyperparameters": {"n_estimators": 5, "objective": RANKING[framework]}}
    report = train(framework, queries(), groups="query", **keys)
    named = train(framework, queries(), groups="query", algorithm=HANDS[framework].ranker.__name__, **keys)
    assert report.metadata["algorithm"] == named.metadata["algorithm"]
    np.testing.assert_array_equal(report.predictions["predicted"], named.predictions["predicted"])
    with pytest.raises(DataLoadingError, match="have no groups"):
        train(framework, queries().drop(columns="query"), **keys)


@ALL
def test_an_objective_of_labels_classifies_whole_numbers_of_many_values(framework):
    frame = graded().assign(target=np.arange(240) % 24)
    report = train(framework, frame, hyperparameters={"n_estimators": 2, "objective": MORE[framework]})
    assert report.metadata["algorithm"] == HANDS[framework].classifier.__name__
    assert report.metadata["task"] == "classification"


@ALL
def test_an_objective_and_what_contradicts_it_are_both_named(framework):
    hand, objective = HANDS[framework], COUNTS[framework]
    keys = {"hyperparameters": {"objective": objective}}
    name = hand.classifier.__name__
    message = f"objective: {re.escape(objective)} is for a regressor, but algorithm: {name} is a classifier"
    with pytest.raises(InvalidConfiguration, match=message) as caught:
        train(framework, graded(), algorithm=name, **keys)
    assert len(caught.value.faults) == 1
    with pytest.raises(InvalidConfiguration, match=f"task is classification, but objective: {re.escape(objective)}"):
        train(framework, graded(), task="classification", **keys)
    with pytest.raises(InvalidConfiguration, match=r"model: \$own, of type .*, is a classifier"):
        train(framework, graded(), {"own": hand.classifier()}, model="$own", **keys)


@ALL
def test_an_objective_of_two_labels_wants_two(framework):
    with pytest.raises(InvalidConfiguration, match="tells two labels apart, and the target has 6"):
        train(framework, graded(), hyperparameters={"objective": TWO[framework]})


@pytest.mark.parametrize(
    ("framework", "objective", "instead"),
    [("xgboost", "multi:softprob", "binary:logistic"), ("lightgbm", "multiclass", "binary")],
)
@pytest.mark.parametrize("keys", [{}, {"num_class": 2}])
def test_an_objective_of_many_labels_wants_more_than_two(framework, objective, instead, keys):
    two = graded().assign(target=lambda frame: frame.target > 2)
    with pytest.raises(InvalidConfiguration, match="is for three labels or more, and the target has 2") as caught:
        train(framework, two, hyperparameters={"objective": objective, **keys})
    assert caught.value.solution == f"Leave the objective out, or take {instead}"
    train(framework, two, hyperparameters={"objective": instead, "n_estimators": 2})


def test_a_quantile_is_asked_for():
    with pytest.raises(InvalidConfiguration, match="needs quantile_alpha, which is not given") as caught:
        train("xgboost", graded(), hyperparameters={"objective": "reg:quantileerror"})
    assert caught.value.solution == "hyperparameters: {objective: reg:quantileerror, quantile_alpha: 0.9}"
    keys = {"objective": "reg:quantileerror", "quantile_alpha": 0.9, "n_estimators": 2}
    assert train("xgboost", graded(), hyperparameters=keys).metadata["task"] == "regression"


@ALL
def test_an_unknown_objective_is_told_in_one_line(framework):
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, graded(), hyperparameters={"objective": f"{MORE[framework]}x"})
    (fault,) = caught.value.faults
    assert fault.suggestion == MORE[framework]
    assert "\n" not in fault.message
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, graded(), hyperparameters={"objective": "nothing of the kind"})
    assert COUNTS[framework] in str(caught.value)


def test_the_names_of_xgboosts_objectives_are_the_librarys():
    xgboost = import_module("xgboost")
    with pytest.raises(xgboost.core.XGBoostError) as caught:
        xgboost.train({"objective": "?"}, xgboost.DMatrix(np.zeros((3, 1)), label=np.arange(3)), 1)
    told = re.findall(r"Objective candidate: (\S+)", str(caught.value))
    known = set(load("xgboost")._library.objectives)
    assert set(told) <= known
    assert known - set(told) <= {"reg:expectileerror"}, "which only newer versions have"


def test_the_names_of_lightgbms_objectives_are_the_librarys():
    lightgbm = import_module("lightgbm")
    X, library = np.zeros((8, 1)), load("lightgbm")._library
    given = {"label": np.arange(8) % 2, "group": [8]}
    for name, kinds in library.objectives.items():
        parameters = {"objective": name, "verbosity": -1, "num_class": 2 if "classifier" in kinds else 1}
        parameters["num_class"] = 1 if name in library.two_labels else parameters["num_class"]
        label = given["label"] + (1 if name == "gamma" else 0)
        lightgbm.train(parameters, lightgbm.Dataset(X, label=label, group=given["group"]), 1)


def test_the_kinds_of_catboosts_objectives_are_the_librarys():
    core = import_module("catboost.core")
    asked = {
        "classifier": core.is_classification_objective,
        "regressor": core.is_regression_objective,
        "ranker": core.is_ranking_metric,
    }
    for name, kinds in load("catboost")._library.objectives.items():
        assert tuple(kind for kind, says in asked.items() if says(name)) == kinds, name


def short(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return y_pred[:3], y_pred[:3]


@ALL
def test_a_function_that_gives_something_else_is_told_what_it_must_give(framework):
    wanted = r"short must give two arrays of shape \(24,\), the gradient and the hessian of each row"
    with pytest.raises(InvalidConfiguration, match=wanted):
        train(framework, table("regression"), {"f": short}, hyperparameters={"objective": "$f", "n_estimators": 2})


def test_lightgbm_tells_what_to_do_in_place_of_a_function_of_labels():
    with pytest.raises(InvalidConfiguration, match=r"name an objective \(binary, multiclass\), or .* LGBMRegressor"):
        train("lightgbm", graded(), {"f": short}, hyperparameters={"objective": "$f"})


@ALL
def test_what_networks_call_otherwise_and_what_nobody_knows(framework):
    given = {"epochs": 3, "optimizer": "adam", "batchSize": 8, "zzzzq": 1}
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("regression"), hyperparameters=given)
    found = {fault.path.rpartition(".")[2]: fault for fault in caught.value.faults}
    assert set(found) == set(given)
    assert found["epochs"].suggestion == "n_estimators"
    assert "leave it out" in found["optimizer"].message
    assert "leave it out" in found["batchSize"].message
    assert "learning_rate" in found["zzzzq"].message
    assert max(len(fault.message) for fault in found.values()) < 200


def test_a_run_of_another_framework_than_the_named_one_says_so():
    keys = {"algorithm": "LGBMRegressor", "hyperparameters": {"n_estimators": 2}}
    told = "The algorithm belongs to LightGBM, which trains it instead of xgboost"
    assert told in train("xgboost", table("regression"), **keys).log
    assert "instead of" not in train("lightgbm", table("regression"), **keys).log
