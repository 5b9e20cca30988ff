"""A ranking validated by the groups of a table of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from mlmagic.errors import DataLoadingError
from tests.executors.boosting_run import ALL, HANDS, queries, series, train

# Some groups of the second table are called as in the first.
TRAINING, HELD = queries().iloc[:220], queries().iloc[220:]
# What a relevance is worth to each library.
GAINS = {
    "xgboost": lambda relevance: 2.0**relevance - 1,
    "lightgbm": lambda relevance: 2.0**relevance - 1,
    "catboost": lambda relevance: relevance,
}
# The first three places, as a user asks each library for them.
PLACES = {
    "xgboost": ({"eval_metric": "ndcg@3"}, "ndcg@3"),
    "lightgbm": ({"eval_at": [3]}, "ndcg@3"),
    "catboost": ({"eval_metric": "NDCG:top=3"}, "NDCG:top=3"),
}


def ndcg(gain: pd.Series, score: pd.Series, most: int | None = None) -> float:
    """Of one group; rows of one score keep their order, and by convention it is 1 where nothing is worth anything."""
    discount = 1 / np.log2(np.arange(2, len(gain) + 2))
    found, ideal = (
        gain.to_numpy()[np.argsort(-key.to_numpy(), kind="stable")][:most] @ discount[:most] for key in (score, gain)
    )
    return float(found / ideal) if ideal else 1.0


@ALL
def test_it_is_measured_in_its_own_groups(framework):
    report = ranked(framework)
    assert report.metadata["validationSamples"] == len(HELD)
    assert list(report.history) == ["round", "train_ndcg", "val_ndcg"]
    assert series(report, "val_ndcg")[report.metadata["bestRound"] - 1] == pytest.approx(by_hand(framework, report))


@ALL
def test_a_place_counts_where_it_is_asked_for(framework):
    given, name = PLACES[framework]
    report = ranked(framework, **given)
    assert set(report.history) == {"round", *(f"{part}_{of}" for part in ("train", "val") for of in ("ndcg", name))}
    best = report.metadata["bestRound"] - 1
    assert series(report, "val_ndcg")[best] == max(series(report, "val_ndcg"))
    assert series(report, f"val_{name}")[best] == pytest.approx(by_hand(framework, report, 3))


def test_a_place_of_one_metric_of_lightgbm_is_no_other_metrics():
    report = ranked("lightgbm", eval_metric=["ndcg@3", "map"])
    assert set(report.history) == {
        "round", *(f"{part}_{name}" for part in ("train", "val") for name in ("ndcg", "ndcg@3", "map")),
    }  # fmt: skip
    best = report.metadata["bestRound"] - 1
    assert series(report, "val_ndcg@3")[best] == pytest.approx(by_hand("lightgbm", report, 3))
    assert report.model.get_params().get("eval_at") is None


def test_xgboost_watches_what_rank_map_makes_large():
    frame = TRAINING.assign(relevance=(TRAINING["relevance"] > 1).astype(int))
    held = HELD.assign(relevance=(HELD["relevance"] > 1).astype(int))
    report = train(
        "xgboost", frame, {"held": held}, target="relevance", groups="query", validationData="$held",
        hyperparameters={"n_estimators": 10, "objective": "rank:map"},
    )  # fmt: skip
    assert list(report.history) == ["round", "train_ndcg", "train_map", "val_ndcg", "val_map"]
    assert report.run.state.best.metric == "val_map"


@ALL
def test_of_relevant_rows_or_not_it_is_scikit_learns(framework):
    """Then all gains are alike; groups without a relevant row count as 1 in a library and 0 in scikit-learn."""
    random = np.random.default_rng(3)
    X = random.normal(size=(400, 4))
    frame = pd.DataFrame(X, columns=list("abcd")).assign(query=np.repeat(np.arange(20), 20))
    noise = random.normal(scale=0.5, size=400)
    frame["relevance"] = (X[:, 0] + noise > np.where(np.arange(400) % 20 == 0, -10, 1)).astype(int)
    training, held = frame[frame["query"] < 14], frame[frame["query"] >= 14]
    report = train(
        framework, training, {"held": held}, algorithm=HANDS[framework].ranker.__name__, target="relevance",
        groups="query", validationData="$held", hyperparameters={"n_estimators": 60},
    )  # fmt: skip
    scored = held.assign(score=report.model.predict(held[list("abcd")]))
    assert scored.groupby("query")["score"].nunique().min() == 20, "no row is tied"
    expected = [ndcg_score([rows["relevance"]], [rows["score"]]) for _, rows in scored.groupby("query")]
    assert series(report, "val_ndcg")[report.metadata["bestRound"] - 1] == pytest.approx(np.mean(expected))


def ranked(framework: str, **hyperparameters: Any) -> Any:
    return train(
        framework, TRAINING, {"held": HELD}, algorithm=HANDS[framework].ranker.__name__, target="relevance",
        groups="query", validationData="$held", hyperparameters={"n_estimators": 50, **hyperparameters},
    )  # fmt: skip


def by_hand(framework: str, report: Any, most: int | None = None) -> float:
    """The mean over the groups of the second table."""
    scored, gain = HELD.assign(score=report.model.predict(HELD[list("abcd")])), GAINS[framework]
    return float(np.mean([ndcg(gain(rows["relevance"]), rows["score"], most) for _, rows in scored.groupby("query")]))


@ALL
def test_a_table_without_the_groups_is_told(framework):
    with pytest.raises(DataLoadingError, match="validationData: \\$held lacks 'query'"):
        train(
            framework, TRAINING, {"held": HELD.drop(columns="query")}, target="relevance", groups="query",
            algorithm=HANDS[framework].ranker.__name__, validationData="$held",
        )  # fmt: skip
