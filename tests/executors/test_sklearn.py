"""scikit-learn through mlmagic gives what scikit-learn gives by hand."""

from __future__ import annotations

import threading
import warnings
import zipfile
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import TransformerMixin, is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score, train_test_split
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

import mlmagic
from mlmagic.config import resolve
from mlmagic.errors import DataLoadingError, InvalidConfiguration, MLError, ModelLoadingError
from mlmagic.events import Row
from mlmagic.executors.sklearn import _growing, _watch
from mlmagic.executors.sklearn._estimators import ESTIMATORS, TRANSFORMERS
from mlmagic.executors.sklearn.executor import SklearnExecutor

pytestmark = pytest.mark.usefixtures("here")


def table(task: str) -> pd.DataFrame:
    load = load_breast_cancer if task == "classification" else load_diabetes
    return load(as_frame=True).frame


def train(task: str = "classification", names: dict[str, Any] | None = None, **keys: Any) -> Any:
    config = {"action": "train", "framework": "sklearn", "data": "$df", "target": "target", "seed": 0, **keys}
    return mlmagic.run(config, df=table(task), **(names or {}))


def parts(report: Any, task: str = "classification") -> tuple[pd.DataFrame, pd.Series, pd.DataFrame, pd.Series]:
    """The rows that the run trained on, in its order, and those it was tested on, by the predictions' index."""
    frame, test = table(task), report.predictions.index
    X, y = training_rows(frame)
    assert not X.index.intersection(test).size
    assert len(X) + len(test) == len(frame)
    return X, y, frame.drop(columns="target").loc[test], frame["target"].loc[test]


def estimator(model: Any) -> Any:
    return model.steps[-1][1] if hasattr(model, "steps") else model


class Inputs:
    """Arrays, as a growing ensemble takes them."""

    watched = weight = None
    asked = ()
    data = SimpleNamespace(watched=True)

    def __init__(self, task: str) -> None:
        frame, self.task = table(task).iloc[:200], task
        self.train = self
        self.X, self.y = frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()

    def matrix(self, _: Any) -> Any:
        return self.X

    def target(self, _: Any) -> Any:
        return self.y


GROWN = [
    RandomForestClassifier(25, random_state=1),
    RandomForestClassifier(25, random_state=1, n_jobs=2, bootstrap=False, class_weight={0: 2.0, 1: 1.0}),
    RandomForestClassifier(25, random_state=1, max_samples=0.5, criterion="log_loss", max_leaf_nodes=8),
    RandomForestRegressor(25, random_state=1, max_features=0.3),
    ExtraTreesClassifier(25, random_state=1),
    ExtraTreesRegressor(25, random_state=1, bootstrap=True),
    GradientBoostingClassifier(n_estimators=25, random_state=1),
    GradientBoostingClassifier(n_estimators=25, random_state=1, subsample=0.5, max_features=3),
    GradientBoostingRegressor(n_estimators=25, random_state=1, loss="huber", subsample=0.7),
    GradientBoostingRegressor(n_estimators=25, random_state=1, init="zero"),
]


def trees(model: Any) -> list[Any]:
    return list(np.ravel(np.asarray(model.estimators_, dtype=object)))


