import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from mlmagic.evaluation import Comparison, classification_table, confusion_table, evaluate, scores

LABELS = np.array(["<b>", "a", "ü", "z z"], dtype=object)


def by_hand(y, values, classes):
    """What a user of scikit-learn would write."""
    averaging = {"average": "binary", "pos_label": classes[1]} if len(classes) == 2 else {"average": "weighted"}
    shared = {**averaging, "zero_division": 0.0, "labels": classes}
    return {
        "accuracy": metrics.accuracy_score(y, values),
        "precision": metrics.precision_score(y, values, **shared),
        "recall": metrics.recall_score(y, values, **shared),
        "f1Score": metrics.f1_score(y, values, **shared),
    }


def test_two_classes_equal_scikit_learn():
    X, codes = load_breast_cancer(return_X_y=True)
    y = np.array(["malignant", "benign"], dtype=object)[codes]
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = GaussianNB().fit(X_train, y_train)
    values, probabilities = model.predict(X_test), model.predict_proba(X_test)
    found = evaluate(Comparison("classification", y_test, values, probabilities, model.classes_))
    for name, value in by_hand(y_test, values, model.classes_).items():
        assert found[name] == pytest.approx(value, rel=1e-12)
    assert found["averaging"] == "binary"
    assert found["positiveClass"] == "malignant"
    assert found["rocAuc"] == pytest.approx(metrics.roc_auc_score(y_test == "malignant", probabilities[:, 1]))
    assert found["logLoss"] == pytest.approx(metrics.log_loss(y_test, probabilities))
    assert found["confusionMatrix"] == metrics.confusion_matrix(y_test, values).tolist()
    assert "undefined" not in found


def test_ten_classes_equal_scikit_learn():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = LogisticRegression(max_iter=200, tol=1e-2).fit(X_train / 16, y_train)
    values, probabilities = model.predict(X_test / 16), model.predict_proba(X_test / 16)
    found = evaluate(Comparison("classification", y_test, values, probabilities.astype(np.float32), model.classes_))
    for name, value in by_hand(y_test, values, model.classes_).items():
        assert found[name] == pytest.approx(value, rel=1e-12)
    auc = metrics.roc_auc_score(y_test, probabilities, multi_class="ovr", average="weighted")
    assert found["averaging"] == "weighted"
    assert found["rocAuc"] == pytest.approx(auc, abs=1e-6)
    assert found["logLoss"] == pytest.approx(metrics.log_loss(y_test, probabilities), rel=1e-5)
    report = metrics.classification_report(y_test, values, output_dict=True)
    for label, row in found["classificationReport"].items():
        assert row == pytest.approx({"f1": report[label].pop("f1-score"), **report[label]})


def test_a_regression_equals_scikit_learn():
    X, y = load_diabetes(return_X_y=True)
    values = LinearRegression().fit(X, y).predict(X)
    found = evaluate(Comparison("regression", y, values))
    assert found == pytest.approx(
        {
            "r2": metrics.r2_score(y, values),
            "mae": metrics.mean_absolute_error(y, values),
            "rmse": metrics.root_mean_squared_error(y, values),
        }
    )
    assert scores(Comparison("regression", y, values)) == pytest.approx(found)


@settings(max_examples=80, deadline=None)
@given(
    known=st.integers(2, 4),
    pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30),
)
def test_any_labels_equal_scikit_learn(known, pairs):
    classes = LABELS[:known]
    y, values = (
        np.array([classes[code % known] for code in codes], dtype=object) for codes in zip(*pairs, strict=True)
    )
    found = evaluate(Comparison("classification", y, values, None, classes))
    for name, value in by_hand(y, values, classes).items():
        assert found[name] == pytest.approx(value)
    assert found["confusionMatrix"] == metrics.confusion_matrix(y, values, labels=classes).tolist()
    assert scores(Comparison("classification", y, values, None, classes)) == {
        "accuracy": found["accuracy"],
        "f1": found["f1Score"],
    }
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(*[st.floats(-1e6, 1e6).map(lambda value: round(value, 3))] * 2), min_size=2, max_size=30)
)
def test_any_numbers_equal_scikit_learn(pairs):
    y, values = np.array(pairs).T
    found = evaluate(Comparison("regression", y, values))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(y, values))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, values))
    if len(set(y)) > 1:
        assert found["r2"] == pytest.approx(metrics.r2_score(y, values), rel=1e-6, abs=1e-9)
    else:
        assert found["r2"] is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), count=st.integers(2, 4))
