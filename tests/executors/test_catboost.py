"""What is CatBoost's alone, compared with CatBoost called by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier, CatBoostError, CatBoostRanker, CatBoostRegressor, Pool
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

import mlmagic
from mlmagic.errors import InvalidConfiguration, TrainingFailure
from mlmagic.executors._boosting._computed import Computed
from mlmagic.executors._boosting._library import Fitting, Part
from mlmagic.executors._boosting._rows import Columns
from mlmagic.executors.catboost import _training
from mlmagic.executors.catboost._library import CatBoost
from mlmagic.executors.catboost._parameters import METRICS, SYNONYMS
from mlmagic.executors.catboost._report import Functions
from tests.executors.boosting_run import ndcg, parts, penguins, queries

pytestmark = pytest.mark.usefixtures("here")
SEED = 0
BY_HAND: dict[str, Any] = {"random_seed": SEED, "verbose": False, "allow_writing_files": False}


def train(frame: pd.DataFrame, names: dict[str, Any] | None = None, **keys: Any) -> Any:
    config = {"action": "train", "framework": "catboost", "data": "$df", "target": "target", "seed": SEED, **keys}
    return mlmagic.run(config, df=frame, **(names or {}))


def numbers() -> pd.DataFrame:
    return load_diabetes(as_frame=True).frame


def tumours() -> pd.DataFrame:
    return load_breast_cancer(as_frame=True).frame


def flowers() -> pd.DataFrame:
    return load_iris(as_frame=True).frame


def split(frame: pd.DataFrame, classify: bool = False, validation: bool = False, target: str = "target") -> list[Any]:
    """Training, validation (where asked for) and test rows, as scikit-learn cuts them."""

    def cut(rows: pd.DataFrame, size: float | int) -> list[pd.DataFrame]:
        return train_test_split(rows, test_size=size, random_state=SEED, stratify=rows[target] if classify else None)

    rows, test = cut(frame, 0.2)
    found = [*cut(rows, int(np.ceil(0.2 * len(frame)))), test] if validation else [rows, test]
    return [(part.drop(columns=target), part[target]) for part in found]


def test_curves_are_what_catboost_measures_each_round():
    report = train(tumours(), validationSplit=0.2, hyperparameters={"iterations": 25})
    rows, val, _ = split(tumours(), True, True)
    found = CatBoostClassifier(iterations=25, custom_metric=["Accuracy"], **BY_HAND).fit(*rows, eval_set=val)
    for own, part in (("learn", "train"), ("validation", "val")):
        for metric, name in (("Logloss", "loss"), ("Accuracy", "accuracy")):
            expected = found.evals_result_[own][metric]
            np.testing.assert_allclose(report.history[f"{part}_{name}"][: len(expected)], expected, rtol=1e-12)
    assert list(report.history) == ["round", "train_loss", "train_accuracy", "val_loss", "val_accuracy"]


@pytest.mark.parametrize("metric", ["loss", "auc"])
def test_early_stopping_is_catboosts_own(metric):
    """Its own learning rate too, which depends on whether there are rows to validate."""
    early = {"patience": 8, "metric": f"val_{metric}"}
    report = train(tumours(), earlyStopping=early, hyperparameters={"iterations": 500})
    rows, val, test = split(tumours(), True, True)
    own = {"eval_metric": "AUC"} if metric == "auc" else {}
    by_hand = CatBoostClassifier(iterations=500, **own, **BY_HAND).fit(*rows, eval_set=val, early_stopping_rounds=8)
    facts = report.metadata
    assert (facts["earlyStopped"], facts["bestRound"]) == (True, by_hand.best_iteration_ + 1)
    assert report.model.tree_count_ == by_hand.tree_count_ == facts["bestRound"]
    np.testing.assert_array_equal(report.predictions[["0", "1"]], by_hand.predict_proba(test[0]))


def test_categories_and_gaps_are_catboosts_own():
    """Codes give the model that the words themselves give, a gap being a word of its own."""
    frame = penguins()
    frame.loc[::9, "bill_length_mm"] = np.nan
    report = train(frame, target="body_mass_g", hyperparameters={"iterations": 40})
    known = frame.dropna(subset="body_mass_g")
    words = ["species", "island", "sex"]
    known = known.assign(**{name: known[name].astype(object).fillna("missing").astype(str) for name in words})
    rows, test = split(known, target="body_mass_g")
    by_hand = CatBoostRegressor(iterations=40, cat_features=words, **BY_HAND).fit(*rows)
    raw = frame.loc[test[0].index].drop(columns="body_mass_g")
    np.testing.assert_array_equal(report.model.predict(raw), by_hand.predict(test[0]))
    assert rows[0].isna().to_numpy().any(), "numbers keep their gaps"
    assert "filled" not in report.metadata
    assert report.metadata["importances"] == "prediction values change"


def test_a_file_of_another_program_whose_columns_are_words(here):
    frame = penguins().dropna()
    X, y = frame.drop(columns="species"), frame["species"]
    words = ["island", "sex"]
    CatBoostClassifier(iterations=5, cat_features=words, **BY_HAND).fit(X, y).save_model(here / "mine.cbm")
    by_hand = CatBoostClassifier().load_model(here / "mine.cbm")
    config = {"action": "predict", "modelPath": "mine.cbm", "data": "$df"}
    report = mlmagic.run(config, df=X)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(X).ravel())
    np.testing.assert_array_equal(report.predictions[list(by_hand.classes_)], by_hand.predict_proba(X))


def test_numbers_that_are_categories():
    frame = numbers().assign(place=lambda rows: np.arange(len(rows)) * 7919 % 5)
    report = train(frame, hyperparameters={"iterations": 20, "cat_features": ["place"]})
    rows, test = split(frame)
    by_hand = CatBoostRegressor(iterations=20, cat_features=["place"], **BY_HAND).fit(*rows)
    np.testing.assert_array_equal(report.model.predict(test[0]), by_hand.predict(test[0]))
    assert report.model.get_cat_feature_indices() == [10]
    mixed = frame.assign(size=np.where(np.arange(442) % 3, "large", "small"))
    behind = train(mixed, hyperparameters={"iterations": 20, "cat_features": ["place"]})
    assert behind.model[-1].get_cat_feature_indices() == [10, 11]
    again = mlmagic.attach(behind.output_dir).model
    X = mixed.drop(columns="target")
    np.testing.assert_array_equal(again.predict(X), behind.model.predict(X))


def test_weights():
    frame = tumours().assign(w=np.linspace(0.1, 2, 569))
    keys = {"sampleWeight": "w", "classWeight": {"0": 3}, "hyperparameters": {"iterations": 20}}
    report = train(frame, validationSplit=0.2, **keys)
    (X, y), (Xv, yv), (Xt, _) = split(frame, True, True)
    weights = [X.pop("w") * y.map({0: 3, 1: 1}), Xv.pop("w")]
    pools = [Pool(part, y, weight=w) for (part, y), w in zip(((X, y), (Xv, yv)), weights, strict=True)]
    by_hand = CatBoostClassifier(iterations=20, **BY_HAND).fit(pools[0], eval_set=pools[1])
    np.testing.assert_array_equal(report.predictions[["0", "1"]], by_hand.predict_proba(Xt.drop(columns="w")))
    np.testing.assert_allclose(report.history["val_loss"], by_hand.evals_result_["validation"]["Logloss"], rtol=1e-12)


def test_its_own_class_weights():
    report = train(tumours(), hyperparameters={"iterations": 10, "class_weights": {0: 4.0, 1: 1.0}})
    rows, test = split(tumours(), True)
    by_hand = CatBoostClassifier(iterations=10, class_weights={0: 4.0, 1: 1.0}, **BY_HAND).fit(*rows)
    np.testing.assert_array_equal(report.predictions[["0", "1"]], by_hand.predict_proba(test[0]))


def worst(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return float(np.abs(y_true - y_pred).max())


def test_a_metric_of_the_notebook():
    keys = {"iterations": 15, "eval_metric": ["$worst", "mae"]}
    report = train(numbers(), {"worst": worst}, validationSplit=0.2, hyperparameters=keys)
    rows, (Xv, yv), _ = split(numbers(), validation=True)
    made = CatBoostRegressor(iterations=15, **BY_HAND, learning_rate=report.model.learning_rate_).fit(*rows)
    for place, values in enumerate(made.staged_predict(Xv)):
        assert report.history["val_worst"][place] == pytest.approx(worst(yv.to_numpy(), values), rel=1e-6)
        assert report.history["val_mae"][place] == pytest.approx(np.abs(yv - values).mean(), rel=1e-6)
    assert not [line for line in report.run.state.log if line.level == "warning"]


@pytest.mark.parametrize("frame", [tumours(), flowers()], ids=["two", "three"])
def test_a_metric_of_a_classifier_is_given_probabilities(frame):
    def surprise(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return float(log_loss(y_true, y_pred))

    keys = {"iterations": 10, "eval_metric": "$surprise"}
    report = train(frame, {"surprise": surprise}, validationSplit=0.2, hyperparameters=keys)
    for part in ("train", "val"):
        np.testing.assert_allclose(report.history[f"{part}_surprise"], report.history[f"{part}_loss"], rtol=1e-4)


@pytest.mark.parametrize("frame", [tumours(), flowers()], ids=["two", "three"])
def test_rows_with_weights_have_the_curves_that_others_have(frame):
    """Unweighted, as scikit-learn measures what the trees so far predict of all training rows."""
    keys = {"sampleWeight": "w", "metrics": ["roc_auc"], "validationSplit": 0.2}
    frame = frame.assign(w=np.linspace(0.1, 2, len(frame)))
    report = train(frame, hyperparameters={"iterations": 10}, **keys)
    (X, y), _, _ = split(frame, True, validation=True)
    for rounds in (1, 10):
        shares = report.model.predict_proba(X.drop(columns="w"), ntree_end=rounds)
        accuracy = (shares.argmax(axis=1) == y).mean()
        assert report.history["train_accuracy"][rounds - 1] == pytest.approx(accuracy, abs=1e-9)


class Squared:
    """An objective as CatBoost takes one: the derivatives of what is to grow."""

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> list[tuple[float, float]]:
        return [(target - approx, -1.0) for approx, target in zip(approxes, targets, strict=True)]


def test_an_objective_of_the_notebook():
    keys = {"iterations": 12, "learning_rate": 0.2, "objective": "$own", "eval_metric": "rmse"}
    report = train(numbers(), {"own": Squared()}, hyperparameters=keys)
    rows, test = split(numbers())
    by_hand = CatBoostRegressor(
        iterations=12, learning_rate=0.2, loss_function=Squared(), eval_metric="RMSE", **BY_HAND
    ).fit(*rows)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))


def squared(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return y_pred - y_true, np.ones_like(y_true)


def logistic(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    share = 1 / (1 + np.exp(-y_pred))
    return share - y_true, share * (1 - share)


@pytest.mark.parametrize("weight", [False, True])
def test_a_function_that_gives_gradient_and_hessian_is_an_objective(weight):
    """That of half the squared error grows the trees of RMSE from 0."""
    frame, names = numbers().assign(w=np.linspace(0.1, 2, 442)), list(numbers().columns.drop("target"))
    keys = {"sampleWeight": "w"} if weight else {"featureColumns": names}
    settings = {"iterations": 30, "learning_rate": 0.2}
    report = train(frame, {"f": squared}, hyperparameters={**settings, "objective": "$f"}, **keys)
    (X, y), test = split(frame)
    by_hand = CatBoostRegressor(loss_function="RMSE", boost_from_average=False, **settings, **BY_HAND)
    by_hand.fit(X[names], y, sample_weight=X["w"] if weight else None)
    expected = by_hand.predict(test[0][names])
    np.testing.assert_allclose(report.predictions["predicted"], expected, rtol=1e-6)
    np.testing.assert_allclose(mlmagic.load_model(report.output_dir).predict(test[0]), expected, rtol=1e-6)


def test_a_function_of_two_labels_as_an_objective():
    settings = {
        "iterations": 30,
        "learning_rate": 0.2,
        "leaf_estimation_method": "Newton",
        "leaf_estimation_iterations": 10,
    }
    report = train(tumours(), {"f": logistic}, hyperparameters={**settings, "objective": "$f"})
    rows, test = split(tumours(), True)
    by_hand = CatBoostClassifier(loss_function="Logloss", boost_from_average=False, **settings, **BY_HAND).fit(*rows)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    expected = by_hand.predict_proba(test[0])
    assert report.metrics["test"]["rocAuc"] == pytest.approx(roc_auc_score(test[1], expected[:, 1]))
    ways = [{"model": "$report"}, {"modelPath": str(report.output_dir)}]
    head = {"action": "predict", "data": "$rows"}
    held, loaded = (mlmagic.run({**head, **way}, rows=test[0], report=report).predictions for way in ways)
    pd.testing.assert_frame_equal(held, loaded)
    np.testing.assert_allclose(held[["0", "1"]], expected, rtol=1e-6)


def softmax(approx: Any) -> np.ndarray:
    shares = np.exp(np.asarray(approx) - np.max(approx))
    return shares / shares.sum()


class Softmax:
    """An objective of more than two labels, as CatBoost takes one."""

    def calc_ders_multi(self, approx: Any, target: float, weight: float) -> tuple[list[float], list[list[float]]]:
        shares = softmax(approx)
        first = np.eye(len(shares))[int(target)] - shares
        return list(weight * first), (weight * (np.outer(shares, shares) - np.diag(shares))).tolist()


def test_an_objective_of_three_labels_predicts_the_same_when_it_is_loaded():
    report = train(flowers(), {"own": Softmax()}, hyperparameters={"iterations": 5, "objective": "$own"})
    X = flowers().drop(columns="target")
    loaded = mlmagic.load_model(report.output_dir)
    raw = report.model.predict(X, prediction_type="RawFormulaVal")
    np.testing.assert_array_equal(loaded.predict_proba(X), report.model.predict_proba(X))
    np.testing.assert_allclose(loaded.predict_proba(X), [softmax(row) for row in raw], rtol=1e-6)


def wrong_shape(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return 1.0


def failing(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return y_true / nothing_of_this_name  # noqa: F821


@pytest.mark.parametrize(("frame", "value", "told"), [
    (numbers, object(), "object has no calc_ders_range: CatBoost takes the name of a loss, a function f"),
    (numbers, wrong_shape, "wrong_shape must give two arrays of shape (24,), the gradient and the hessian of each row"),
    (numbers, lambda y_true: y_true, "takes 1 positional argument but 2 were given"),
    (flowers, squared, "squared has no calc_ders_multi: CatBoost takes the name of a loss"),
])  # fmt: skip
def test_what_is_no_objective(frame, value, told):
    with pytest.raises(InvalidConfiguration) as caught:
        train(frame(), {"f": value}, hyperparameters={"iterations": 3, "objective": "$f"})
    assert [fault.path for fault in caught.value.faults] == ["config.hyperparameters.objective"]
    assert told in caught.value.message
    assert "Traceback" not in str(caught.value)


def test_what_an_objective_of_the_notebook_raises_is_shown_where_it_was():
    with pytest.raises(TrainingFailure) as caught:
        train(numbers(), {"f": failing}, hyperparameters={"iterations": 3, "objective": "$f"})
    assert caught.value.message == "NameError: name 'nothing_of_this_name' is not defined"
    assert "in failing" in caught.value.stderr


def test_a_ranking():
    head = {"algorithm": "CatBoostRanker", "target": "relevance", "groups": "query"}
    report = train(queries(), **head, earlyStopping={"patience": 5}, hyperparameters={"iterations": 50})
    _, data = parts("catboost", queries(), **head, earlyStopping=True)
    pools = []
    for part in (data.train, data.validation):
        rows = part.X.assign(relevance=part.y, query=part.group).sort_values("query", kind="stable")
        pools.append(Pool(rows[list("abcd")], rows["relevance"], group_id=rows["query"]))
    by_hand = CatBoostRanker(iterations=50, eval_metric="NDCG", use_best_model=True, **BY_HAND)
    by_hand.set_params(best_model_min_trees=50).fit(pools[0], eval_set=pools[1])
    held = data.validation.X.assign(relevance=data.validation.y, query=data.validation.group)
    curve = [ndcg(held, scores) for scores in by_hand.staged_predict(data.validation.X)][: len(report.history)]
    np.testing.assert_allclose(report.history["val_ndcg"], curve, rtol=1e-12)
    best = report.metadata["bestRound"]
    assert best == np.argmax(curve) + 1
    np.testing.assert_array_equal(report.model.predict(data.test.X), by_hand.predict(data.test.X, ntree_end=best))


@pytest.mark.parametrize("labels", [0, 2, 3])
def test_what_a_gpu_cannot_measure_each_round_is_measured_afterwards(labels):
    """The same as is measured meanwhile on a processor."""
    X = np.random.default_rng(0).normal(size=(120, 4))
    y = X[:, 0] + X[:, 1] if not labels else np.array(list("bca"))[np.digitize(X[:, 0], [-0.3, 0.5][: labels - 1])]
    train_rows, held = (Part(X[rows], y[rows]) for rows in (slice(80), slice(80, None)))
    kind = CatBoostClassifier if labels else CatBoostRegressor
    given = {"iterations": 6, "learning_rate": 0.2, **BY_HAND}
    estimator = kind(**given)
    metrics = [Computed(["f1" if labels else "mae"], [train_rows, held], np.unique(y) if labels else None)]
    loss = "RMSE" if not labels else "Logloss" if labels == 2 else "MultiClass"
    fitting = Fitting({"train": train_rows, "val": held}, Columns(list("abcd"), None), metrics, [loss])
    told = Told()
    _training.fit(estimator, fitting, told)
    made = kind(**given, use_best_model=False)
    pools = [Pool(part.X, part.y) for part in (train_rows, held)]
    made.fit(pools[0], eval_set=pools[1])
    later = list(_training._measured(made, fitting, pools, Functions(metrics, loss)))
    assert len(later) == 6
    np.testing.assert_allclose([[of[0][1] for of in found] for found in later], np.array(told.rounds)[:, -2:])


class Told:
    """Keeps what it is told, and stops nothing."""

    best = None

    def __init__(self) -> None:
        self.rounds: list[list[float]] = []

    def begin(self, measures: object) -> None:
        pass

    def round_ended(self, values: Iterable[float]) -> bool:
        self.rounds.append(list(values))
        return False


@pytest.mark.parametrize("loss", ["YetiRankPairwise", "QueryRMSE", "PairLogit"])
def test_other_objectives_of_a_ranking(loss):
    head = {"algorithm": "CatBoostRanker", "target": "relevance", "groups": "query"}
    keys = {"iterations": 5, "objective": loss, "eval_metric": ["ndcg", "NDCG:top=5"]}
    report = train(queries(), **head, validationSplit=0.2, hyperparameters=keys)
    assert {"train_ndcg", "val_ndcg", "val_NDCG:top=5"} <= set(report.history)


@pytest.mark.parametrize(("kind", "made"), [
    ("classifier", [(CatBoostClassifier, {}, 2), (CatBoostClassifier, {}, 3),
                    (CatBoostClassifier, {"loss_function": "CrossEntropy"}, 2),
                    (CatBoostClassifier, {"loss_function": "MultiClassOneVsAll"}, 3)]),
    ("regressor", [(CatBoostRegressor, {}, 0)]),
    ("ranker", [(CatBoostRanker, {}, 2)]),
])  # fmt: skip
def test_every_metric_is_one_that_catboost_measures(kind, made):
    settings = {"Quantile": ":alpha=0.5", "Expectile": ":alpha=0.5", "Lq": ":q=2", "Huber": ":delta=1.0"}
    settings |= {"Tweedie": ":variance_power=1.5", "NumErrors": ":greater_than=0.1"}
    settings |= dict.fromkeys(("AverageGain", "PrecisionAt", "RecallAt"), ":top=3")
    X = np.random.default_rng(0).random((60, 3))
    for own in METRICS[kind].values():
        for name in filter(None, [own] if isinstance(own, str) else own):
            spelt = name + settings.get(name, "")
            assert any(_measures(*how, X, spelt) for how in made), name


def _measures(kind: type, keys: dict[str, Any], classes: int, X: np.ndarray, metric: str) -> bool:
    y = np.arange(60) % classes if classes else (np.arange(60) + 1) / 61
    data = Pool(X, y, group_id=np.repeat([0, 1], 30) if kind is CatBoostRanker else None)
    try:
        made = kind(iterations=1, custom_metric=[metric], **keys, **BY_HAND).fit(data, eval_set=data)
    except CatBoostError:
        return False
    return any(name.startswith(metric.partition(":")[0]) for name in made.evals_result_["validation"])


@pytest.mark.parametrize("kind", [CatBoostClassifier, CatBoostRegressor, CatBoostRanker])
def test_every_name_is_one_of_the_constructors(kind):
    spellings = CatBoost().spellings(kind)
    for spelt, meant in spellings.items():
        kind(**{spelt: 1, **({meant: 1} if spelt == meant else {})})
    assert {spellings[spelt] for spelt in SYNONYMS if spelt in spellings} <= set(spellings)


def test_second_names_mean_the_same():
    native = {"num_trees": 12, "eta": 0.3, "reg_lambda": 2.0, "max_depth": 4}
    report = train(numbers(), hyperparameters=native)
    rows, test = split(numbers())
    by_hand = CatBoostRegressor(iterations=12, learning_rate=0.3, l2_leaf_reg=2.0, depth=4, **BY_HAND).fit(*rows)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    with pytest.raises(InvalidConfiguration, match="iterations and n_estimators are two names of one"):
        train(numbers(), hyperparameters={"n_estimators": 3, "iterations": 3})


def test_an_estimator_of_the_notebook_under_other_names():
    own = CatBoostRegressor(num_trees=12, max_depth=3, cat_features=["place"], random_state=5)
    frame = numbers().assign(place=np.arange(442) % 5)
    report = train(frame, {"own": own}, model="$own", hyperparameters={"iterations": 9})
    rows, test = split(frame)
    keys = {"iterations": 9, "depth": 3, "cat_features": ["place"], **BY_HAND, "random_seed": 5}
    by_hand = CatBoostRegressor(**keys).fit(*rows)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))
    assert not own.is_fitted()


def test_what_catboost_says_of_a_word_is_passed_on():
    wrong = {"depth": 99, "learning_rate": "fast", "bootstrap_type": "Foo", "rsm": 3.0, "iterations": 20}
    with pytest.raises(InvalidConfiguration) as caught:
        train(numbers(), hyperparameters=wrong)
    found = {fault.path.rpartition(".")[2]: fault.message for fault in caught.value.faults}
    assert found["depth"] == "depth takes whole numbers from 0 to 16, got 99."
    assert found["learning_rate"] == "learning_rate takes numbers > 0, got 'fast'."
    assert found["rsm"] == "rsm takes numbers in (0, 1], got 3.0."
    assert "Foo" in found["bootstrap_type"]
    assert set(found) == {"depth", "learning_rate", "bootstrap_type", "rsm"}


def test_trees_that_shrink_have_no_best_round():
    keys = {"hyperparameters": {"iterations": 10, "model_shrink_rate": 0.1}}
    with pytest.raises(InvalidConfiguration, match="earlyStopping needs rounds that can be taken off") as caught:
        train(numbers(), earlyStopping=True, **keys)
    assert "trees that shrink" in caught.value.solution
    assert "bestRound" not in train(numbers(), validationSplit=0.2, **keys).metadata


def test_a_gap_in_a_category_is_catboosts_to_refuse_where_nothing_is_prepared():
    frame = penguins().dropna(subset="body_mass_g")
    frame = frame.assign(**{name: frame[name].astype("category") for name in ("species", "island", "sex")})
    with pytest.raises(TrainingFailure, match="cat_features must be integer or string") as caught:
        train(frame, target="body_mass_g", prepare="none", hyperparameters={"iterations": 5})
    assert "pyx" not in str(caught.value), "no frames of the library"
    whole = frame.dropna()
    report = train(whole, target="body_mass_g", prepare="none", hyperparameters={"iterations": 5})
    rows, test = split(whole, target="body_mass_g")
    words = ["species", "island", "sex"]
    by_hand = CatBoostRegressor(iterations=5, **BY_HAND).fit(*rows, cat_features=words)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(test[0]))


def test_nothing_lies_beside_the_notebook_and_nothing_is_said(here):
    report = train(numbers(), validationSplit=0.2, hyperparameters={"iterations": 5})
    assert [item.name for item in here.iterdir()] == ["runs"]
    assert not list(Path(report.output_dir).rglob("catboost_info"))
    assert not [line for line in report.run.state.log if line.level in ("warning", "output")]


MISSING = """
import sys
sys.modules["catboost"] = None
from mlmagic.executors import load
from mlmagic.errors import FrameworkNotFound
try:
    load("catboost").versions()
except FrameworkNotFound as error:
    print(error.message, "|", error.solution)
"""


def test_without_catboost_the_way_to_it_is_said():
    done = subprocess.run([sys.executable, "-c", MISSING], capture_output=True, text=True, check=True)
    assert done.stdout == "CatBoost not found in Python environment | Install CatBoost: pip install catboost\n"
