import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance as by_hand
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, ndcg_score, r2_score
from sklearn.pipeline import make_pipeline

import mlmagic
from mlmagic.data import Rows, fit_preparation, source_columns
from mlmagic.evaluation import aggregate_importances, permutation_importance

from ..data.given import penguins, split_by


def of_truth(metric):
    return lambda rows, values: metric(rows.y, values)


def assert_equal_to_hand(model, rows, metric, scoring, seed):
    found = permutation_importance(lambda rows: model.predict(rows.X), rows, of_truth(metric), seed, repeats=3)
    expected = by_hand(model, rows.X, rows.y, scoring=scoring, n_repeats=3, random_state=seed)
    found = found.set_index("feature").loc[rows.X.columns]
    np.testing.assert_allclose(found["importance"], expected.importances_mean, atol=1e-12)
    np.testing.assert_allclose(found["std"], expected.importances_std, atol=1e-12)


def test_equal_to_scikit_learn_by_hand():
    X, y = load_wine(return_X_y=True, as_frame=True)
    forest = RandomForestClassifier(10, random_state=0).fit(X, y)
    assert_equal_to_hand(forest, Rows(X, y), accuracy_score, "accuracy", 5)
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    assert_equal_to_hand(LinearRegression().fit(X, y), Rows(X, y), r2_score, "r2", 0)


def test_raw_columns_of_text_and_gaps_equal_scikit_learn():
    data = split_by(penguins(), target="species")
    preparation = fit_preparation(data.train, "none", "auto")
    model = make_pipeline(preparation, RandomForestClassifier(10, random_state=0))
    model.fit(data.train.X, data.train.y)
    assert_equal_to_hand(model, data.test, accuracy_score, "accuracy", 1)


def test_most_important_first_rows_sampled_and_nothing_changed():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegression().fit(X, y)
    before, sizes = X.copy(), set()

    def predict(rows):
        sizes.add(len(rows))
        return model.predict(rows.X)

    first, second = (permutation_importance(predict, Rows(X, y), of_truth(r2_score), 0, max_rows=100) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(X, before)
    assert sizes == {100, 5 * 100}  # all repeats of a column at once
    assert first["importance"].is_monotonic_decreasing
    assert list(first.columns) == ["feature", "importance", "std"]


def test_groups_are_sampled_whole():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    group = pd.Series(np.arange(len(X)) % 40, index=X.index)  # eleven or twelve rows each
    model, seen = LinearRegression().fit(X, y), []

    def metric(rows, values):
        seen.append(rows.group)
        return r2_score(rows.y, values)

    permutation_importance(lambda rows: model.predict(rows.X), Rows(X, y, group=group), metric, 0, max_rows=100)
    sizes = seen[0].value_counts()
    assert 80 < sizes.sum() <= 100
    assert (sizes == group.value_counts()[sizes.index]).all()
    permutation_importance(lambda rows: model.predict(rows.X), Rows(X, y, group=group), metric, 0, max_rows=5)
    assert seen[-1].nunique() == 1


def test_stop_keeps_what_is_measured():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model, stop, calls = LinearRegression().fit(X, y), threading.Event(), []

    def predict(rows):
        calls.append(1)
        if len(calls) == 1 + 2:
            stop.set()
        return model.predict(rows.X)

    assert set(permutation_importance(predict, Rows(X, y), of_truth(r2_score), 0, stop=stop)["feature"]) == {
        "age",
        "sex",
    }
    assert permutation_importance(predict, Rows(X, y), of_truth(r2_score), 0, stop=stop).empty


def test_encoded_columns_are_summed_exactly():
    X = pd.DataFrame(
        {"a": ["b_c", "d", "d"], "a_b": ["c", "e", None], "a_d": [1.0, 2.0, 3.0], "<i> x": [True, None, False]}
    )
    preparation = fit_preparation(Rows(X), "none", "auto")
    values = np.arange(1.0, 1 + len(preparation.get_feature_names_out()))
    found = aggregate_importances(source_columns(preparation, list(X)), values, list(X))
    assert dict(found.to_numpy()) == {"a_d": 1.0, "a": 2.0 + 3.0, "a_b": 4.0 + 5.0 + 6.0, "<i> x": 7.0 + 8.0 + 9.0}
    assert found["importance"].is_monotonic_decreasing


def test_names_alone_go_to_the_longest_beginning():
    names = ["island_Dream", "island_size_big", "island_size", "year"]
    found = aggregate_importances(names, np.array([1.0, 2.0, 4.0, 8.0]), ["island", "island_size", "year", "unused"])
    assert dict(found.to_numpy()) == {"year": 8.0, "island_size": 6.0, "island": 1.0, "unused": 0.0}


def test_what_cannot_be_summed():
    with pytest.raises(ValueError, match="2 values and 1 names"):
        aggregate_importances(["a"], np.ones(2), ["a"])
    with pytest.raises(ValueError, match="'b_c' comes from none"):
        aggregate_importances(["b_c"], np.ones(1), ["a"])


@pytest.mark.usefixtures("here")
def test_a_ranker_without_importances_of_its_own_is_judged_by_the_order_within_groups():
    X, y = load_wine(return_X_y=True, as_frame=True)
    X, y = X.iloc[:, :4].rename(columns=str.upper), y.astype(int)
    frame = X.assign(relevance=y, query=np.random.default_rng(0).integers(0, 40, len(X)))
    config = {"action": "train", "framework": "xgboost", "algorithm": "XGBRanker", "data": "$df", "groups": "query"}
    keys = {"target": "relevance", "hyperparameters": {"booster": "gblinear", "n_estimators": 5}, "seed": 3}
    report = mlmagic.run({**config, **keys}, df=frame)
    test = frame.loc[report.predictions.index]

    def ndcg(model, X, y):
        ranked = pd.DataFrame({"y": y, "score": model.predict(X), "query": test["query"]})
        many = ranked[ranked.groupby("query")["y"].transform("size") > 1]
        return np.mean([ndcg_score([part["y"]], [part["score"]]) for _, part in many.groupby("query")])

    expected = by_hand(report.model, test[X.columns], test["relevance"], scoring=ndcg, n_repeats=5, random_state=3)
    found = pd.read_csv(report.output_dir / "feature_importances.csv").set_index("feature").loc[X.columns]
    assert expected.importances_mean.max() > 0.01
    np.testing.assert_allclose(found["importance"], expected.importances_mean, atol=1e-9)
    np.testing.assert_allclose(found["std"], expected.importances_std, atol=1e-9)
    assert report.metadata["importances"] == "drop of ndcg when shuffled"
