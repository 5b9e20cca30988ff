"""Weights reach the estimator as they would by hand."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import DBSCAN, KMeans, MiniBatchKMeans
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, StackingRegressor, VotingRegressor
from sklearn.feature_selection import RFE, SelectFromModel, SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedGroupKFold,
    TunedThresholdClassifierCV,
    train_test_split,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.class_weight import compute_sample_weight

import mlmagic
from mlmagic.errors import InvalidConfiguration
from tests.runs import config, flowers


def by_hand(estimator, table, weigh, argument="sample_weight"):
    """Probabilities of the test rows of the same split."""
    X, y = table.drop(columns=["target", "w"], errors="ignore"), table["target"].astype(str)
    X, X_test, y, _ = train_test_split(X, y, test_size=0.2, random_state=0, stratify=y)
    return estimator.fit(X, y, **{argument: weigh(X, y)}).predict_proba(X_test)


def trained(table, names=None, **keys):
    report = mlmagic.run(config(**keys), df=table, **(names or {}))
    return report.predictions.drop(columns=["actual", "predicted", "confidence"]).to_numpy()


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(C=0.1),
        RandomForestClassifier(n_estimators=20, random_state=0),
        GradientBoostingClassifier(n_estimators=10, random_state=0),
    ],
    ids=lambda item: type(item).__name__,
)
def test_balanced_labels(here, estimator):
    table = flowers().iloc[20:]
    given = {
        key: value for key, value in estimator.get_params().items() if value != type(estimator)().get_params()[key]
    }
    found = trained(table, algorithm=type(estimator).__name__, hyperparameters=given, classWeight="balanced")
    expected = by_hand(clone(estimator), table, lambda X, y: compute_sample_weight("balanced", y))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


SCALED = make_pipeline(StandardScaler(), LogisticRegression())
SEARCHED = GridSearchCV(SCALED, {"logisticregression__C": [0.01, 1.0]}, cv=3)


@pytest.mark.parametrize(
    ("own", "argument"),
    [
        (SCALED, "logisticregression__sample_weight"),
        (SEARCHED, "logisticregression__sample_weight"),
        (make_pipeline(StandardScaler(), SEARCHED), "gridsearchcv__logisticregression__sample_weight"),
    ],
    ids=["pipeline", "search", "pipeline of a search"],
)
def test_weights_of_rows_in_a_pipeline(here, own, argument):
    table = flowers()
    table["w"] = np.linspace(0.1, 3, len(table))
    found = trained(table, {"pipe": own}, algorithm=None, model="$pipe", sampleWeight="w")
    weigh = lambda X, y: table.loc[X.index, "w"]  # noqa: E731
    expected = by_hand(clone(own), table, weigh, argument)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"classWeight": "balanced"}, "classWeight"),
        ({"sampleWeight": "w"}, "sampleWeight"),
        ({"sampleWeight": "w", "classWeight": "balanced"}, "classWeight and sampleWeight"),
    ],
)
def test_an_estimator_that_counts_all_rows_alike(here, keys, named):
    with pytest.raises(InvalidConfiguration) as caught:
        mlmagic.run(config("KNeighborsClassifier", **keys), df=flowers().assign(w=1.0))
    (fault,) = caught.value.faults
    rule = "KNeighborsClassifier counts all rows alike, for its fit takes no sample_weight"
    assert fault.message == f"{rule}: leave {named} out"
    assert fault.path == f"config.{named.partition(' ')[0]}"


def test_groups_stay_together(here):
    table = flowers()
    table["plant"] = np.arange(len(table)) // 5
    report = mlmagic.run(config(groups="plant", crossValidation={"folds": 3}), df=table)
    tested = table.loc[report.predictions.index, "plant"]
    assert not set(tested) & set(table["plant"].drop(tested.index))
    assert report.metadata["features"] == 4


def grid(cv):
    return GridSearchCV(LogisticRegression(), {"C": [0.001, 0.01, 100.0]}, cv=cv)


BY_GROUPS = GroupKFold(3)
# What a run is given, what a person would fit by groups, and what the log says.
CROSSING = [
    (grid(BY_GROUPS), grid(BY_GROUPS), ""),
    (grid(3), grid(StratifiedGroupKFold(3)), "StratifiedGroupKFold(3) in place of cv=3"),
    (grid(None), grid(StratifiedGroupKFold(5)), "StratifiedGroupKFold(5) in place of cv=None"),
    (make_pipeline(StandardScaler(), grid(BY_GROUPS)), make_pipeline(StandardScaler(), grid(BY_GROUPS)), ""),
    (CalibratedClassifierCV(LogisticRegression(), cv=BY_GROUPS),) * 2 + ("",),
    (TunedThresholdClassifierCV(LogisticRegression(), cv=BY_GROUPS, random_state=0),) * 2 + ("",),
    (grid(KFold(3)), grid(KFold(3)), "part groups"),
]


@pytest.mark.parametrize(("own", "alike", "told"), CROSSING, ids=lambda item: str(item)[:30])
def test_groups_stay_together_in_the_folds_of_an_estimator(here, own, alike, told):
    table = load_breast_cancer(as_frame=True).frame.iloc[:200, [0, 1, 4, -1]]
    table["patient"] = np.arange(len(table)) // 5
    report = mlmagic.run(config(algorithm=None, model="$own", groups="patient", seed=0), df=table, own=own)
    splitter = GroupShuffleSplit(1, test_size=0.2, random_state=0)
    rows = table.iloc[next(splitter.split(table, groups=table["patient"]))[0]]
    X, y = rows.drop(columns=["target", "patient"]), rows["target"].astype(str)
    groups = {} if told == "part groups" else {"groups": rows["patient"]}
    with sklearn.config_context(enable_metadata_routing=True):
        expected = clone(alike).fit(X, y, **groups).predict_proba(table.loc[report.predictions.index, X.columns])
    np.testing.assert_allclose(report.predictions["1"], expected[:, 1], rtol=1e-9)
    assert told in report.log
    assert told or "groups" not in report.log


def test_there_are_as_many_inner_folds_as_groups(here):
    table = flowers().assign(plant=np.arange(150) % 4)
    report = mlmagic.run(config(algorithm=None, model="$own", groups="plant", seed=0), df=table, own=grid(5))
    assert "StratifiedGroupKFold(3) in place of cv=5" in report.log
    one = table.assign(plant=np.arange(150) % 2)
    with pytest.raises(InvalidConfiguration, match="The training rows are all of one group, and GridSearchCV cross"):
        mlmagic.run(config(algorithm=None, model="$own", groups="plant", seed=0), df=one, own=grid(5))


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (make_pipeline(SequentialFeatureSelector(LogisticRegression(), cv=3), LogisticRegression()), "keep groups"),
        (TunedThresholdClassifierCV(LogisticRegression(), cv=0.3, random_state=0), "cv=0.3, may part groups"),
        (OneVsRestClassifier(grid(3)), "GridSearchCV, which another estimator holds, may part groups"),
    ],
    ids=lambda item: str(item)[:30],
)
def test_what_becomes_of_groups_is_told(here, own, told):
    table = load_breast_cancer(as_frame=True).frame.iloc[:100, [0, 1, 4, -1]]
    table["patient"] = np.arange(len(table)) // 5
    assert told in mlmagic.run(config(algorithm=None, model="$own", groups="patient"), df=table, own=own).log


def test_folds_by_groups_that_are_not_there(here):
    with pytest.raises(InvalidConfiguration, match="GridSearchCV cross-validates by groups, and the rows have none"):
        mlmagic.run(config(algorithm=None, model="$own"), df=flowers(), own=grid(BY_GROUPS))
    nested = grid(3).set_params(estimator=CalibratedClassifierCV(cv=BY_GROUPS), param_grid={"method": ["sigmoid"]})
    table = flowers().assign(plant=np.arange(150) // 5)
    with pytest.raises(InvalidConfiguration, match="GridSearchCV holds an estimator that cross-validates by groups"):
        mlmagic.run(config(algorithm=None, model="$own", groups="plant"), df=table, own=nested)


@pytest.mark.parametrize(
    "estimator",
    [KMeans(3, random_state=0), MiniBatchKMeans(3, random_state=0), DBSCAN(min_samples=8), OneClassSVM(nu=0.2)],
    ids=lambda item: type(item).__name__,
)
def test_rows_to_cluster_and_to_find_outliers_among(here, estimator):
    table = flowers().drop(columns="target")
    X = table.copy()
    table["w"] = np.linspace(0.1, 3, len(table))
    given = {key: value for key, value in estimator.get_params().items() if key in ("n_clusters", "min_samples", "nu")}
    keys = {"algorithm": type(estimator).__name__, "hyperparameters": given, "target": None, "featureScaling": "none"}
    report = mlmagic.run(config(**keys, sampleWeight="w", seed=0), df=table)
    estimator.fit(X, sample_weight=table["w"])
    expected = estimator.labels_ if hasattr(estimator, "labels_") else estimator.predict(X) == -1
    np.testing.assert_array_equal(report.predictions["predicted"], expected)
    assert len(report.metadata["data"]["features"]) == 4, "the weights are no feature"
    # As values, and in a pipeline.
    names = {"pipe": make_pipeline(clone(estimator)), "w": table["w"]}
    again = mlmagic.run(
        config(None, model="$pipe", target=None, featureScaling="none", sampleWeight="$w"), df=X, **names
    )
    np.testing.assert_array_equal(again.predictions["predicted"], expected)


def test_weights_of_rows_that_nothing_clusters_by(here):
    table = flowers().drop(columns="target").assign(w=1.0)
    with pytest.raises(InvalidConfiguration, match="AgglomerativeClustering counts all rows alike"):
        mlmagic.run(config("AgglomerativeClustering", target=None, sampleWeight="w"), df=table)
    with pytest.raises(InvalidConfiguration, match="sampleWeight"):
        mlmagic.run(config("KMeans", target=None, sampleWeight="weight"), df=table)


@pytest.mark.parametrize(
    "estimator",
    [
        StackingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(random_state=0))]),
        VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(random_state=0, max_depth=3))]),
        GridSearchCV(Ridge(), {"alpha": [0.1, 10.0]}),
        TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
        RFE(Ridge(), n_features_to_select=2),
    ],
    ids=lambda item: type(item).__name__,
)
def test_an_estimator_hands_weights_on_to_the_one_that_it_holds(here, estimator):
    table = flowers().drop(columns="target")
    y = table.columns[-1]
    table["w"] = np.linspace(0.1, 3, len(table))
    report = mlmagic.run(
        config(algorithm=None, model="$own", sampleWeight="w", target=y, testSplit=0.2), df=table, own=estimator
    )
    held = report.predictions
    names = [name for name in table.columns if name not in (y, "w")]
    rows = train_test_split(table, test_size=0.2, random_state=0)[0]
    by_hand = clone(estimator).fit(rows[names], rows[y], sample_weight=rows["w"])
    np.testing.assert_allclose(held["predicted"], by_hand.predict(table.loc[held.index, names]), rtol=1e-9)


def test_weights_are_refused_where_what_is_held_takes_none(here):
    search = GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [3, 5]})
    table = flowers().drop(columns="target")
    table["w"] = 1.0
    with pytest.raises(InvalidConfiguration, match="GridSearchCV counts all rows alike"):
        mlmagic.run(
            config(algorithm=None, model="$own", sampleWeight="w", target=table.columns[0]), df=table, own=search
        )


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (LogisticRegression(class_weight="balanced"), "class_weight='balanced'"),
        (make_pipeline(LogisticRegression(class_weight={"0": 2})), "class_weight={'0': 2}"),
    ],
)
def test_labels_count_by_one_key(here, own, told):
    with pytest.raises(InvalidConfiguration) as caught:
        mlmagic.run(config(algorithm=None, model="$own", classWeight="balanced"), df=flowers(), own=own)
    (fault,) = caught.value.faults
    assert fault.path == "config.classWeight"
    assert fault.message.startswith(f"classWeight and the estimator's own {told} would be multiplied")


def test_labels_of_what_is_given_no_weights_may_count_differently(here):
    chooser = SelectFromModel(LogisticRegression(class_weight="balanced"))
    own = make_pipeline(chooser, LogisticRegression())
    report = mlmagic.run(config(algorithm=None, model="$own", classWeight="balanced"), df=flowers(), own=own)
    assert report.status == "success"


@pytest.mark.parametrize("several", [list, pd.Index, tuple, np.array])
@pytest.mark.parametrize("key", ["sampleWeight", "groups"])
def test_a_column_that_is_no_feature_cannot_be_chosen(here, key, several):
    columns = make_column_transformer((StandardScaler(), several(["sepal length (cm)", "w"])))
    own = GridSearchCV(make_pipeline(columns, LogisticRegression()), {"logisticregression__C": [1.0]})
    table = flowers().assign(w=np.arange(150.0) % 50 + 1)
    with pytest.raises(InvalidConfiguration, match=rf"\$own chooses the column 'w', which {key}: w takes out of the"):
        mlmagic.run(config(algorithm=None, model="$own", **{key: "w"}), df=table, own=own)
