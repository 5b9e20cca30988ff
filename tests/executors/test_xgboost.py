"""What is XGBoost's alone, compared with XGBoost called by hand."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

import mlmagic
from mlmagic.errors import InvalidConfiguration, TrainingFailure
from mlmagic.executors.xgboost._library import XGBoost
from mlmagic.executors.xgboost._parameters import ALIASES, METRICS, NATIVE

pytestmark = pytest.mark.usefixtures("here")
SEED = 0


def train(frame: pd.DataFrame, names: dict[str, Any] | None = None, **keys: Any) -> Any:
    config = {"action": "train", "framework": "xgboost", "data": "$df", "target": "target", "seed": SEED, **keys}
    return mlmagic.run(config, df=frame, **(names or {}))


def split(frame: pd.DataFrame, classify: bool = True) -> list[Any]:
    rows, test = train_test_split(
        frame, test_size=0.2, random_state=SEED, stratify=frame["target"] if classify else None
    )
    return [rows.drop(columns="target"), rows["target"], test.drop(columns="target"), test["target"]]


def numbers() -> pd.DataFrame:
    return load_diabetes(as_frame=True).frame


def flowers() -> pd.DataFrame:
    return load_iris(as_frame=True).frame


X = np.random.default_rng(0).random((60, 4))
# How each objective is fitted: its labels, and what else it needs.
OBJECTIVES: dict[str, dict[str, Any]] = {
    "reg:squarederror": {},
    "reg:pseudohubererror": {},
    "reg:quantileerror": {"quantile_alpha": 0.5},
    "reg:tweedie": {},
    "count:poisson": {},
    "survival:aft": {},
    "survival:cox": {},
    "binary:logistic": {},
    "multi:softprob": {"num_class": 3},
    "rank:ndcg": {},
}


def matrix(objective: str) -> xgboost.DMatrix:
    places = np.arange(60)
    y = {"binary": places % 2, "multi": places % 3, "rank": places % 2}.get(objective.split(":")[0], (places + 1) / 61)
    made = xgboost.DMatrix(X, label=y)
    if objective.startswith("rank"):
        made.set_group([30, 30])
    if objective == "survival:aft":
        for bound in ("label_lower_bound", "label_upper_bound"):
            made.set_float_info(bound, y.astype(np.float32))
    return made


def fit(objective: str, **parameters: Any) -> tuple[xgboost.Booster, list[str]]:
    """A booster, and the names that XGBoost says it did not use."""
    given = {"objective": objective, **OBJECTIVES[objective], **parameters}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        booster = xgboost.train(given, matrix(objective), 1)
    unused = [str(item.message) for item in caught if "are not used" in str(item.message)]
    return booster, [name for name in given if any(f'"{name}"' in text for text in unused)]


def leaves(value: Any) -> set[str]:
    """Keys of nested data whose value is text or a number."""
    if isinstance(value, list):
        return set().union(*(leaves(item) for item in value))
    if not isinstance(value, dict):
        return set()
    single = {key for key, item in value.items() if not isinstance(item, (dict, list))}
    return single.union(*(leaves(item) for item in value.values()))


# What a booster's configuration holds that nobody sets: what it found out, and what is for XGBoost's own developers.
INNER = {
    "name",
    "num_feature",
    "num_trees",
    "updater_seq",
    "specified_updater",
    "boost_from_average",
    "debug_synchronize",
    "fail_on_invalid_gpu_id",
    "max_row_perbatch",
    "rng_state",  # since XGBoost 3.4
}


def test_every_parameter_of_a_booster_is_known():
    known = set(XGBoost().spellings(XGBClassifier))
    found: set[str] = set()
    for objective in OBJECTIVES:
        for booster in ("gbtree", "dart", "gblinear"):
            if objective == "survival:aft" and booster == "gblinear":
                continue
            made, _ = fit(objective, booster=booster, verbosity=0)
            found |= leaves(json.loads(made.save_config()))
    assert found - INNER - known == set()


def test_every_parameter_that_is_known_is_one():
    """XGBoost says of each name that nothing uses it; every name here is used by some objective or booster."""
    used: set[str] = set()
    values = {"updater": "grow_quantile_histmaker", "process_type": "default", "feature_selector": "cyclic"}
    strings = {"lambdarank_pair_method": "topk", "sample_type": "uniform", "normalize_type": "tree"}
    values |= strings | {"aft_loss_distribution": "normal", "quantile_alpha": 0.5, "num_class": 3, "tolerance": 0.0}
    values |= {"tweedie_variance_power": 1.5, "rate_drop": 0.1, "skip_drop": 0.1, "huber_slope": 1.0, "num_target": 1}
    for name in [*NATIVE, *(alias for alias in ALIASES if alias != "num_boost_round")]:
        for objective in OBJECTIVES:
            for booster in ("gbtree", "dart", "gblinear"):
                if name in used or (objective, booster) == ("survival:aft", "gblinear"):
                    continue
                if name == "updater" and booster != "gbtree":
                    continue
                if name == "num_class" and not objective.startswith("multi"):
                    continue
                if name not in fit(objective, booster=booster, **{name: values.get(name, 1)})[1]:
                    used.add(name)
    assert set(NATIVE) - used == set()


@pytest.mark.parametrize(("kind", "objectives"), [
    ("classifier", ("binary:logistic", "multi:softprob")),
    ("regressor", ("reg:squarederror", "reg:quantileerror", "survival:aft", "survival:cox", "count:poisson")),
    ("ranker", ("rank:ndcg",)),
])  # fmt: skip
def test_every_metric_is_one_that_xgboost_measures(kind, objectives):
    for name, own in METRICS[kind].items():
        for spelt in filter(None, [own] if isinstance(own, str) else own):
            full = f"{spelt}@1.5" if spelt == "tweedie-nloglik" else spelt
            assert any(_measures(objective, full) for objective in objectives), (name, full)


def _measures(objective: str, metric: str) -> bool:
    found: dict[str, Any] = {}
    data = matrix(objective)
    given = {"objective": objective, **OBJECTIVES[objective], "eval_metric": metric, "verbosity": 0}
    try:
        xgboost.train(given, data, 1, evals=[(data, "train")], evals_result=found, verbose_eval=False)
    except xgboost.core.XGBoostError:  # not of this objective
        return False
    return list(found["train"]) == [metric]


@pytest.mark.parametrize("kind", [XGBRFClassifier, XGBRFRegressor])
def test_a_random_forest_is_one_round(kind):
    classify = kind is XGBRFClassifier
    frame = flowers().replace({"target": {0: "a", 1: "b", 2: "c"}}) if classify else numbers()
    report = train(frame, algorithm=kind.__name__, hyperparameters={"n_estimators": 20}, validationSplit=0.2)
    rows, test = train_test_split(
        frame, test_size=0.2, random_state=SEED, stratify=frame["target"] if classify else None
    )
    size = int(np.ceil(0.2 * len(frame)))
    rows, _ = train_test_split(rows, test_size=size, random_state=SEED, stratify=rows["target"] if classify else None)
    classes, codes = np.unique(rows["target"], return_inverse=True)
    by_hand = kind(n_estimators=20, random_state=SEED)
    by_hand.fit(rows.drop(columns="target"), codes if classify else rows["target"])
    expected = by_hand.predict(test.drop(columns="target"))
    np.testing.assert_array_equal(
        report.model.predict(test.drop(columns="target")), classes[expected] if classify else expected
    )
    assert isinstance(report.model, kind)
    assert report.history["round"].tolist() == [1]
    with pytest.raises(InvalidConfiguration, match="earlyStopping needs rounds"):
        train(frame, algorithm=kind.__name__, earlyStopping=True)


@pytest.mark.parametrize("objective", ["multi:softmax", "binary:hinge"])
def test_an_objective_without_probabilities_gives_labels_alone(objective):
    frame = flowers() if objective.startswith("multi") else flowers().query("target > 0").replace({"target": {2: 0}})
    report = train(frame, hyperparameters={"n_estimators": 10, "objective": objective})
    A, a, B, _ = split(frame)
    by_hand = XGBClassifier(n_estimators=10, objective=objective, random_state=SEED).fit(A, a)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(B))
    assert list(report.predictions) == ["actual", "predicted"]


def test_linear_boosting():
    frame = numbers()
    keys = {"n_estimators": 20, "booster": "gblinear", "updater": "coord_descent", "feature_selector": "cyclic"}
    report = train(frame, hyperparameters=keys)
    A, a, B, _ = split(frame, classify=False)
    by_hand = XGBRegressor(**keys, random_state=SEED).fit(A, a)
    np.testing.assert_array_equal(report.model.predict(B), by_hand.predict(B))


def test_constraints_by_name():
    """Also where the columns go through a preparation, which would leave them without names."""
    frame = numbers().assign(size=np.where(np.arange(442) % 3, "large", "small"))
    report = train(frame, hyperparameters={"n_estimators": 30, "monotone_constraints": {"bmi": 1}})
    rows = frame.drop(columns="target").head(40)
    for low, high in ((-0.1, 0.0), (0.0, 0.1), (-0.05, 0.15)):
        below, above = report.model.predict(rows.assign(bmi=low)), report.model.predict(rows.assign(bmi=high))
        assert (below <= above).all()
    assert report.model[-1].feature_names_in_.tolist() == rows.columns.tolist()


def test_class_weight_is_a_key_of_the_run():
    with pytest.raises(InvalidConfiguration) as caught:
        train(flowers(), hyperparameters={"class_weight": "balanced"})
    assert caught.value.faults[0].suggestion == "classWeight: balanced"


def test_what_xgboost_says_of_a_word_is_passed_on():
    with pytest.raises(InvalidConfiguration) as caught:
        train(numbers(), hyperparameters={"eta": -1, "tree_method": "x"})
    found = {fault.path.rpartition(".")[2]: fault.message for fault in caught.value.faults}
    assert found["eta"] == "eta takes numbers >= 0, got -1."
    assert (
        found["tree_method"] == "tree_method: Invalid Input: 'x', valid values are: {'approx', 'auto', 'exact', 'hist'}"
    )


def test_callbacks_of_the_notebook_are_called_too():
    rates = xgboost.callback.LearningRateScheduler([0.5, 0.1, 0.01])
    frame = numbers()
    report = train(frame, {"own": [rates]}, hyperparameters={"n_estimators": 3, "callbacks": "$own"})
    A, a, B, _ = split(frame, classify=False)
    by_hand = XGBRegressor(n_estimators=3, random_state=SEED, callbacks=[rates]).fit(A, a)
    np.testing.assert_array_equal(report.model.predict(B), by_hand.predict(B))
    assert len(report.model.callbacks) == 1


MISSING = """
import sys
sys.modules["xgboost"] = None
from mlmagic.executors import load
from mlmagic.errors import FrameworkNotFound
try:
    load("xgboost").versions()
except FrameworkNotFound as error:
    print(error.message, "|", error.solution)
"""


def test_without_xgboost_the_way_to_it_is_said():
    done = subprocess.run([sys.executable, "-c", MISSING], capture_output=True, text=True, check=True)
    assert done.stdout == "XGBoost not found in Python environment | Install XGBoost: pip install xgboost\n"


def test_an_error_of_the_library_is_told_without_places_in_its_source():
    frame = numbers()
    frame["target"] -= 200
    with pytest.raises(TrainingFailure) as caught:
        train(frame, hyperparameters={"objective": "reg:gamma"})
    assert "must be greater than 0 for gamma" in caught.value.message
    assert not any(word in str(caught.value) for word in ("src/", "Stack trace", ".cu:"))
