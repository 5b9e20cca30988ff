import threading
import time

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
from mlmagic.actions import _follow_up
from mlmagic.data import Rows, fit_preparation, source_columns
from mlmagic.evaluation import _importance, aggregate_importances, permutation_importance
from mlmagic.executors.sklearn.executor import SklearnExecutor

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
    assert 100 in sizes
    assert max(sizes) > 100, "several columns at once"
    assert not any(size % 100 for size in sizes), "as often the rows as there are columns"
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
    model, stop, seen = LinearRegression().fit(X, y), threading.Event(), []

    def predict(rows):
        seen.append(len(rows) // len(X))
        if len(seen) == 1 + 2:
            stop.set()
        return model.predict(rows.X)

    found = permutation_importance(predict, Rows(X, y), of_truth(r2_score), 0, stop=stop)
    reached = sum(seen[1:])
    assert 2 <= reached < X.shape[1]
    assert set(found["feature"]) == set(X.columns[:reached])
    expected = by_hand(model, X, y, scoring="r2", n_repeats=1, random_state=0).importances_mean[:reached]
    np.testing.assert_allclose(found.set_index("feature")["importance"].loc[X.columns[:reached]], expected, atol=1e-12)
    assert permutation_importance(predict, Rows(X, y), of_truth(r2_score), 0, stop=stop).empty


def wide(columns):
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(40, columns))).rename(columns=lambda place: f"c{place}")
    kinds = {"word": random.choice(["x", "y", None], 40), "kind": pd.Categorical(random.choice(["lo", "hi"], 40))}
    X = X.assign(**kinds, whole=random.integers(0, 9, 40), yes=random.random(40) < 0.5)
    return X, pd.Series(np.where(X["c0"] + X["whole"] > 4, "p", "n"))


def test_a_wide_table_of_many_kinds_is_predicted_for_many_columns_at_once():
    X, y = wide(80)
    model = make_pipeline(fit_preparation(Rows(X), "none", "auto"), RandomForestClassifier(10, random_state=0))
    model.fit(X, y)
    calls = []

    def predict(rows):
        calls.append(rows.X.size)
        pd.testing.assert_series_equal(rows.X.dtypes, X.dtypes)
        return model.predict(rows.X)

    found = permutation_importance(predict, Rows(X, y), of_truth(accuracy_score), 2, repeats=2)
    expected = by_hand(model, X, y, scoring="accuracy", n_repeats=2, random_state=2)
    found = found.set_index("feature").loc[X.columns]
    np.testing.assert_allclose(found["importance"], expected.importances_mean, atol=1e-12)
    np.testing.assert_allclose(found["std"], expected.importances_std, atol=1e-12)
    assert len(calls) < 2 * X.shape[1] / 5
    assert max(calls) <= _importance.MOST_CELLS


def clock(monkeypatch):
    """Time that only goes on when a model predicts."""
    now = [0.0]
    monkeypatch.setattr(_importance.time, "perf_counter", lambda: now[0])
    return now


@pytest.mark.parametrize(("seconds", "repeats"), [(1000, 5), (35, 3), (21, 2)])
def test_who_has_less_time_gets_fewer_shuffles_of_every_column(monkeypatch, seconds, repeats):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model, now = LinearRegression().fit(X, y), clock(monkeypatch)

    def predict(rows):
        now[0] += len(rows) / len(X)
        return model.predict(rows.X)

    found = permutation_importance(predict, Rows(X, y), of_truth(r2_score), 4, seconds=seconds)
    expected = by_hand(model, X, y, scoring="r2", n_repeats=repeats, random_state=4)
    assert found.attrs["repeats"] == repeats
    np.testing.assert_allclose(
        found.set_index("feature")["importance"].loc[X.columns], expected.importances_mean, atol=1e-12
    )


def test_columns_are_left_out_where_not_even_one_shuffle_of_each_has_time(monkeypatch):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model, now = LinearRegression().fit(X, y), clock(monkeypatch)

    def predict(rows):
        now[0] += len(rows) / len(X)
        return model.predict(rows.X)

    found = permutation_importance(predict, Rows(X, y), of_truth(r2_score), 4, seconds=6)
    assert 3 <= len(found) < X.shape[1]
    assert set(found["feature"]) == set(X.columns[: len(found)])
    assert found.attrs["repeats"] == 1


class Slow(LinearRegression):
    """Takes longer to predict than to train."""

    def predict(self, X):
        time.sleep(0.01)
        return super().predict(X)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("deterministic", [False, True])
def test_the_log_says_what_was_left_out(monkeypatch, deterministic):
    monkeypatch.setattr(_follow_up, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(SklearnExecutor, "placement", lambda self, config: "thread")
    frame = load_diabetes(as_frame=True).frame
    config = {"action": "train", "framework": "sklearn", "model": "$slow", "data": "$df", "target": "target"}
    report = mlmagic.run({**config, "deterministic": deterministic, "testSplit": 0.5}, df=frame, slow=Slow())
    found = pd.read_csv(report.output_dir / "feature_importances.csv")
    told = "to measure more would take longer than training did"
    assert (told in report.log) is not deterministic
    assert (len(found) == 10) is deterministic


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
