"""Metrics by name equal scikit-learn's, called by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB

from mlmagic.evaluation import (
    METRICS,
    TABLES,
    Comparison,
    Points,
    better_higher,
    evaluate,
    grows,
    known_metrics,
    named,
    point,
    roc_points,
)


@pytest.fixture(scope="module")
def two():
    """Two classes of text, a model that makes mistakes, and what it says of every third row."""
    X, codes = load_breast_cancer(return_X_y=True)
    y = np.array(["malignant", "benign"], dtype=object)[codes]
    model = GaussianNB().fit(X[::3, :5], y[::3])
    return model, X[:, :5], y


@pytest.fixture(scope="module")
def three():
    X, y = load_iris(return_X_y=True)
    return LogisticRegression(C=0.02).fit(X[:, :2], y), X[:, :2], y


@pytest.fixture(scope="module")
def numbers():
    X, y = load_diabetes(return_X_y=True)
    return LinearRegression().fit(X, y), X, y


def asked(names, task, model, X, y, weight=None):
    probabilities = model.predict_proba(X) if hasattr(model, "predict_proba") else None
    classes = getattr(model, "classes_", None)
    return named(names, Comparison(task, y, model.predict(X), probabilities, classes, weight=weight))


def by_scikit_learn(name, model, X, y):
    try:
        return metrics.get_scorer(name)(model, X, y), None
    except ValueError as error:
        return None, str(error).splitlines()[0]


def test_the_table_of_names_has_not_drifted():
    import sklearn

    if not sklearn.__version__.startswith("1.9."):
        pytest.skip("the table is that of scikit-learn 1.9")
    several_labels = {"f1_samples", "jaccard_samples", "precision_samples", "recall_samples"}
    # Of these the usual names say the same.
    assert set(metrics.get_scorer_names()) - several_labels <= set(METRICS)
    ours = {"classification_report", "confusion_matrix", "log_loss", "mae", "mse", "ndcg", "rmse"}
    more = {name for name, metric in METRICS.items() if metric.task == "ranking"}
    assert set(METRICS) - set(metrics.get_scorer_names()) == ours | more
    for name in set(METRICS) & set(metrics.get_scorer_names()):
        module = metrics.get_scorer(name)._score_func.__module__
        assert METRICS[name].task == ("regression" if "regression" in module else "classification"), name


def test_every_scorer_of_two_classes_equals_scikit_learn(two):
    model, X, y = two
    names = [name for name, metric in METRICS.items() if metric.task == "classification"]
    found = asked(names, "classification", model, X, y)
    codes = np.searchsorted(model.classes_, y)
    coded = GaussianNB().fit(X[::3], codes[::3])  # the same model, its labels 0 and 1
    for name in sorted(set(names) & set(metrics.get_scorer_names())):
        assert found.values[name] == pytest.approx(metrics.get_scorer(name)(coded, X, codes), rel=1e-12), name
    assert found.values["log_loss"] == pytest.approx(metrics.log_loss(y, model.predict_proba(X)))
    assert found.values["confusion_matrix"] == metrics.confusion_matrix(y, model.predict(X)).tolist()
    assert set(found.reasons) == {"d2_brier_score", "d2_log_loss_score"} - set(metrics.get_scorer_names())
    assert all("does not have it yet" in reason for reason in found.reasons.values())


def test_every_scorer_of_three_classes_equals_scikit_learn_or_says_why_not(three):
    model, X, y = three
    usual = {"precision", "recall", "f1", "roc_auc"}
    names = [name for name, metric in METRICS.items() if metric.task == "classification"]
    found = asked(names, "classification", model, X, y)
    # It ranks by decision_function where there is one; here there are probabilities only.
    probabilities = model.predict_proba(X)
    assert found.values["average_precision"] == pytest.approx(metrics.average_precision_score(y, probabilities))
    for name in sorted((set(names) & set(metrics.get_scorer_names())) - usual - {"average_precision"}):
        expected, refusal = by_scikit_learn(name, model, X, y)
        assert found.values[name] == (pytest.approx(expected, rel=1e-12) if refusal is None else None), name
        assert refusal is None or refusal in found.reasons[name]
    shared = {"average": "weighted", "zero_division": 0.0}
    values = model.predict(X)
    assert found.values["precision"] == pytest.approx(metrics.precision_score(y, values, **shared))
    assert found.values["recall"] == pytest.approx(metrics.recall_score(y, values, **shared))
    assert found.values["f1"] == pytest.approx(metrics.f1_score(y, values, **shared))
    auc = metrics.roc_auc_score(y, probabilities, multi_class="ovr", average="weighted")
    assert found.values["roc_auc"] == pytest.approx(auc)


def test_every_scorer_of_numbers_equals_scikit_learn(numbers):
    model, X, y = numbers
    names = [name for name, metric in METRICS.items() if metric.task == "regression"]
    found = asked(names, "regression", model, X, y)
    for name in sorted(set(names) & set(metrics.get_scorer_names())):
        assert found.values[name] == pytest.approx(metrics.get_scorer(name)(model, X, y), rel=1e-12), name
    values = model.predict(X)
    assert found.values["mae"] == pytest.approx(metrics.mean_absolute_error(y, values))
    assert found.values["mse"] == pytest.approx(metrics.mean_squared_error(y, values))
    assert found.values["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, values))


def test_weights_are_scikit_learns(two, numbers):
    model, X, y = two
    weight = np.random.default_rng(0).uniform(0, 3, len(y))
    found = asked(["accuracy", "f1", "roc_auc", "log_loss", "balanced_accuracy"], "classification", model, X, y, weight)
    values, probabilities = model.predict(X), model.predict_proba(X)
    expected = {
        "accuracy": metrics.accuracy_score(y, values, sample_weight=weight),
        "f1": metrics.f1_score(y, values, pos_label="malignant", sample_weight=weight),
        "roc_auc": metrics.roc_auc_score(y == "malignant", probabilities[:, 1], sample_weight=weight),
        "log_loss": metrics.log_loss(y, probabilities, sample_weight=weight),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, values, sample_weight=weight),
    }
    assert found.values == pytest.approx(expected)
    model, X, y = numbers
    weight = np.random.default_rng(0).uniform(0, 3, len(y))
    found = asked(["rmse"], "regression", model, X, y, weight)
    by_hand = metrics.root_mean_squared_error(y, model.predict(X), sample_weight=weight)
    assert found.values["rmse"] == pytest.approx(by_hand)


def test_what_a_report_always_has_is_the_same_by_name(two, three, numbers):
    for task, (model, X, y) in (("classification", two), ("classification", three), ("regression", numbers)):
        probabilities = model.predict_proba(X) if task == "classification" else None
        usual = evaluate(Comparison(task, y, model.predict(X), probabilities, getattr(model, "classes_", None)))
        keys = [metric.key for metric in METRICS.values() if metric.task == task and metric.key in usual]
        found = asked(keys, task, model, X, y)  # the report's own keys are names too
        assert len(found.values) >= 3
        for name, value in found.values.items():
            expected = usual[METRICS[name].key]
            assert value == (expected if name in TABLES else pytest.approx(expected)), name


def test_the_order_is_that_of_the_question_and_nothing_else_is_answered(two):
    found = asked(["recall", "accuracy"], "classification", *two)
    assert list(found.values) == ["recall", "accuracy"]


def test_one_class_only_has_no_ranks(two):
    model, X, y = two
    one = y == "benign"
    found = asked(["accuracy", "roc_auc", "average_precision", "f1"], "classification", model, X[one], y[one])
    assert found.values["accuracy"] == pytest.approx(metrics.accuracy_score(y[one], model.predict(X[one])))
    assert found.values["roc_auc"] is None
    assert found.values["average_precision"] is None
    assert set(found.reasons.values()) == {"no row has the label 'malignant'"}


def test_a_label_that_the_model_never_knew(two):
    model, X, y = two
    changed = y.copy()
    changed[:3] = "unclear"
    found = asked(["accuracy", "log_loss", "f1_macro"], "classification", model, X, changed)
    assert found.values["accuracy"] == pytest.approx(metrics.accuracy_score(changed, model.predict(X)))
    assert found.values["f1_macro"] == pytest.approx(
        metrics.f1_score(changed, model.predict(X), average="macro", zero_division=0.0)
    )
    assert found.reasons == {"log_loss": "the model does not know the label 'unclear'"}


def test_no_probabilities(two):
    model, X, y = two
    names = ["roc_auc", "neg_log_loss", "neg_brier_score", "average_precision", "top_k_accuracy", "matthews_corrcoef"]
    found = named(names, Comparison("classification", y, model.predict(X), None, model.classes_))
    assert found.values["matthews_corrcoef"] == pytest.approx(metrics.matthews_corrcoef(y, model.predict(X)))
    assert {found.reasons[name] for name in names[:-1]} == {"the model gives no probabilities"}


def test_decision_values_stand_in_where_scikit_learn_lets_them(two):
    model, X, y = two
    codes = np.searchsorted(model.classes_, y)
    linear = RidgeClassifier().fit(X[::3], codes[::3])
    weight = np.random.default_rng(0).uniform(0, 3, len(y))
    # The same model, its labels words.
    values, decision = model.classes_[linear.predict(X)], linear.decision_function(X)
    given = Comparison("classification", y, values, classes=model.classes_, decision=decision, weight=weight)
    names = ["roc_auc", "average_precision", "top_k_accuracy", "log_loss", "neg_brier_score", "roc_auc_ovr"]
    found = named(names, given)
    for name in names[:3]:
        expected = metrics.get_scorer(name)(linear, X, codes, sample_weight=weight)
        assert found.values[name] == pytest.approx(expected, rel=1e-12), name
    assert found.reasons == dict.fromkeys(names[3:], "the model gives decision values, which are not probabilities")
    assert point(names[:2], given) == {name: found.values[name] for name in names[:2]}
    assert evaluate(given)["rocAuc"] == found.values["roc_auc"]
    points = roc_points(given)
    np.testing.assert_allclose(points["auc"], metrics.roc_auc_score(codes, decision))
    one = y == "benign"
    alone = named(
        names[:2], Comparison("classification", y[one], values[one], None, model.classes_, decision=decision[one])
    )
    assert set(alone.reasons.values()) == {"no row has the label 'malignant'"}


def test_decision_values_that_are_none():
    y, classes = np.array(["a", "b"]), np.array(["a", "b"])
    broken = Comparison("classification", y, y, classes=classes, decision=np.array([0.0, np.nan]))
    assert named(["roc_auc", "average_precision"], broken).reasons == dict.fromkeys(
        ("roc_auc", "average_precision"), "some decision values are not finite"
    )
    assert roc_points(broken) is None
    with pytest.raises(ValueError, match=r"of two classes have shape \(n,\), but got \(2, 2\)"):
        Comparison("classification", y, y, classes=classes, decision=np.zeros((2, 2)))


def test_numbers_without_spread_and_predictions_that_are_none(numbers):
    model, X, y = numbers
    assert asked(["r2", "mae"], "regression", model, X, np.full(len(y), 5.0)).reasons == {
        "r2": "all true values are equal"
    }
    assert asked(["explained_variance"], "regression", model, X[:1], y[:1]).reasons == {
        "explained_variance": "one row has no spread"
    }
    broken = np.array([np.nan, 1.0])
    assert named(["mae"], Comparison("regression", np.array([1.0, 2.0]), broken)).reasons == {
        "mae": "1 of 2 predictions are not finite"
    }


def test_the_other_task(two, numbers):
    assert asked(["rmse"], "classification", *two).reasons == {
        "rmse": "it measures a regression, and this is a classification"
    }
    assert asked(["accuracy"], "regression", *numbers).reasons == {
        "accuracy": "it measures a classification, and this is a regression"
    }


def test_functions_of_the_users_own_see_labels(two):
    model, X, y = two

    def missed(y_true, y_pred):
        return ((y_true == "malignant") & (y_pred == "benign")).sum()

    scorer = metrics.make_scorer(metrics.fbeta_score, beta=2, pos_label="malignant")
    found = asked([("missed", missed), ("f2", scorer), ("broken", lambda a, b: 1 / 0)], "classification", model, X, y)
    values = model.predict(X)
    assert found.values["missed"] == ((y == "malignant") & (values == "benign")).sum()
    assert found.values["f2"] == pytest.approx(metrics.fbeta_score(y, values, beta=2, pos_label="malignant"))
    assert found.values["broken"] is None
    assert "lambda a, b: 1 / 0" in found.reasons["broken"], "the user's own line is shown"


def test_booleans_and_a_model_that_answers_with_numbers():
    y = np.array([True, False, True, True])
    found = named(
        ["accuracy", "f1"], Comparison("classification", y, np.array([1, 0, 0, 1]), None, np.array([False, True]))
    )
    assert found.values == pytest.approx({"accuracy": 0.75, "f1": 0.8})


def test_known_names_and_what_is_refused(two):
    assert known_metrics()["rocAuc"] == known_metrics()["roc_auc"] == "roc_auc"
    with pytest.raises(ValueError, match="no metric is called 'acuracy'"):
        asked(["acuracy"], "classification", *two)
    with pytest.raises(ValueError, match="shape"):
        named(["mae"], Comparison("regression", np.zeros(3), np.zeros(2)))


def right(y_true, y_pred):
    return float((y_true == y_pred).mean())


@pytest.mark.parametrize("names", [["f1", "roc_auc", "log_loss", "matthews_corrcoef"], [("right", right), "f1"]])
def test_points_are_what_named_says_whatever_the_labels_are(two, three, names):
    for model, X, y in (two, three):
        found = Points(names, "classification", y, model.classes_).of_probabilities(model.predict_proba(X))
        assert found == pytest.approx(asked(names, "classification", model, X, y).values)
        assert found.get("right", 0) in (0, metrics.accuracy_score(y, model.predict(X)))


def test_which_way_a_metric_gets_better():
    assert {name for name in METRICS if grows(name) is False} == {"log_loss", "mae", "mse", "rmse"}
    told = {"loss": False, "max_error": False, "neg_max_error": True, "d2_tweedie_score": True, "profit": None}
    assert {name: grows(name) for name in told} == told
    assert better_higher(("profit", metrics.make_scorer(metrics.max_error))) is True
    assert better_higher(("profit", metrics.max_error)) is None


@pytest.mark.parametrize("seen", [1, 2])
def test_rows_without_some_labels_are_measured_by_those_that_the_model_knows(three, seen):
    model, X, y = three
    X, y = X[y < seen], y[y < seen]
    found = asked(["top_k_accuracy", "neg_log_loss", "d2_log_loss_score"], "classification", model, X, y)
    shares, known = model.predict_proba(X), {"labels": model.classes_}
    assert found.values["top_k_accuracy"] == metrics.top_k_accuracy_score(y, shares, **known)
    assert found.values["neg_log_loss"] == pytest.approx(-metrics.log_loss(y, shares, **known))
    if seen == 1:  # the loss to compare with is none, and scikit-learn divides by what rounding leaves of it
        assert found.reasons == {"d2_log_loss_score": "all rows have the label '0'"}
    elif "d2_log_loss_score" in metrics.get_scorer_names():  # scikit-learn 1.6 has no scorer of it
        assert found.values["d2_log_loss_score"] == pytest.approx(metrics.d2_log_loss_score(y, shares, **known))
