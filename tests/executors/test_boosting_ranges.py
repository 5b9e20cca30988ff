"""What hyperparameters of XGBoost, LightGBM and CatBoost take, as a run says it and as each library does."""

from __future__ import annotations

from typing import Any

import pytest

from mlmagic.errors import Fault, InvalidConfiguration
from tests.executors.boosting_run import ALL, HANDS, table, train

pytestmark = pytest.mark.usefixtures("here")
# A misspelt name, the one that is meant, what it takes, values that the library takes and values that it refuses, among
# them those at the bounds; and what else has to be given.
Case = tuple[str, str, str, list[Any], list[Any], dict[str, Any]]
CASES: dict[str, list[Case]] = {
    "xgboost": [
        ("learning_rat", "learning_rate", "numbers >= 0", [0, 2], [-0.1], {}),
        ("max_dept", "max_depth", "whole numbers >= 0", [0, 30], [-1, "deep"], {}),
        ("subsampl", "subsample", "numbers in [0,1]", [0.5, 1], [-0.1, 1.1], {}),
        ("colsample_bytre", "colsample_bytree", "numbers in [0,1]", [0.5, 1], [-0.1, 1.1], {}),
        ("reg_alph", "reg_alpha", "numbers >= 0", [0, 1e6], [-0.1], {}),
        ("reg_lambd", "reg_lambda", "numbers >= 0", [0, 1e6], [-0.1], {}),
        ("min_child_weigh", "min_child_weight", "numbers >= 0", [0, 1e6], [-0.1], {}),
        ("max_bins", "max_bin", "numbers >= 2", [2, 1000], [1], {}),
        ("tree_metho", "tree_method", "'approx', 'auto', 'exact', 'hist'", ["hist", "exact"], ["fast"], {}),
    ],
    "lightgbm": [
        ("learning_rat", "learning_rate", "numbers > 0", [1e-9, 2], [0], {}),
        ("max_dept", "max_depth", "whole numbers, 0 and less for no limit", [-1, 0, 30], ["deep"], {}),
        ("num_leavs", "num_leaves", "whole numbers from 2 to 131072", [2, 131072], [1, 131073], {}),
        ("subsampl", "subsample", "numbers > 0 and <= 1", [1e-9, 1], [0, 1.1], {}),
        ("bagging_fractio", "bagging_fraction", "numbers > 0 and <= 1", [1e-9, 1], [0, 1.1], {}),
        ("colsample_bytre", "colsample_bytree", "numbers > 0 and <= 1", [1e-9, 1], [0, 1.1], {}),
        ("reg_alph", "reg_alpha", "numbers >= 0", [0, 1e6], [-0.1], {}),
        ("reg_lambd", "reg_lambda", "numbers >= 0", [0, 1e6], [-0.1], {}),
        ("min_child_weigh", "min_child_weight", "numbers >= 0", [0, 1e6], [-0.1], {}),
        ("min_child_sample", "min_child_samples", "whole numbers >= 0", [0, 1000], [-1], {}),
    ],
    "catboost": [
        ("learning_rat", "learning_rate", "numbers > 0", [1e-3, 2], [0], {}),
        ("dept", "depth", "whole numbers from 0 to 16", [0, 16], [-1, 17], {}),
        ("l2_leaf_re", "l2_leaf_reg", "numbers >= 0", [0, 1e6], [-0.1], {}),
        ("border_coun", "border_count", "whole numbers from 1 to 65535", [1, 65535], [0, 65536], {}),
        ("subsampl", "subsample", "numbers in (0, 1]", [0.5, 1], [0, 1.1], {}),
        ("colsample_byleve", "colsample_bylevel", "numbers in (0, 1]", [1e-9, 1], [0, 1.1], {}),
        ("bagging_temperatur", "bagging_temperature", "numbers >= 0", [0, 5], [-1], {"bootstrap_type": "Bayesian"}),
        ("fold_len_multiplie", "fold_len_multiplier", "numbers > 1", [1.01, 3], [1], {}),
        ("leaf_estimation_iteration", "leaf_estimation_iterations", "whole numbers >= 1", [1, 5], [0], {}),
        ("one_hot_max_siz", "one_hot_max_size", "whole numbers >= 0", [0, 300], [-1], {}),
        # 0 is not tried: CatBoost reads where it should not, and the tests would end with it.
        ("max_leave", "max_leaves", "whole numbers from 1 to 65536", [1, 99], [65537], {"grow_policy": "Lossguide"}),
        ("bootstrap_typ", "bootstrap_type", "Bayesian, Bernoulli, MVS, No or Poisson", ["MVS", "No"], ["Own"], {}),
    ],
}


