"""NDCG of all groups at once against scikit-learn's of each."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from mlmagic.evaluation import Comparison, Points, evaluate, named


@pytest.mark.parametrize("most", [None, 1, 3, 100])
@pytest.mark.parametrize("digits", [None, 1, 0])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_it_is_the_mean_of_scikit_learns(most, digits, kind):
    """Of groups of 1 to 40 rows in any order, some without a relevant row, with ties and without."""
    random = np.random.default_rng(0)
    group = random.permutation(np.repeat(np.arange(40), np.arange(40) + 1))
    y = random.integers(0, 4, len(group)) * (group % 7 > 0)
    scores = random.normal(size=len(group)).astype(kind)
    scores = scores if digits is None else np.round(scores, digits)
    name = "ndcg" if most is None else f"ndcg@{most}"
    groups = [group == number for number in range(1, 40)]
    expected = np.mean([ndcg_score([y[rows]], [scores[rows]], k=most) for rows in groups])
    given = Comparison("ranking", y, scores, group=group.astype(str))
    assert named([name], given).values == {name: pytest.approx(expected, rel=1e-12)}
    points = Points([name], "ranking", y, None, group)
    assert points.of_numbers(scores) == points.of_numbers(scores) == {name: pytest.approx(expected, rel=1e-12)}


@pytest.mark.parametrize(("y", "scores", "group", "reason"), [
    ([1, 2, 0], [1.0, 2.0, 3.0], [0, 1, 2], "no group has two rows"),
    ([1, -1, 0], [1.0, 2.0, 3.0], [0, 0, 0], "a relevance is below 0"),
    ([1, 2, 0], [1.0, np.nan, 3.0], [0, 0, 0], "1 of 3 predictions are not finite"),
])  # fmt: skip
def test_what_has_no_value_says_why(y, scores, group, reason):
    given = Comparison("ranking", np.array(y), np.array(scores), group=np.array(group))
    assert evaluate(given) == {"ndcg": None, "undefined": {"ndcg": reason}}
