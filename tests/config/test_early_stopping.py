"""``earlyStopping.metric``: a name of the history, also where it is a function that is watched."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

import mlmagic
from tests.config.faults import fault

TREES = "action: train\nframework: xgboost\ndata: $df\ntarget: y\n"


@pytest.mark.parametrize(("name", "column"), [("missed", "val_missed"), ("recall", "val_recall_")])
def test_a_variable_is_told_what_to_write(name, column):
    found = fault(f"{TREES}earlyStopping: {{metric: ${name}}}")
    assert f"got ${name}: list ${name} under metrics, and write {column} here" in found.message
    assert (found.path, found.line, found.column) == ("earlyStopping.metric", 5, 25)


def test_what_it_says_works_and_mode_decides_which_way(here):
    rng = np.random.default_rng(0)
    df = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    df["y"] = (df["a"] + rng.normal(size=400) > 0).astype(int)

    def recall(y_true, y_pred):
        return recall_score(y_true, y_pred)

    keys = {"metrics": ["$recall"], "validationSplit": 0.3, "hyperparameters": {"n_estimators": 12}}
    for mode, choose in (("max", np.argmax), ("min", np.argmin)):
        watched = {"metric": "val_recall_", "mode": mode, "patience": 50}
        config = {"action": "train", "framework": "xgboost", "data": "$df", "target": "y", **keys}
        report = mlmagic.run({**config, "earlyStopping": watched}, df=df, recall=recall)
        curve = report.history["val_recall_"]
        assert curve.nunique() > 1
        assert report.metadata["bestRound"] == choose(curve) + 1


def test_another_kind_of_value_is_told_as_ever():
    assert fault(f"{TREES}earlyStopping: {{metric: 3}}").message == "earlyStopping.metric must be text, got 3"


@pytest.mark.parametrize(
    ("line", "meant"),
    [("lossFunction: $f", "{objective: $f}"), ("learningRate: $rate", "{learning_rate: $rate}")],
)
def test_a_key_that_is_a_hyperparameter_keeps_its_variable(line, meant):
    found = fault(TREES + line)
    assert found.suggestion == f"hyperparameters: {meant}"