def refused(framework: str, **hyperparameters: Any) -> dict[str, Fault]:
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("regression").head(40), hyperparameters=hyperparameters)
    return {fault.path.rpartition(".")[2]: fault for fault in caught.value.faults}


@ALL
def test_an_unknown_name_tells_what_the_one_that_is_meant_takes(framework):
    found = refused(framework, **{wrong: 1 for wrong, *_ in CASES[framework]})
    assert {wrong: found[wrong].suggestion for wrong in found} == {wrong: name for wrong, name, *_ in CASES[framework]}
    for wrong, name, rule, *_ in CASES[framework]:
        assert found[wrong].message.endswith(f" has no hyperparameter {wrong!r}. {name} takes {rule}.")


@ALL
def test_what_they_take_is_what_the_library_takes(framework):
    """At the bounds and within them; it refuses what is outside."""
    hand, frame = HANDS[framework], table("regression").head(40)
    X, y = frame.drop(columns="target"), frame["target"]
    for _, name, _, taken, others, more in CASES[framework]:
        for value in taken:
            hand.regressor(n_estimators=1, **hand.quiet, **more, **{name: value}).fit(X, y)
        for value in others:
            with pytest.raises(Exception, match=r"\S"):
                hand.regressor(n_estimators=1, **hand.quiet, **more, **{name: value}).fit(X, y)


@ALL
def test_a_refused_value_tells_the_range(framework):
    """In the same words in all of them; every one at once."""
    said: dict[str, tuple[Any, str]] = {
        "xgboost": {
            "subsample": (1.1, "numbers in [0,1], got 1.1."),
            "max_depth": ("deep", "whole numbers >= 0, got 'deep'."),
            "eta": (-3, "numbers >= 0, got -3."),
        },
        "lightgbm": {
            "subsample": (1.1, "numbers > 0 and <= 1, got 1.1."),
            "num_leaf": (1, "whole numbers from 2 to 131072, got 1."),
            "reg_lambda": (-1, "numbers >= 0, got -1."),
            "eta": (-3, "numbers > 0, got -3."),
        },
        "catboost": {
            "max_depth": (17, "whole numbers from 0 to 16, got 17."),
            # CatBoost itself would read where it should not.
            "num_leaves": (0, "whole numbers from 1 to 65536, got 0."),
            "one_hot_max_size": (-1, "whole numbers >= 0, got -1."),
            "rsm": (1.1, "numbers in (0, 1], got 1.1."),
            # It would train away from the target, and end somewhere else.
            "eta": (-3, "numbers > 0, got -3."),
        },
    }[framework]
    found = refused(framework, **{name: value for name, (value, _) in said.items()})
    assert {name: fault.message for name, fault in found.items()} == {
        name: f"{name} takes {words}" for name, (_, words) in said.items()
    }


@ALL
def test_a_name_and_a_value_are_told_at_once(framework):
    found = refused(framework, max_dept=5, subsample=3, learning_rate=-3)
    assert set(found) == {"max_dept", "subsample", "learning_rate"}
    assert found["max_dept"].suggestion == "max_depth"
    assert found["subsample"].message.startswith("subsample takes numbers")
    assert set(refused(framework, max_dept=5, eval_metric="nothing")) == {"max_dept", "eval_metric"}
    assert set(refused(framework, max_dept=5, objective="nothing")) == {"max_dept", "objective"}
    assert set(refused(framework, max_dept=5, n_estimators=0)) == {"max_dept", "n_estimators"}


def test_what_a_misspelt_name_may_be_the_reason_of_is_no_fault():
    """CatBoost takes max_leaves under this policy only."""
    assert set(refused("catboost", grow_polic="Lossguide", max_leaves=20)) == {"grow_polic"}
    assert set(refused("catboost", max_leaves=20)) == {"max_leaves"}


@pytest.mark.parametrize(
    ("framework", "wrong", "meant"),
    [
        ("lightgbm", "num_leafs", "num_leaves"),  # num_leaf, which is nearer, is a second name
        ("lightgbm", "bagging_fractio", "bagging_fraction"),
        ("catboost", "max_dept", "max_depth"),
        ("catboost", "random_stat", "random_state"),
    ],
)
def test_the_estimators_own_name_is_meant_where_a_second_one_is_little_nearer(framework, wrong, meant):
    assert refused(framework, **{wrong: 3})[wrong].suggestion == meant


@ALL
def test_rounds_are_a_whole_number(framework):
    found = refused(framework, n_estimator=10)["n_estimator"]
    assert found.message.endswith("n_estimators takes a whole number of at least 1.")
    for value in (0, -3, 1.5, "many"):
        message = f"num_boost_round must be a whole number of at least 1, got {value!r}."
        found = refused(framework, num_boost_round=value, subsample=1.1)
        assert found["num_boost_round"].message == message
        assert "subsample" in found, "every fault at once"