def same_trees(first: list[Any], second: list[Any]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        for name in ("feature", "threshold", "children_left", "children_right", "value", "n_node_samples"):
            np.testing.assert_array_equal(getattr(one.tree_, name), getattr(other.tree_, name))


@pytest.mark.parametrize("made", GROWN, ids=lambda made: str(made)[:60])
@pytest.mark.parametrize("chunk", [1, 4])
def test_growing_gives_the_very_model_of_one_fit(monkeypatch, made, chunk):
    from sklearn.base import clone

    inputs = Inputs("classification" if is_classifier(made) else "regression")
    expected = clone(made).fit(inputs.X, inputs.y)
    assert _growing.grows(type(made).__name__, made.get_params(deep=False))
    # A chunk takes no time, or for ever: it grows to the end at once, or a tree at a time.
    monkeypatch.setattr(_growing, "CHUNK_SECONDS", 0.0 if chunk == 1 else 1e-3)
    monkeypatch.setattr(_watch, "SECONDS", 60.0)
    rows: list[Any] = []
    grown = _growing.grow(clone(made), inputs, rows.append, threading.Event())
    assert len(rows) > 3
    same_trees(trees(grown), trees(expected))
    np.testing.assert_array_equal(grown.predict(inputs.X), expected.predict(inputs.X))
    if hasattr(grown, "predict_proba"):
        np.testing.assert_array_equal(grown.predict_proba(inputs.X), expected.predict_proba(inputs.X))
    if hasattr(grown, "train_score_"):
        np.testing.assert_array_equal(grown.train_score_, expected.train_score_)
    assert grown.get_params() == expected.get_params()


@pytest.mark.parametrize("made", GROWN, ids=lambda made: str(made)[:60])
def test_a_growing_ensemble_is_scored_as_it_is(monkeypatch, made):
    """Of a forest only the new trees are asked; that must not show."""
    from sklearn.base import clone

    inputs = Inputs("classification" if is_classifier(made) else "regression")
    monkeypatch.setattr(_growing, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(_watch, "SECONDS", 60.0)
    rows: list[Any] = []
    _growing.grow(clone(made), inputs, rows.append, threading.Event())
    points = {row.index: row.values for row in rows if isinstance(row, Row)}
    assert len(points) > 10
    metric, name = (accuracy_score, "accuracy") if is_classifier(made) else (r2_score, "r2")
    for trees in (sorted(points)[3], max(points)):
        there = clone(made).set_params(n_estimators=trees).fit(inputs.X, inputs.y)
        assert points[trees][f"train_{name}"] == pytest.approx(metric(inputs.y, there.predict(inputs.X)), abs=1e-12)


@pytest.mark.parametrize("made", GROWN[:1] + GROWN[6:7], ids=lambda made: type(made).__name__)
def test_a_stopped_ensemble_is_the_beginning_of_the_whole_one(monkeypatch, made):
    from sklearn.base import clone

    inputs, stop, seen = Inputs("classification"), threading.Event(), []
    monkeypatch.setattr(_growing, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(_watch, "SECONDS", 60.0)  # a row for each chunk

    def emit(event: Any) -> None:
        seen.append(event)
        if getattr(event, "index", 0) >= 7:
            stop.set()

    kept = trees(_growing.grow(clone(made), inputs, emit, stop))
    whole = trees(clone(made).fit(inputs.X, inputs.y))
    assert 7 <= len(kept) < len(whole)
    same_trees(kept, whole[: len(kept)])


@pytest.mark.parametrize(
    "made",
    [
        RandomForestClassifier(25, class_weight="balanced", random_state=1),
        RandomForestClassifier(25, oob_score=True, random_state=1),
        RandomForestClassifier(25, random_state=np.random.RandomState(1)),
        GradientBoostingClassifier(n_estimators=25, n_iter_no_change=2, random_state=1),
        GradientBoostingRegressor(n_estimators=25, subsample=0.5, random_state=np.random.RandomState(1)),
    ],
    ids=lambda made: str(made)[:70],
)
def test_what_would_grow_into_another_model_does_not_grow(made):
    """Either it is not grown, or growing gives the model of one fit."""
    from sklearn.base import clone

    if not _growing.grows(type(made).__name__, made.get_params(deep=False)):
        return
    inputs = Inputs("classification" if is_classifier(made) else "regression")
    grown = _growing.grow(clone(made), inputs, lambda event: None, threading.Event())
    same_trees(trees(grown), trees(clone(made).fit(inputs.X, inputs.y)))


def test_a_run_is_the_fit_by_hand():
    report = train(algorithm="RandomForestClassifier", hyperparameters={"n_estimators": 30, "max_depth": 4})
    X, y, X_test, y_test = parts(report)
    by_hand = RandomForestClassifier(30, max_depth=4, random_state=0).fit(X, y)
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand.predict(X_test))
    np.testing.assert_array_equal(report.predictions[["0", "1"]], by_hand.predict_proba(X_test))
    assert report.metrics["finalModel"]["testAccuracy"] == by_hand.score(X_test, y_test)
    assert report.metrics["finalModel"]["trainAccuracy"] == by_hand.score(X, y)


def test_the_split_is_scikit_learns_own():
    report = train(algorithm="GaussianNB", testSplit=0.25)
    frame = table("classification")
    _, test = train_test_split(frame.index, test_size=0.25, random_state=0, stratify=frame["target"])
    assert len(report.predictions) == len(test)
    shares = frame.loc[report.predictions.index, "target"].mean(), frame.loc[test, "target"].mean()
    assert shares[0] == pytest.approx(shares[1], abs=1 / len(test)), "stratified"


def test_cross_validation_is_scikit_learns_own():
    report = train(algorithm="DecisionTreeClassifier", hyperparameters={"max_depth": 4}, crossValidation={"folds": 4})
    frame = table("classification")
    found = report.metrics["crossValidation"]
    X, y = training_rows(frame)
    by_hand = DecisionTreeClassifier(max_depth=4, random_state=0)
    expected = cross_val_score(by_hand, X, y, cv=StratifiedKFold(4, shuffle=True, random_state=0))
    np.testing.assert_allclose(found["accuracy"], expected, rtol=1e-12)
    assert found["meanAccuracy"] == pytest.approx(np.mean(expected))
    assert found["stdAccuracy"] == pytest.approx(np.std(expected))
    assert report.history["fold"].dropna().tolist() == [1, 2, 3, 4]


def training_rows(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    from mlmagic.data import split

    config = resolve(
        {
            "action": "train",
            "framework": "sklearn",
            "algorithm": "LogisticRegression",
            "data": "$df",
            "target": "target",
        }
    )
    config = config.bind(lambda reference: frame)
    data = split(frame, config.config, 0, 0.0, "classification")
    return data.train.X, data.train.y


def test_a_failed_run_is_shaped_as_the_seed_document_shapes_it():
    with pytest.raises(MLError) as caught:
        train(algorithm="GaussianNB", target="churn")
    body = caught.value.to_dict()
    assert set(body) - {"stderr", "metadata"} == {"type", "message", "exitCode", "solution"}
    assert "churn" in body["message"]


def tampered(report: Any, old: str, new: str) -> None:
    """Name another type in the saved model, as somebody who wants their code to run would."""
    path = report.output_dir / "model.skops"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = members["schema.json"].decode()
    assert old in schema
    members["schema.json"] = schema.replace(old, new).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_model_file_with_a_strange_type_is_refused():
    report = train(algorithm="GaussianNB")
    attached = mlmagic.attach(report.output_dir)
    assert attached.run is report.run, "a run of this process is itself"
    tampered(report, '"__class__": "GaussianNB"', '"__class__": "Popen"')
    with pytest.raises(ModelLoadingError, match=r"holds types that are not known to be safe: .*Popen\n") as caught:
        SklearnExecutor().load(report.output_dir, report.run.config, report.run.state)
    assert caught.value.solution.endswith(f"mlmagic.attach({str(report.output_dir)!r}, trust=True)")


def test_a_damaged_model_file_is_one_clean_error():
    report = train(algorithm="GaussianNB")
    path = report.output_dir / "model.skops"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelLoadingError, match=r"Failed to load model.skops"):
        SklearnExecutor().load(report.output_dir, report.run.config, report.run.state)


def constructible() -> list[Any]:
    found = []
    for name, module in ESTIMATORS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                made = getattr(import_module(module), name)()
                assert is_regressor(made) != is_classifier(made)
                found.append(made)
            except (TypeError, AttributeError):  # it takes an estimator of its own, or is of another version
                continue
    return found


@pytest.mark.parametrize("made", constructible(), ids=lambda made: type(made).__name__)
def test_the_name_of_an_estimator_tells_its_task(made):
    config = resolve({"action": "train", "framework": "sklearn", "algorithm": type(made).__name__, "data": "$df"})
    expected = "regression" if is_regressor(made) else "classification"
    assert SklearnExecutor().task(config) == expected


def test_every_wrong_hyperparameter_is_named_at_once():
    with pytest.raises(InvalidConfiguration) as caught:
        train(algorithm="RandomForestClassifier", hyperparameters={"n_estimator": 10, "max_dept": 3})
    assert [fault.suggestion for fault in caught.value.faults] == ["n_estimators", "max_depth"]
    with pytest.raises(InvalidConfiguration) as caught:
        train(algorithm="RandomForestClassifier", hyperparameters={"n_estimators": -1, "criterion": "luck"})
    assert {fault.path for fault in caught.value.faults} == {
        "config.hyperparameters.n_estimators",
        "config.hyperparameters.criterion",
    }


def test_what_has_no_hook_trains_in_the_child():
    report = train(algorithm="SVC", hyperparameters={"probability": False}, featureScaling="standard")
    assert report.run.worker_pid is not None
    X, y, X_test, _ = parts(report)
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    by_hand = make_pipeline(StandardScaler(), SVC(random_state=0)).fit(X, y)
    assert np.mean(report.predictions["predicted"].to_numpy() == by_hand.predict(X_test)) > 0.99
    assert report.to_dict()["executionReport"]["metadata"]["algorithm"] == "SVC"


def test_a_pipeline_of_the_notebook_trains():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    own = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    report = train(names={"own": own}, model="$own", prepare="none")
    X, y, X_test, _ = parts(report)
    from sklearn.base import clone

    np.testing.assert_array_equal(
        report.predictions["predicted"],
        clone(own).set_params(logisticregression__random_state=0).fit(X, y).predict(X_test),
    )
    assert not hasattr(own[-1], "coef_")


def test_a_pipeline_that_prepares_itself_gets_the_table_as_it_is():
    rng = np.random.default_rng(0)
    good = rng.integers(0, 2, 120)
    words = [f"{'lovely' if one else 'awful'} film number {place}" for place, one in enumerate(good)]
    frame = pd.DataFrame({"review": words, "length": rng.normal(size=120), "y": np.where(good, "p", "n")})
    own = make_pipeline(make_column_transformer((TfidfVectorizer(), "review")), LogisticRegression())
    config = {"action": "train", "framework": "sklearn", "model": "$own", "data": "$df", "target": "y", "seed": 3}
    report = mlmagic.run(config, df=frame, own=own)
    fitting, held = train_test_split(frame, test_size=0.2, random_state=3, stratify=frame["y"])
    own.fit(fitting.drop(columns="y"), fitting["y"])
    found = mlmagic.load_model(report).predict_proba(held)
    np.testing.assert_allclose(found, own.predict_proba(held.drop(columns="y")), rtol=1e-12)
    with pytest.raises(MLError, match="free text or an identifier"):
        mlmagic.run({**config, "model": "$plain"}, df=frame, plain=LogisticRegression())


def test_a_forest_predicts_the_same_to_the_last_digit_every_time():
    report = train(algorithm="RandomForestClassifier", hyperparameters={"n_estimators": 60, "max_depth": 3})
    X = pd.concat([table("classification").drop(columns="target")] * 20)
    assert estimator(report.model).n_jobs is None, "as the user left it"
    first = report.model.predict_proba(X)
    assert all(np.array_equal(report.model.predict_proba(X), first) for _ in range(5))


@pytest.mark.parametrize(
    ("model", "what"), [(RandomForestClassifier, "the class RandomForestClassifier"), ("forest", "of type str")]
)
def test_a_variable_that_holds_no_estimator_is_told(model, what):
    config = {"action": "train", "framework": "sklearn", "model": "$mine", "data": "$df", "target": "target"}
    with pytest.raises(InvalidConfiguration) as caught:
        mlmagic.run(config, df=table("classification"), mine=model)
    assert str(caught.value).startswith(
        f"invalid-configuration: model must be an estimator of scikit-learn, but $mine is {what}"
    )


@pytest.mark.parametrize(
    ("own", "what"),
    [
        (StandardScaler(), "StandardScaler, a transformer"),
        (make_pipeline(StandardScaler(), PCA(2)), "Pipeline, a transformer"),
        (KernelDensity(), "KernelDensity, which does not predict"),
    ],
)
@pytest.mark.parametrize("target", ["target", None])
def test_an_estimator_that_does_not_predict_is_told(own, what, target):
    config = {"action": "train", "framework": "sklearn", "model": "$mine", "data": "$df", "target": target}
    with pytest.raises(InvalidConfiguration, match=f"must be an estimator that predicts, but .mine is a {what}"):
        mlmagic.run(config, df=table("classification"), mine=own)


def test_a_search_that_keeps_no_model_is_told():
    own = GridSearchCV(LogisticRegression(), {"C": [1.0]}, refit=False)
    config = {"action": "train", "framework": "sklearn", "model": "$mine", "data": "$df", "target": "target"}
    with pytest.raises(InvalidConfiguration, match=r"\$mine is a GridSearchCV with refit=False, which keeps no model"):
        mlmagic.run(config, df=table("classification"), mine=own)


def test_a_stack_predicts_once_it_is_fitted():
    stack = StackingClassifier([("tree", DecisionTreeClassifier(max_depth=2))])
    assert not hasattr(stack, "predict")
    config = {"action": "train", "framework": "sklearn", "model": "$mine", "data": "$df", "target": "target"}
    assert mlmagic.run(config, df=table("classification"), mine=stack).status == "success"


def test_the_name_of_a_transformer_is_told():
    known = {name: kind for name, kind in all_estimators() if hasattr(kind, "fit_transform")}
    known["IterativeImputer"] = TransformerMixin  # which is an experiment still
    assert not any(hasattr(known[name], "predict") for name in TRANSFORMERS if name in known)
    steps = {name for name, kind in all_estimators(type_filter="transformer") if not hasattr(kind, "predict")}
    of_targets, alone = {"LabelBinarizer", "LabelEncoder", "MultiLabelBinarizer"}, {"FeatureAgglomeration", "TSNE"}
    assert steps - of_targets - alone <= set(TRANSFORMERS)
    with pytest.raises(InvalidConfiguration, match=r"got PCA, a transformer.*make_pipeline\(PCA\(\), Log") as caught:
        train(algorithm="PCA")
    assert caught.value.faults[0].suggestion == "model: $pipe"


@pytest.mark.parametrize("own", [None, make_pipeline(LinearDiscriminantAnalysis())])
def test_columns_that_never_vary_within_a_class_are_told(own):
    frame = table("classification")[["target"]].assign(same=1.0, label=lambda rows: rows["target"] * 3)
    given = {"algorithm": "LinearDiscriminantAnalysis"} if own is None else {"model": "$own"}
    config = {"action": "train", "framework": "sklearn", "data": "$df", "target": "target", "prepare": "none", **given}
    with pytest.raises(IndexError):
        LinearDiscriminantAnalysis().fit(frame[["same", "label"]], frame["target"])
    with pytest.raises(DataLoadingError, match="columns vary within a class, and none of the 2 does"):
        mlmagic.run(config, df=frame, own=own)
