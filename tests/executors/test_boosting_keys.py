"""The keys of a training in XGBoost, LightGBM and CatBoost: hyperparameters, estimators and devices."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlmagic._inputs import hold
from mlmagic.config import resolve
from mlmagic.errors import InvalidConfiguration
from mlmagic.events import Event, Log, Metadata
from mlmagic.executors import load
from tests.executors.boosting_run import ALL, BOTH, HANDS, SEED, parts, split, table, train

pytestmark = pytest.mark.usefixtures("here")


@ALL
def test_every_unknown_hyperparameter_is_named_at_once(framework):
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("regression"), hyperparameters={"n_estimator": 10, "max_dept": 3})
    assert [fault.suggestion for fault in caught.value.faults] == ["n_estimators", "max_depth"]
    assert all("no hyperparameter" in fault.message for fault in caught.value.faults)


@BOTH
def test_every_wrong_value_is_named_at_once(framework):
    wrong = {"max_bin": 1, "learning_rate": "fast", "n_estimators": 20, "reg_lambda": -1}
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("regression"), hyperparameters=wrong)
    found = {fault.path: fault for fault in caught.value.faults}
    assert set(found) == {f"config.hyperparameters.{name}" for name in ("max_bin", "learning_rate", "reg_lambda")}
    assert found["config.hyperparameters.reg_lambda"].value == -1
    assert "/src/" not in str(caught.value), "places in the library's source are no help"


@ALL
def test_labels_count_by_one_key(framework):
    own = {"lightgbm": {"class_weight": "balanced"}, "catboost": {"auto_class_weights": "Balanced"}}
    given = {"n_estimators": 3, **own.get(framework, {"scale_pos_weight": 2.0})}
    with pytest.raises(InvalidConfiguration, match=r"the estimator's own \w+=\S+ would be multiplied") as caught:
        train(framework, table("classification"), hyperparameters=given, classWeight="balanced")
    assert caught.value.faults[0].path == "config.classWeight"
    assert train(framework, table("classification"), hyperparameters=given).status == "success"
    alike = {"catboost": {"auto_class_weights": "None"}}.get(framework, {"scale_pos_weight": 1})
    report = train(
        framework, table("classification"), hyperparameters={"n_estimators": 3, **alike}, classWeight="balanced"
    )
    assert report.status == "success"


def test_labels_that_lightgbm_balances_count_by_one_key():
    with pytest.raises(InvalidConfiguration, match="the estimator's own is_unbalance=True would be multiplied"):
        train("lightgbm", table("classification"), hyperparameters={"is_unbalance": True}, classWeight="balanced")


@BOTH
def test_second_names_mean_the_same(framework):
    frame = table("regression")
    native = {"num_boost_round": 12, "eta": 0.3, "lambda": 2.0}
    report = train(framework, frame, hyperparameters=native)
    test, (X, y), _ = split(frame, classify=False)
    by_hand = (
        HANDS[framework]
        .regressor(n_estimators=12, learning_rate=0.3, reg_lambda=2.0, random_state=SEED, **HANDS[framework].quiet)
        .fit(X, y)
    )
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    with pytest.raises(InvalidConfiguration, match="two names of one hyperparameter"):
        train(framework, frame, hyperparameters={"eta": 0.3, "learning_rate": 0.1})


@ALL
@pytest.mark.parametrize(
    ("hyperparameters", "meant"),
    [({"early_stopping_rounds": 50}, "earlyStopping: {patience: 50}"), ({"device": "cuda"}, "device: cuda")],
)
def test_what_is_a_key_of_the_run_is_said(framework, hyperparameters, meant):
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("regression"), hyperparameters=hyperparameters)
    assert caught.value.faults[0].suggestion == meant


@ALL
def test_an_estimator_of_the_notebook_is_cloned(framework):
    frame, hand = table("regression"), HANDS[framework]
    own = hand.regressor(n_estimators=12, max_depth=3, random_state=5, **HANDS[framework].quiet)
    before = own.get_params()
    report = train(framework, frame, {"own": own}, model="$own", hyperparameters={"max_depth": 2})
    test, (X, y), _ = split(frame, classify=False)
    by_hand = type(own)(**{**before, "max_depth": 2}).fit(X, y)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    np.testing.assert_equal(own.get_params(), before)
    assert not load(framework)._library.is_fitted(own)
    assert report.metadata["algorithm"] == hand.regressor.__name__


@ALL
@pytest.mark.parametrize("named", ["sklearn", "auto"])
def test_an_algorithm_is_found_under_another_framework(framework, named):
    frame, kind = load_iris(as_frame=True).frame, HANDS[framework].classifier
    report = train(named, frame, algorithm=kind.__name__, hyperparameters={"n_estimators": 5})
    test, (X, y), _ = split(frame)
    by_hand = kind(n_estimators=5, random_state=SEED, **HANDS[framework].quiet).fit(X, y)
    np.testing.assert_array_equal(report.model.predict_proba(test[0]), by_hand.predict_proba(test[0]))
    assert type(report.model) is kind


@ALL
def test_a_pipeline_is_not_for_this_framework(framework):
    own = make_pipeline(StandardScaler(), HANDS[framework].regressor())
    with pytest.raises(InvalidConfiguration, match=r"model must be .* got \$own, which is of type Pipeline") as caught:
        train(framework, table("regression"), {"own": own}, model="$own")
    assert "framework: sklearn" in caught.value.solution


@ALL
def test_a_gpu_that_is_not_there_is_said_aloud(framework):
    if load(framework)._library.cuda() is None:
        pytest.skip("there is a GPU")
    for keys in ({"device": "cuda"}, {"gpuEnabled": True}):
        config, data = parts(framework, table("regression"), hyperparameters={"n_estimators": 3}, **keys)
        events: list[Event] = []
        load(framework).run(config, data, events.append, threading.Event())
        said = [event for event in events if isinstance(event, Log) and event.level == "warning"]
        assert "training on the CPU" in said[0].text
        facts = {key: value for event in events if isinstance(event, Metadata) for key, value in event.values.items()}
        assert (facts["device"], facts["gpuUsed"]) == ("cpu", False)


@pytest.mark.gpu
@ALL
def test_a_gpu_is_used(framework):
    if load(framework)._library.cuda() is not None:
        pytest.skip("there is no GPU that it can use")
    report = train(framework, table("classification"), device="cuda", validationSplit=0.2)
    assert report.metadata["gpuUsed"]
    assert report.metrics["test"]["accuracy"] > 0.9


@ALL
def test_device_and_gpu_enabled_may_not_contradict(framework):
    with pytest.raises(InvalidConfiguration, match="device: cuda and gpuEnabled: false contradict each other"):
        train(framework, table("regression"), device="cuda", gpuEnabled=False)


@ALL
def test_what_the_notebook_does_to_the_estimator_after_the_cell_does_not_matter(framework):
    model = HANDS[framework].regressor(n_estimators=5, **HANDS[framework].quiet)
    config = resolve({"action": "train", "framework": framework, "model": "$model", "data": "$df"})
    held = hold(config, {"model": model, "df": table("regression")})
    model.set_params(n_estimators=500)
    assert held["$model"].get_params()["n_estimators"] == 5


@ALL
@pytest.mark.parametrize(("kind", "task"), [("classifier", "regression"), ("regressor", "classification")])
def test_a_task_that_the_estimator_is_not_made_for(framework, kind, task):
    name = getattr(HANDS[framework], kind).__name__
    with pytest.raises(InvalidConfiguration) as caught:
        train(framework, table("classification"), algorithm=name, task=task)
    assert caught.value.message.startswith(f"task is {task}, but {name} is a {kind}: leave task out")
