"""A ranking validated by the groups of a table of its own."""

from __future__ import annotations

from typing import Any

import pytest

from mlmagic.errors import DataLoadingError
from tests.executors.boosting_run import ALL, HANDS, ndcg, queries, series, train

# Some groups of the second table are called as in the first.
TRAINING, HELD = queries().iloc[:220], queries().iloc[220:]
# The first three places, as a user asks each library for them.
PLACES = {"xgboost": {"eval_metric": "ndcg@3"}, "lightgbm": {"eval_at": [3]}, "catboost": {"eval_metric": "ndcg@3"}}
GROUPED = {"target": "relevance", "groups": "query", "validationData": "$held"}


@ALL
def test_it_is_measured_in_its_own_groups(framework):
    report = ranked(framework)
    assert report.metadata["validationSamples"] == len(HELD)
    assert list(report.history) == ["round", "train_ndcg", "val_ndcg"]
    assert series(report, "val_ndcg")[report.metadata["bestRound"] - 1] == pytest.approx(by_hand(report))


@ALL
def test_a_place_counts_where_it_is_asked_for(framework):
    report = ranked(framework, **PLACES[framework])
    assert set(report.history) == {"round", *(f"{part}_{of}" for part in ("train", "val") for of in ("ndcg", "ndcg@3"))}
    best = report.metadata["bestRound"] - 1
    assert series(report, "val_ndcg")[best] == max(series(report, "val_ndcg"))
    assert series(report, "val_ndcg@3")[best] == pytest.approx(by_hand(report, 3))


def test_a_place_of_one_metric_of_lightgbm_is_no_other_metrics():
    report = ranked("lightgbm", eval_metric=["ndcg@3", "map"])
    assert set(report.history) == {
        "round", *(f"{part}_{name}" for part in ("train", "val") for name in ("ndcg", "ndcg@3", "map")),
    }  # fmt: skip
    best = report.metadata["bestRound"] - 1
    assert series(report, "val_ndcg@3")[best] == pytest.approx(by_hand(report, 3))
    assert report.model.get_params().get("eval_at") is None


def test_xgboost_watches_what_rank_map_makes_large():
    frame = TRAINING.assign(relevance=(TRAINING["relevance"] > 1).astype(int))
    held = HELD.assign(relevance=(HELD["relevance"] > 1).astype(int))
    report = train(
        "xgboost", frame, {"held": held}, **GROUPED,
        hyperparameters={"n_estimators": 10, "objective": "rank:map"},
    )  # fmt: skip
    assert list(report.history) == ["round", "train_map", "train_ndcg", "val_map", "val_ndcg"]
    assert report.run.state.best.metric == "val_map"


def test_groups_of_one_row_rank_nothing():
    frame = TRAINING.assign(query=[f"q{number}" for number in range(len(TRAINING))])
    report = train("lightgbm", frame, {"held": frame.iloc[:50]}, algorithm="LGBMRanker", **GROUPED,
                   hyperparameters={"n_estimators": 3})  # fmt: skip
    assert report.history["val_ndcg"].isna().all()
    assert "val_ndcg has no value: no group has two rows" in report.log


def ranked(framework: str, **hyperparameters: Any) -> Any:
    return train(
        framework, TRAINING, {"held": HELD}, algorithm=HANDS[framework].ranker.__name__, **GROUPED,
        hyperparameters={"n_estimators": 50, **hyperparameters},
    )  # fmt: skip


def by_hand(report: Any, most: int | None = None) -> float:
    return ndcg(HELD, report.model.predict(HELD[list("abcd")]), most)


@ALL
def test_a_table_without_the_groups_is_told(framework):
    with pytest.raises(DataLoadingError, match="validationData: \\$held lacks 'query'"):
        train(
            framework, TRAINING, {"held": HELD.drop(columns="query")}, **GROUPED,
            algorithm=HANDS[framework].ranker.__name__,
        )  # fmt: skip
