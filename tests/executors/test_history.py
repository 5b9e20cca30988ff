"""The metrics of all epochs or rounds, as the report shows them."""

from __future__ import annotations

import math

import pytest

from mlmagic.executors._history import nested


@pytest.mark.parametrize(
    ("metric", "ending", "best"),
    [
        ("loss", "Loss", 1.0),
        ("roc_auc", "RocAuc", 3.0),
        ("neg_brier_score", "NegBrierScore", 3.0),
        ("ndcg@5", "Ndcg@5", 3.0),
        ("AUC", "AUC", 3.0),
        ("PRAUC", "PRAUC", 3.0),
        ("mean_absolute_error", "MeanAbsoluteError", 1.0),
        ("mape", "Mape", 1.0),
    ],
)
def test_the_best_is_the_greatest_or_the_least_as_the_metric_is(metric: str, ending: str, best: float) -> None:
    rows = [{f"train_{metric}": 0.0, f"val_{metric}": value} for value in (2.0, 3.0, 1.0, math.nan)]
    body = nested(rows[:3])
    assert body["train"] == {metric: [0.0] * 3, f"final{ending}": 0.0}
    assert body["validation"] == {metric: [2.0, 3.0, 1.0], f"final{ending}": 1.0, f"best{ending}": best}
    assert nested(rows)["validation"][f"best{ending}"] == best


def test_where_the_name_does_not_tell_nothing_is_called_best() -> None:
    assert nested([{"val_own": 2.0}, {"val_own": 3.0}]) == {"validation": {"own": [2.0, 3.0], "finalOwn": 3.0}}
