"""The rows and columns that XGBoost, LightGBM and CatBoost are given, compared with each library called by hand."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from mlmagic.data import Rows
from mlmagic.errors import DataLoadingError
from mlmagic.executors import load
from tests.executors.boosting_run import ALL, BOTH, HANDS, SEED, estimator, penguins, series, split, table, train

pytestmark = pytest.mark.usefixtures("here")


@BOTH
def test_categories_and_gaps_go_to_the_library_as_they_are(framework):
    """Text becomes codes with gaps, which gives the model that pandas categories by hand give."""
    frame = penguins()
    report = train(framework, frame, target="body_mass_g", hyperparameters={"n_estimators": 40, "min_child_weight": 1})
    known = frame.dropna(subset="body_mass_g")
    words = ["species", "island", "sex"]
    known = known.assign(**{name: known[name].astype("category") for name in words})
    test, (X, y), _ = split(known, "body_mass_g", classify=False)
    native = {"enable_categorical": True} if framework == "xgboost" else {"verbosity": -1}
    by_hand = HANDS[framework].regressor(n_estimators=40, min_child_weight=1, random_state=SEED, **native).fit(X, y)
    raw = frame.loc[test[0].index].drop(columns="body_mass_g")
    np.testing.assert_array_equal(report.model.predict(raw), by_hand.predict(test[0]))
    assert X.isna().to_numpy().any()
    assert report.metadata["encoded"]["island"] == ["Biscoe", "Dream", "Torgersen"]
    assert "filled" not in report.metadata


@ALL
def test_a_category_that_training_never_saw_is_a_gap(framework):
    frame = penguins()
    report = train(framework, frame, target="body_mass_g", hyperparameters={"n_estimators": 10})
    X = frame.drop(columns="body_mass_g").head(20)
    strange, gone = X.assign(island="Atlantis"), X.assign(island=None)
    np.testing.assert_array_equal(report.model.predict(strange), report.model.predict(gone))


@BOTH
def test_pandas_categories_go_as_they_are_where_nothing_is_prepared(framework):
    frame = penguins().dropna(subset="body_mass_g")
    frame = frame.assign(**{name: frame[name].astype("category") for name in ("species", "island", "sex")})
    report = train(framework, frame, target="body_mass_g", prepare="none", hyperparameters={"n_estimators": 20})
    test, (X, y), _ = split(frame, "body_mass_g", classify=False)
    native = {"enable_categorical": True} if framework == "xgboost" else {"verbosity": -1}
    by_hand = HANDS[framework].regressor(n_estimators=20, random_state=SEED, **native).fit(X, y)
    assert type(report.model) is HANDS[framework].regressor
    np.testing.assert_array_equal(report.model.predict(test[0]), by_hand.predict(test[0]))


LABELS = {
    "text": lambda y: y.map({0: "setosa", 1: "versicolor", 2: "virginica"}),
    "numbers with a gap": lambda y: y.map({0: 10, 1: 5, 2: 7}),
    "truth": lambda y: y == 1,
    "codes": lambda y: y,
}


@ALL
@pytest.mark.parametrize("labels", LABELS)
def test_labels_may_be_anything(framework, labels):
    frame = load_iris(as_frame=True).frame
    frame["target"] = LABELS[labels](frame["target"])
    report = train(framework, frame, hyperparameters={"n_estimators": 10})
    test, (X, y), _ = split(frame)
    classes, codes = np.unique(y, return_inverse=True)
    by_hand = HANDS[framework].classifier(n_estimators=10, random_state=SEED, **HANDS[framework].quiet).fit(X, codes)
    expected = classes[by_hand.predict(test[0]).ravel()]  # CatBoost's have a second axis
    np.testing.assert_array_equal(report.predictions["predicted"], expected)
    np.testing.assert_array_equal(np.ravel(report.model.predict(test[0])), expected)
    np.testing.assert_array_equal(report.model.predict_proba(test[0]), by_hand.predict_proba(test[0]))
    np.testing.assert_array_equal(report.model.classes_, classes)
    assert isinstance(report.model, HANDS[framework].classifier)
    again = clone(report.model).fit(X, y)
    np.testing.assert_array_equal(np.ravel(again.predict(test[0])), expected)
    np.testing.assert_array_equal(np.ravel(pickle.loads(pickle.dumps(report.model)).predict(test[0])), expected)


@BOTH
def test_weights_go_to_the_library(framework):
    frame = table("classification")
    frame["w"] = np.linspace(0.1, 2, len(frame))
    keys = {"sampleWeight": "w", "classWeight": {"0": 3}, "hyperparameters": {"n_estimators": 20}}
    report = train(framework, frame, validationSplit=0.2, **keys)
    test, (X, y), (Xv, yv) = split(frame, validation=0.2)
    weight, weight_val = X.pop("w") * y.map({0: 3, 1: 1}), Xv.pop("w")
    best = report.metadata["bestRound"]
    made = HANDS[framework].classifier(n_estimators=20, random_state=SEED, **HANDS[framework].quiet)
    if framework == "xgboost":
        by_hand = made.fit(
            X, y, sample_weight=weight, eval_set=[(Xv, yv)], sample_weight_eval_set=[weight_val], verbose=False
        )
        losses = by_hand.evals_result()["validation_0"]["logloss"]
        expected = by_hand.predict_proba(test[0].drop(columns="w"), iteration_range=(0, best))
    else:
        by_hand = made.fit(X, y, weight, eval_set=[(Xv, yv)], eval_sample_weight=[weight_val])
        losses = by_hand.evals_result_["valid_0"]["binary_logloss"]
        expected = by_hand.predict_proba(test[0].drop(columns="w"), num_iteration=best)
    np.testing.assert_allclose(series(report, "val_loss"), losses, rtol=1e-12)
    np.testing.assert_array_equal(report.predictions[["0", "1"]], expected)


@ALL
def test_columns_are_found_by_name(framework):
    frame = table("regression")
    report = train(framework, frame, hyperparameters={"n_estimators": 5})
    X = frame.drop(columns="target")
    executor = load(framework)
    turned = executor.predict(executor.adopt(report.model), Rows(X[X.columns[::-1]])).values
    np.testing.assert_array_equal(turned, report.model.predict(X))


@ALL
def test_what_the_features_gained(framework):
    frame = penguins()
    report = train(framework, frame, target="species", hyperparameters={"n_estimators": 20})
    found = pd.read_csv(report.output_dir / "feature_importances.csv").set_index("feature")["importance"]
    made, columns = estimator(report.model), list(frame.columns.drop("species"))
    gain = made.booster_.feature_importance("gain") if framework == "lightgbm" else made.feature_importances_
    expected = pd.Series(gain / gain.sum(), index=columns)
    np.testing.assert_allclose(found[columns], expected, rtol=1e-5)
    assert found.is_monotonic_decreasing


@pytest.mark.parametrize(("framework", "algorithm", "who"), [
    ("xgboost", "XGBClassifier", "XGBoost"), ("sklearn", "DecisionTreeClassifier", "DecisionTreeClassifier"),
])  # fmt: skip
@pytest.mark.parametrize("prepare", ["auto", "none"])
def test_a_number_that_32_bits_do_not_hold_is_told_where_a_library_refuses_it(framework, algorithm, who, prepare):
    frame = table("classification").set_index(pd.RangeIndex(100, 669))
    index = split(frame)[1][0].index[3]
    frame.loc[index, "mean area"] = 1e300
    with pytest.raises(DataLoadingError) as caught:
        train(framework, frame, algorithm=algorithm, prepare=prepare)
    assert f"{who} takes numbers of 32 bits, but 'mean area' is too large for 32 bits" in caught.value.message
    assert f"in 1 of 455 rows, first 1e+300 at index {index}" in caught.value.message
    assert "divide them" in caught.value.solution


def test_a_number_that_32_bits_do_not_hold_is_told_of_the_rows_to_test_too():
    frame = table("classification")
    index = split(frame)[0][0].index[0]
    frame.loc[index, "mean area"] = -1e300
    with pytest.raises(DataLoadingError, match=rf"'mean area' is too large .* first -1e\+300 at index {index}"):
        train("sklearn", frame, algorithm="RandomForestClassifier", hyperparameters={"n_estimators": 3})
