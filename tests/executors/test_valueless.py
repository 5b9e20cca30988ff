"""Early stopping on a metric that has no value: no made-up number, one line that says why, training to its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.executors.boosting_run import HANDS, estimator, table, train

pytestmark = pytest.mark.usefixtures("here")

NETWORK = {"architecture": "mlp", "epochs": 5}
TREES = {"hyperparameters": {"n_estimators": 5}}
KINDS = {**dict.fromkeys(HANDS, TREES), "pytorch": NETWORK, "keras": NETWORK}
# What each library calls the area under the ROC curve.
AREAS = {"xgboost": "auc", "lightgbm": "auc", "catboost": "AUC"}


def one_sided() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of two labels, and rows of one of them to validate."""
    frame = table("classification").assign(target=lambda rows: np.where(rows["target"] == 1, "yes", "no"))
    return frame, frame[frame["target"] == "yes"].head(40)


def stopped(framework: str, metric: str, **keys: Any) -> Any:
    frame, seen = one_sided()
    early = {"metric": f"val_{metric}", "patience": 2}
    return train(framework, frame, {"seen": seen}, validationData="$seen", earlyStopping=early, **keys)


@pytest.mark.parametrize("framework", KINDS)
def test_a_metric_without_a_value_stops_nothing_and_is_told(framework):
    report = stopped(framework, "roc_auc", **KINDS[framework])
    facts = report.metadata
    assert len(report.history) == 5
    assert report.history["val_roc_auc"].isna().all()
    assert facts["earlyStopped"] is False
    assert not {"bestEpoch", "bestRound"} & set(facts)
    told = [line.text for line in report.run.state.log if line.level == "warning" and "val_roc_auc" in line.text]
    assert told == ["val_roc_auc has no value: no row has the label 'no'; it picked no best and stopped nothing"]


@pytest.mark.parametrize("framework", HANDS)
def test_so_it_is_under_the_librarys_own_name(framework):
    report = stopped(framework, AREAS[framework], **TREES)
    assert report.history[f"val_{AREAS[framework]}"].isna().all()
    assert "bestRound" not in report.metadata
    assert report.history[f"train_{AREAS[framework]}"].notna().all()


ROUNDS = {
    "xgboost": lambda model: model.get_booster().num_boosted_rounds(),
    "lightgbm": lambda model: model.booster_.num_trees(),
    "catboost": lambda model: model.tree_count_,
}


@pytest.mark.parametrize("framework", HANDS)
def test_the_last_model_is_kept(framework):
    report = stopped(framework, "roc_auc", **TREES)
    assert ROUNDS[framework](estimator(report.model)) == report.metadata["finalRound"] == 5
