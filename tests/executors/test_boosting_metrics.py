"""Metrics and objectives of XGBoost, LightGBM and CatBoost: the library's, the notebook's, and a ranking's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

import mlmagic
from mlmagic.errors import DataLoadingError, InvalidConfiguration, TrainingFailure
from tests.executors.boosting_run import (
    ALL,
    BOTH,
    HANDS,
    QUANTILE,
    SEED,
    estimator,
    ndcg,
    parts,
    penguins,
    queries,
    series,
    split,
    table,
    train,
)

pytestmark = pytest.mark.usefixtures("here")


def worst(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return float(np.abs(y_true - y_pred).max())


def mine_score(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return -float(np.abs(y_true - y_pred).max())


def named(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[str, float, bool]:
    return "anything", -float(np.abs(y_true - y_pred).max()), True


@BOTH
def test_a_metric_of_the_notebook(framework):
    frame, rounds = table("regression"), {"n_estimators": 15}
    report = train(
        framework, frame, {"worst": worst}, validationSplit=0.2,
        hyperparameters={**rounds, "eval_metric": ["$worst", "mae"]},
    )  # fmt: skip
    _, (X, y), (Xv, yv) = split(frame, validation=0.2, classify=False)
    made = HANDS[framework].regressor(**rounds, random_state=SEED, **HANDS[framework].quiet).fit(X, y)
    for place in (1, 7, 15):
        key = {"iteration_range": (0, place)} if framework == "xgboost" else {"num_iteration": place}
        values = made.predict(Xv, **key)
        assert series(report, "val_worst")[place - 1] == pytest.approx(worst(yv.to_numpy(), values), rel=1e-5)
        assert series(report, "val_mae")[place - 1] == pytest.approx(np.abs(yv - values).mean(), rel=1e-5)
    assert estimator(report.model).get_params().get("eval_metric") in (None, [worst, "mae"])


@ALL
@pytest.mark.parametrize(("function", "name"), [(worst, "worst"), (mine_score, "mine_score"), (named, "named")])
def test_early_stopping_by_a_metric_of_the_notebook(framework, function, name):
    """Down, unless its name or itself says up."""
    report = train(
        framework, table("regression"), {"f": function},
        earlyStopping={"metric": f"val_{name}", "patience": 5}, hyperparameters={"eval_metric": "$f"},
    )  # fmt: skip
    values = series(report, f"val_{name}")
    assert ("'anything' is named in the history" in report.log) == (name == "named")
    assert report.metadata["bestRound"] == (values.argmin() if name == "worst" else values.argmax()) + 1


@ALL
def test_a_metric_that_fails_ends_the_run_with_its_own_lines(framework):
    def broken(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        raise ZeroDivisionError("in the metric")

    with pytest.raises(TrainingFailure, match="in the metric") as caught:
        train(framework, table("regression"), {"f": broken}, hyperparameters={"eval_metric": "$f"})
    assert 'raise ZeroDivisionError("in the metric")' in caught.value.stderr


@ALL
def test_an_unknown_metric_is_refused(framework):
    with pytest.raises(InvalidConfiguration, match=r"eval_metric must be rmse, .*got 'rsme'") as caught:
        train(framework, table("regression"), hyperparameters={"eval_metric": "rsme"})
    assert caught.value.faults[0].suggestion == "rmse"
    early = {"earlyStopping": {"metric": "val_acuracy"}}
    with pytest.raises(InvalidConfiguration, match=r"earlyStopping\.metric must be val_loss, ") as caught:
        train(framework, table("classification"), **early)
    assert caught.value.faults[0].suggestion == "val_accuracy"


@ALL
def test_quantiles(framework):
    frame = table("regression")
    objective = QUANTILE[framework]
    report = train(framework, frame, hyperparameters={"n_estimators": 30, **objective})
    test, (X, y), _ = split(frame, classify=False)
    by_hand = (
        HANDS[framework].regressor(n_estimators=30, random_state=SEED, **objective, **HANDS[framework].quiet).fit(X, y)
    )
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    assert (report.predictions["actual"] <= report.predictions["predicted"]).mean() > 0.7
    errors = y - by_hand.predict(X)
    pinball = np.maximum(0.9 * errors, -0.1 * errors).mean()
    assert series(report, "train_loss")[-1] == pytest.approx(pinball, rel=1e-4)


@pytest.mark.parametrize(
    ("framework", "several"),
    [
        ("xgboost", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}),
        ("catboost", {"objective": "MultiQuantile:alpha=0.1,0.5,0.9"}),
    ],
)
@pytest.mark.parametrize(
    "keys", [{}, {"metrics": ["mae"]}, {"earlyStopping": {"metric": "val_mae"}}, {"crossValidation": {"folds": 2}}]
)
def test_several_quantiles_are_several_runs(framework, several, keys):
    with pytest.raises(InvalidConfiguration, match="predicts 3 numbers a row, and a run is about one"):
        train(framework, penguins(), target="body_mass_g", hyperparameters=several, **keys)


def squared(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return y_pred - y_true, np.ones_like(y_true)


@BOTH
def test_an_objective_of_the_notebook(framework):
    frame = table("regression")
    keys = {"hyperparameters": {"n_estimators": 30, "objective": "$f"}, "validationSplit": 0.2}
    report = train(framework, frame, {"f": squared}, **keys)
    test, (X, y), _ = split(frame, validation=0.2, classify=False)
    best = report.metadata["bestRound"]
    by_hand = HANDS[framework].regressor(
        n_estimators=best, objective=squared, random_state=SEED, **HANDS[framework].quiet
    )
    np.testing.assert_array_equal(report.model.predict(test[0]), by_hand.fit(X, y).predict(test[0]))
    assert "train_loss" not in report.history, "nobody but the user knows what it is"


@BOTH
def test_a_ranking(framework):
    frame, kind = queries(), HANDS[framework].ranker
    report = train(
        framework, frame, algorithm=kind.__name__, target="relevance", groups="query", earlyStopping={"patience": 5},
        hyperparameters={"n_estimators": 50},
    )  # fmt: skip
    facts = report.metadata
    assert facts["task"] == "regression"
    keys = {"target": "relevance", "groups": "query", "algorithm": kind.__name__, "earlyStopping": True}
    _, data = parts(framework, frame, **keys)
    train_rows, val_rows = (
        part.X.assign(relevance=part.y, query=part.group).sort_values("query", kind="stable")
        for part in (data.train, data.validation)
    )
    assert not set(train_rows["query"]) & set(val_rows["query"])
    X, y, Xt = train_rows[list("abcd")], train_rows["relevance"], data.test.X
    made = kind(n_estimators=50, random_state=SEED, **HANDS[framework].quiet)
    codes = pd.factorize(train_rows["query"], sort=True)[0]
    by_hand = made.fit(X, y, **({"qid": codes} if framework == "xgboost" else {"group": np.bincount(codes)}))

    def predict(rows: pd.DataFrame, rounds: int) -> np.ndarray:
        first = {"iteration_range": (0, rounds)} if framework == "xgboost" else {"num_iteration": rounds}
        return by_hand.predict(rows, **first)

    for name, rows in (("train_ndcg", train_rows), ("val_ndcg", val_rows)):
        curve = [ndcg(rows, predict(rows[list("abcd")], number + 1)) for number in range(50)]
        np.testing.assert_allclose(series(report, name), curve[: facts["finalRound"]], rtol=1e-12)
    best = int(np.argmax(curve[: facts["finalRound"]])) + 1
    assert facts["bestRound"] == best
    assert facts["finalRound"] == min(best + 5, 50)
    np.testing.assert_array_equal(report.model.predict(Xt), predict(Xt, best))
    assert "The best round is told by val_ndcg as scikit-learn measures it" in report.log
    assert report.run.state.best.metric == "val_ndcg"


@ALL
def test_a_ranking_is_measured_by_a_function_of_the_notebook_and_by_its_first_places(framework):
    """As the report does: of all rows at once, whatever their groups."""

    def concordant(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return float(kendalltau(y_true, y_pred).statistic)

    frame = queries().assign(kind=lambda frame: np.where(frame["a"] > 0, "up", "down"))
    head = {"target": "relevance", "groups": "query", "validationSplit": 0.2}
    keys = {"metrics": ["$concordant", "ndcg@3"], "hyperparameters": {"n_estimators": 8}}
    algorithm = HANDS[framework].ranker.__name__
    report = train(framework, frame, {"concordant": concordant}, algorithm=algorithm, **head, **keys)
    _, data = parts(framework, frame, algorithm=algorithm, **head)
    best = report.metadata["bestRound"] - 1
    for part, rows in (("train", data.train), ("val", data.validation)):
        scores = report.model.predict(rows.X)
        found = rows.X.assign(relevance=rows.y, query=rows.group)
        assert series(report, f"{part}_concordant")[best] == pytest.approx(concordant(rows.y, scores))
        assert series(report, f"{part}_ndcg@3")[best] == pytest.approx(ndcg(found, scores, 3))
        assert series(report, f"{part}_ndcg")[best] == pytest.approx(ndcg(found, scores))
    final = report.metrics["finalModel"]
    assert final["trainNdcg"] == pytest.approx(series(report, "train_ndcg")[best])
    assert final["trainNdcg@3"] == pytest.approx(series(report, "train_ndcg@3")[best])


@ALL
def test_a_ranking_is_measured_by_its_order(framework):
    frame = queries()
    head = {"target": "relevance", "groups": "query", "algorithm": HANDS[framework].ranker.__name__}
    report = train(framework, frame, **head, metrics=["ndcg"], hyperparameters={"n_estimators": 5})
    _, data = parts(framework, frame, **head)
    expected = {
        part: ndcg(rows.X.assign(relevance=rows.y, query=rows.group), report.model.predict(rows.X))
        for part, rows in (("train", data.train), ("test", data.test))
    }
    assert report.metrics["test"] == {"ndcg": pytest.approx(expected["test"])}
    assert report.metrics["finalModel"] == {
        "trainNdcg": pytest.approx(expected["train"]),
        "testNdcg": pytest.approx(expected["test"]),
    }
    assert "test ndcg 0.99" in repr(report)
    again = mlmagic.run({"action": "evaluate", "model": "$report", "data": "$df"}, report=report, df=frame)
    assert again.metrics == {"ndcg": pytest.approx(ndcg(frame, report.model.predict(frame[list("abcd")])))}
    own = {"action": "evaluate", "model": "$model", "data": "$df", "target": "relevance"}
    with pytest.raises(InvalidConfiguration, match="groups is missing"):
        mlmagic.run({**own, "framework": framework}, model=report.model, df=frame)
    elsewhere = mlmagic.run(
        {**own, "framework": framework, "groups": "$g", "metrics": ["ndcg"], "featureColumns": list("abcd")},
        model=report.model, df=frame, g=frame["query"],
    )  # fmt: skip
    assert elsewhere.metrics == again.metrics


@ALL
def test_a_ranking_has_no_r2(framework):
    head = {"target": "relevance", "groups": "query", "algorithm": HANDS[framework].ranker.__name__}
    with pytest.raises(InvalidConfiguration, match="r2 measures a regression, but this is a ranking"):
        train(framework, queries(), **head, metrics=["r2"])


@ALL
def test_a_relevance_of_words_is_told(framework):
    frame = queries().assign(relevance=lambda frame: frame["relevance"].map({0: "bad", 1: "fair", 2: "good"}))
    head = {"target": "relevance", "groups": "query", "algorithm": HANDS[framework].ranker.__name__}
    with pytest.raises(InvalidConfiguration, match=r"a ranker, .* needs numbers, .* 'relevance' holds text") as caught:
        train(framework, frame, **head)
    assert "of a ranking how relevant each row is: 0, 1, 2" in caught.value.solution


def test_a_place_that_no_metric_has_is_told():
    with pytest.raises(InvalidConfiguration, match="'ndcg@7': a ranking has ndcg, ndcg@1, ndcg@3, ndcg@5") as caught:
        train("lightgbm", queries(), target="relevance", groups="query", algorithm="LGBMRanker", metrics=["ndcg@7"])
    assert caught.value.faults[0].path == "metrics[0]"


@ALL
def test_a_ranking_needs_groups(framework):
    with pytest.raises(DataLoadingError, match="ranks the rows of each group") as caught:
        train(
            framework, queries().drop(columns="query"), algorithm=HANDS[framework].ranker.__name__, target="relevance"
        )
    assert "groups: query_id" in caught.value.solution


def test_a_list_of_the_notebook_is_metrics():
    def worst_row(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return float(np.abs(y_true - y_pred).max())

    several, keys = ["mse", worst_row], {"hyperparameters": {"n_estimators": 5}}
    report = train("xgboost", table("regression"), {"several": several}, metrics="$several", **keys)
    written = train("xgboost", table("regression"), {"worst_row": worst_row}, metrics=["mse", "$worst_row"], **keys)
    assert report.metrics["test"] == written.metrics["test"]
    assert {"mse", "worst_row"} <= set(report.metrics["test"])