def test_any_probabilities_equal_scikit_learn(seed, count):
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(count, 0.3), 40)
    classes = np.arange(count) * 10
    y = np.concatenate([classes, random.choice(classes, 40 - count)])
    found = evaluate(Comparison("classification", y, classes[probabilities.argmax(axis=1)], probabilities, classes))
    shares = probabilities[:, 1] if count == 2 else probabilities
    auc = metrics.roc_auc_score(y, shares, multi_class="ovr", average="weighted")
    assert found["rocAuc"] == pytest.approx(auc)
    assert found["logLoss"] == pytest.approx(metrics.log_loss(y, probabilities, labels=classes))


@pytest.mark.parametrize(
    ("y", "values", "classes"),
    [
        ([True, False, True], [True, True, False], [False, True]),
        ([True, False, True], [1, 1, 0], [False, True]),
        (np.array([1, 0, 1], dtype=object), [1, 1, 0], [0, 1]),
        ([0, 1, 1], [0.0, 1.0, 0.0], [0, 1]),
        (np.array(["a", "b", "a"]), np.array(["a", "b", "b"], dtype=object), np.array(["a", "b"])),
    ],
)
def test_labels_of_any_dtype(y, values, classes):
    found = evaluate(Comparison("classification", np.array(y), np.array(values), None, np.array(classes)))
    assert found["accuracy"] == np.mean(np.array(y) == np.array(values))
    assert sum(map(sum, found["confusionMatrix"])) == 3


def undefined(y, values, probabilities, classes=("a", "b")):
    found = evaluate(Comparison("classification", np.array(y), np.array(values), probabilities, np.array(classes)))
    return {metric: found[metric] for metric in ("rocAuc", "logLoss")}, found.get("undefined")


def test_what_is_undefined_says_why():
    sure = np.array([[1.0, 0.0], [1.0, 0.0]])
    none = {"rocAuc": None, "logLoss": None}
    reason = "the model gives no probabilities"
    assert undefined(["a", "b"], ["a", "a"], None) == (none, dict.fromkeys(none, reason))
    assert undefined(["a", "b"], ["a", "a"], sure * np.nan)[1] == dict.fromkeys(
        none, "some probabilities are not finite"
    )
    assert undefined(["a", "b"], ["a", "a"], sure * 0)[1] == dict.fromkeys(
        none, "the probabilities of some rows sum to 0"
    )
    values, reasons = undefined(["a", "a"], ["a", "a"], sure)
    assert reasons == {"rocAuc": "no row has the label 'b'"}
    assert values["rocAuc"] is None
    assert values["logLoss"] == pytest.approx(0)
    assert undefined(["a", "new"], ["a", "a"], sure) == (
        none,
        dict.fromkeys(none, "the model does not know the label 'new'"),
    )


def test_a_label_the_model_never_knew_has_its_row():
    found = evaluate(
        Comparison("classification", np.array(["a", "new"]), np.array(["a", "b"]), None, np.array(["a", "b"]))
    )
    assert found["labels"] == ["a", "b", "new"]
    assert found["confusionMatrix"] == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    assert found["averaging"] == "weighted"


def test_an_undefined_regression():
    same = np.full(3, 1.826)
    assert evaluate(Comparison("regression", same, same)) == {
        "r2": None, "mae": 0.0, "rmse": 0.0, "undefined": {"r2": "all true values are equal"},
    }  # fmt: skip
    assert evaluate(Comparison("regression", same[:1], same[:1]))["undefined"] == {"r2": "one row has no spread"}
    broken = evaluate(Comparison("regression", np.arange(3.0), np.array([1, np.nan, np.inf])))
    assert broken["undefined"] == dict.fromkeys(("r2", "mae", "rmse"), "2 of 3 predictions are not finite")
    assert np.isnan(scores(Comparison("regression", same, same))["r2"])


@pytest.mark.parametrize(
    ("y", "values", "classes", "said"),
    [([], [], [0, 1], "at least one row"), ([1], [1, 2], [1, 2], "shape"), ([[1]], [[1]], [1], "shape"),
     ([1], [1], None, "classes")],
)  # fmt: skip
def test_what_cannot_be_measured(y, values, classes, said):
    for measure in (evaluate, scores):
        with pytest.raises(ValueError, match=said):
            measure(Comparison("classification", np.array(y), np.array(values), None, classes))


def test_probabilities_fit_rows_and_classes():
    with pytest.raises(ValueError, match=r"but got \(2, 3\)"):
        undefined(["a", "b"], ["a", "a"], np.ones((2, 3)))


def test_tables_for_figures():
    y, values, classes = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), np.array([0, 1, 2])
    table = confusion_table(y, values, classes)
    assert table.to_numpy().tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert (table.index.name, table.columns.name, list(table.columns)) == ("true", "predicted", ["0", "1", "2"])
    report = classification_table(y, values, classes)
    assert list(report.columns) == ["class", "precision", "recall", "f1", "support"]
    assert report["precision"].tolist() == [1.0, pytest.approx(1 / 3), 0.0]
