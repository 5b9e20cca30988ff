"""What is LightGBM's alone, compared with LightGBM called by hand."""

from __future__ import annotations

from typing import Any

import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.model_selection import train_test_split

import mlmagic
from mlmagic.config import resolve
from mlmagic.errors import InvalidConfiguration
from mlmagic.executors.lightgbm._library import LightGBM
from mlmagic.executors.lightgbm._metrics import METRICS

pytestmark = pytest.mark.usefixtures("here")
SEED = 0


def train(frame: pd.DataFrame, names: dict[str, Any] | None = None, **keys: Any) -> Any:
    config = {"action": "train", "framework": "lightgbm", "data": "$df", "target": "target", "seed": SEED, **keys}
    return mlmagic.run(config, df=frame, **(names or {}))


def numbers() -> pd.DataFrame:
    return load_diabetes(as_frame=True).frame


def split(frame: pd.DataFrame, classify: bool = False) -> list[Any]:
    rows, test = train_test_split(
        frame, test_size=0.2, random_state=SEED, stratify=frame["target"] if classify else None
    )
    return [rows.drop(columns="target"), rows["target"], test.drop(columns="target"), test["target"]]


X = np.random.default_rng(0).random((60, 4))


@pytest.mark.parametrize(("kind", "objectives"), [
    ("classifier", ("binary", "multiclass", "cross_entropy")),
    ("regressor", ("regression", "poisson", "gamma", "tweedie", "quantile")),
    ("ranker", ("lambdarank",)),
])  # fmt: skip
def test_every_metric_is_one_that_lightgbm_measures(kind, objectives):
    for own in METRICS[kind].values():
        for name in filter(None, [own] if isinstance(own, str) else own):
            assert any(_measures(objective, name) for objective in objectives), name


def _measures(objective: str, metric: str) -> bool:
    places = np.arange(60)
    y = {"binary": places % 2, "multiclass": places % 3, "lambdarank": places % 3}.get(objective, (places + 1) / 61)
    data = lightgbm.Dataset(X, label=y, group=[30, 30] if objective == "lambdarank" else None)
    found: dict[str, Any] = {}
    given = {"objective": objective, "metric": metric, "verbosity": -1, "eval_at": [1]}
    given |= {"num_class": 3} if objective == "multiclass" else {}
    try:
        lightgbm.train(
            given, data, 1, valid_sets=[data], valid_names=["train"], callbacks=[lightgbm.record_evaluation(found)]
        )
    except lightgbm.basic.LightGBMError:
        return False
    return [name.partition("@")[0] for name in found.get("train", {})] == [metric]


@pytest.mark.parametrize("kind", [LGBMClassifier, LGBMRegressor, lightgbm.LGBMRanker])
def test_every_second_name_leads_to_one_that_counts(kind):
    """A default of the scikit-learn API would win over a second name, so that has to be put in its place."""
    spellings = LightGBM().spellings(kind)
    own = set(kind().get_params())
    assert own <= set(spellings)
    for spelt, meant in {"eta": "learning_rate", "num_leaf": "num_leaves", "min_data_in_leaf": "min_child_samples",
                         "bagging_fraction": "subsample", "lambda_l1": "reg_alpha", "boosting": "boosting_type",
                         "seed": "random_state", "num_threads": "n_jobs", "metric": "eval_metric"}.items():  # fmt: skip
        assert spellings[spelt] == meant
    native = [meant for meant in spellings.values() if meant not in own]
    assert len(native) > 50, "those that only the native interface has stay what they are"


def test_a_second_name_is_not_ignored():
    frame = numbers()
    report = train(frame, hyperparameters={"shrinkage_rate": 0.5, "min_data": 5, "path_smooth": 1.0, "n_iter": 15})
    A, a, B, _ = split(frame)
    by_hand = LGBMRegressor(
        learning_rate=0.5, min_child_samples=5, path_smooth=1.0, n_estimators=15, random_state=SEED, verbosity=-1
    ).fit(A, a)
    np.testing.assert_array_equal(report.model.predict(B), by_hand.predict(B))


def test_spaces_in_names_of_columns():
    frame = numbers().rename(columns={"bmi": "body mass index", "age": "age in years"})
    report = train(frame, hyperparameters={"n_estimators": 10})
    A, a, B, _ = split(frame)
    by_hand = LGBMRegressor(n_estimators=10, random_state=SEED, verbosity=-1).fit(A, a)
    assert type(report.model) is LGBMRegressor
    np.testing.assert_array_equal(report.model.predict(B), by_hand.predict(B))
    from mlmagic.data import Rows
    from mlmagic.executors import load

    executor = load("lightgbm")
    turned = executor.predict(executor.adopt(report.model), Rows(B[B.columns[::-1]]))
    np.testing.assert_array_equal(turned.values, by_hand.predict(B))


