"""A ranking validated by the groups of a table of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlmagic.errors import DataLoadingError
from tests.executors.boosting_run import ALL, HANDS, queries, series, train

# Some groups of the second table are called as in the first.
TRAINING, HELD = queries().iloc[:220], queries().iloc[220:]
# What each library measures: its name, what a relevance is worth, and how many rows of a group count.
MEASURES = {
    "xgboost": ("val_ndcg@32", lambda relevance: 2.0**relevance - 1, 32),
    "lightgbm": ("val_ndcg@5", lambda relevance: 2.0**relevance - 1, 5),
    "catboost": ("val_ndcg", lambda relevance: relevance, None),
}


def ndcg(gain: pd.Series, score: pd.Series, most: int | None) -> float:
    """Of one group; rows of one score keep their order, and by convention it is 1 where nothing is worth anything."""
    discount = 1 / np.log2(np.arange(2, len(gain) + 2))
    found, ideal = (
        gain.to_numpy()[np.argsort(-key.to_numpy(), kind="stable")][:most] @ discount[:most] for key in (score, gain)
    )
    return float(found / ideal) if ideal else 1.0


@ALL
def test_it_is_measured_in_its_own_groups(framework):
    report = train(
        framework, TRAINING, {"held": HELD}, algorithm=HANDS[framework].ranker.__name__, target="relevance",
        groups="query", validationData="$held", hyperparameters={"n_estimators": 50},
    )  # fmt: skip
    assert report.metadata["validationSamples"] == len(HELD)
    name, gain, most = MEASURES[framework]
    scored = HELD.assign(score=report.model.predict(HELD[list("abcd")]))
    by_hand = [ndcg(gain(rows["relevance"]), rows["score"], most) for _, rows in scored.groupby("query")]
    assert series(report, name)[report.metadata["bestRound"] - 1] == pytest.approx(np.mean(by_hand))


@ALL
def test_a_table_without_the_groups_is_told(framework):
    with pytest.raises(DataLoadingError, match="validationData: \\$held lacks 'query'"):
        train(
            framework, TRAINING, {"held": HELD.drop(columns="query")}, target="relevance", groups="query",
            algorithm=HANDS[framework].ranker.__name__, validationData="$held",
        )  # fmt: skip