def test_a_bound_of_one_objective_alone_is_told():
    with pytest.raises(lightgbm.basic.LightGBMError, match="alpha_ > 0 && alpha_ < 1"):
        LGBMRegressor(objective="quantile", alpha=1.5, verbosity=-1).fit(*load_diabetes(return_X_y=True))
    with pytest.raises(InvalidConfiguration, match=r"alpha takes numbers > 0 and < 1, got 1\.5") as caught:
        train(numbers(), hyperparameters={"objective": "quantile", "alpha": 1.5})
    assert caught.value.faults[0].path == "config.hyperparameters.alpha"


def test_its_own_class_weights():
    frame = load_breast_cancer(as_frame=True).frame
    report = train(frame, hyperparameters={"n_estimators": 10, "class_weight": {0: 4.0, 1: 1.0}})
    A, a, B, _ = split(frame, classify=True)
    by_hand = LGBMClassifier(n_estimators=10, class_weight={0: 4.0, 1: 1.0}, random_state=SEED, verbosity=-1).fit(A, a)
    np.testing.assert_array_equal(report.model.predict_proba(B), by_hand.predict_proba(B))
    with pytest.raises(InvalidConfiguration, match="class_weight: KeyError"):
        train(frame, hyperparameters={"class_weight": {0: 4.0, 7: 1.0}})


def test_what_lightgbm_takes_is_told():
    with pytest.raises(InvalidConfiguration) as caught:
        train(numbers(), hyperparameters={"num_leaves": 1, "subsample": 2.0, "max_depth": "deep"})
    found = {fault.path.rpartition(".")[2]: fault.message for fault in caught.value.faults}
    assert found == {
        "num_leaves": "num_leaves takes whole numbers from 2 to 131072, got 1.",
        "subsample": "subsample takes numbers > 0 and <= 1, got 2.0.",
        "max_depth": "max_depth takes whole numbers, 0 and less for no limit, got 'deep'.",
    }


def logistic(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p = 1 / (1 + np.exp(-y_pred))
    return p - y_true, p * (1 - p)


def test_a_classifier_with_an_objective_of_the_notebook_is_refused():
    frame = load_breast_cancer(as_frame=True).frame
    with pytest.raises(InvalidConfiguration, match="gives no probabilities where the objective") as caught:
        train(frame, {"f": logistic}, hyperparameters={"objective": "$f"})
    assert caught.value.faults[0].path == "config.hyperparameters.objective"


def test_seeds_of_32_bits():
    report = train(numbers(), seed=2**32 - 1, hyperparameters={"n_estimators": 3, "bagging_fraction": 0.5})
    assert report.model.random_state == 2**31 - 1


def test_deterministic_runs_ask_lightgbm_for_it():
    config = resolve({"action": "train", "framework": "lightgbm", "data": "$df", "deterministic": True})
    assert LightGBM().defaults(config)["deterministic"] is True
    report = train(numbers(), deterministic=True, hyperparameters={"n_estimators": 3})
    assert report.model.get_params()["force_row_wise"] is True


def test_nothing_is_said_where_nothing_is_wrong():
    report = train(numbers(), validationSplit=0.2, hyperparameters={"n_estimators": 5})
    assert not [line for line in report.run.state.log if line.level in ("warning", "output")]


@pytest.mark.parametrize(
    "keys",
    [
        {"model": "$fitted"},
        {"framework": "lightgbm", "modelPath": "model.txt"},
        {"framework": "lightgbm", "modelPath": "model.pkl", "trust": True},
        {"framework": "sklearn", "modelPath": "model.pkl", "trust": True},
    ],
    ids=lambda keys: " ".join(map(str, keys.values())),
)
def test_columns_with_spaces_are_those_of_a_model_fitted_by_hand(keys: dict[str, Any]) -> None:
    """LightGBM writes a space as an underscore, and forgets that it did."""
    X, y = load_iris(return_X_y=True, as_frame=True)
    assert all(" " in name for name in X)
    fitted = LGBMClassifier(n_estimators=5, verbosity=-1).fit(X, y)
    fitted.booster_.save_model("model.txt")
    joblib.dump(fitted, "model.pkl")
    report = mlmagic.run({"action": "predict", "data": "$X", **keys}, X=X, fitted=fitted)
    np.testing.assert_allclose(report.predictions[["0", "1", "2"]], fitted.predict_proba(X))
