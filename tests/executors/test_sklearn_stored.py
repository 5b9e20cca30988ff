"""What a user's own estimator is stored with: it loads without trust, or the run says why it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import skops.io
from sklearn import metrics, model_selection
from sklearn.cluster import Birch
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401 make them public
from sklearn.feature_selection import RFECV, SelectKBest, chi2, f_classif, mutual_info_classif
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

import mlmagic
from mlmagic.errors import InvalidConfiguration, MLError, ModelLoadingError, TrainingFailure
from mlmagic.executors.sklearn import _storage
from tests.runs import config, flowers

pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.filterwarnings("ignore")]

X, Y = load_breast_cancer(return_X_y=True)
X, Y = X[:120, :4], Y[:120]
GROUPS = np.arange(len(X)) % 6
GRID = {"max_depth": [1, 2]}
TREE = DecisionTreeClassifier(random_state=0)


def train(own: Any, frame: pd.DataFrame | None = None, **keys: Any) -> Any:
    config = {"action": "train", "framework": "sklearn", "data": "$df", "target": "target", "model": "$own"}
    return mlmagic.run({**config, **keys}, df=flowers() if frame is None else frame, own=own)


def assert_loads(own: Any, path: Path, **given: Any) -> Any:
    """Stored and read again without trust it predicts the same."""
    own.fit(X, Y, **given)
    again = _storage.load(_storage.save(own, path / "model.skops"), trust=False)
    np.testing.assert_array_equal(again.predict(X), own.predict(X))
    return again


# -- searches


def splitters() -> list[Any]:
    """One of every public kind, some of which need an argument."""
    needed = {"LeavePOut": (1,), "LeavePGroupsOut": (2,), "PredefinedSplit": (GROUPS,)}
    kinds = (getattr(model_selection, name) for name in model_selection.__all__)
    return [
        kind(*needed.get(kind.__name__, ())) for kind in kinds if hasattr(kind, "split") and "Base" not in kind.__name__
    ]


@pytest.mark.parametrize("splitter", splitters(), ids=lambda made: type(made).__name__)
def test_a_search_with_every_splitter(splitter: Any, tmp_path: Path) -> None:
    given = {"groups": GROUPS} if "Group" in type(splitter).__name__ else {}
    assert_loads(GridSearchCV(TREE, GRID, cv=splitter), tmp_path, **given)


def test_every_splitter_is_among_them() -> None:
    assert {"KFold", "RepeatedStratifiedKFold", "TimeSeriesSplit"} <= {type(made).__name__ for made in splitters()}


@pytest.mark.parametrize("scoring", metrics.get_scorer_names())
def test_a_search_with_every_scorer(scoring: str, tmp_path: Path) -> None:
    assert_loads(GridSearchCV(TREE, GRID, scoring=scoring, error_score=0, cv=2), tmp_path)


@pytest.mark.parametrize(
    "own",
    [
        RandomizedSearchCV(TREE, GRID, n_iter=2),
        HalvingGridSearchCV(TREE, GRID, min_resources=60),
        HalvingRandomSearchCV(TREE, GRID, min_resources=60),
        GridSearchCV(TREE, GRID, cv=list(KFold(3).split(X))),
        GridSearchCV(TREE, GRID, scoring=["accuracy", "f1"], refit="f1"),
        GridSearchCV(TREE, GRID, scoring=metrics.make_scorer(metrics.fbeta_score, beta=2)),
        make_pipeline(IterativeImputer(max_iter=2), TREE),
        LogisticRegressionCV(cv=KFold(3)),
        StackingClassifier([("one", TREE)], cv=KFold(3)),
        make_pipeline(RFECV(TREE, cv=KFold(3)), TREE),
        make_pipeline(SelectKBest(f_classif, k=2), TREE),
        make_pipeline(SelectKBest(chi2, k=2), TREE),
        make_pipeline(SelectKBest(mutual_info_classif, k=2), TREE),
    ],
    ids=lambda own: type(own).__name__,
)
def test_other_parts_of_scikit_learn(own: Any, tmp_path: Path) -> None:
    assert_loads(own, tmp_path)


@pytest.mark.parametrize(
    ("own", "given", "tried"),
    [
        (
            RandomizedSearchCV(LogisticRegression(), {"C": scipy.stats.loguniform(0.1, 1)}, n_iter=3, random_state=0),
            lambda search: search.param_distributions["C"],
            lambda search: search.cv_results_["param_C"].tolist(),
        ),
        (
            make_pipeline(
                StandardScaler(),
                RandomizedSearchCV(TREE, [{"max_depth": scipy.stats.randint(1, 4)}, GRID], n_iter=4, random_state=0),
            ),
            lambda pipeline: pipeline[-1].param_distributions[0]["max_depth"],
            lambda pipeline: pipeline[-1].cv_results_["param_max_depth"].tolist(),
        ),
    ],
)
def test_distributions_are_stored_as_the_values_drawn(own: Any, given: Any, tried: Any, tmp_path: Path) -> None:
    again = assert_loads(own, tmp_path)
    assert given(again) == tried(own)
    assert hasattr(given(own), "rvs"), "the user's own is as it was"


def test_skops_alone_does_not_load_distributions() -> None:
    own = RandomizedSearchCV(LogisticRegression(), {"C": scipy.stats.loguniform(0.1, 1)}, n_iter=2).fit(X, Y)
    unknown = skops.io.get_untrusted_types(data=skops.io.dumps(own))
    assert "scipy.stats._distn_infrastructure.rv_continuous_frozen" in unknown


@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_a_new_process_predicts_with_a_search_without_trust(search: Any, here: Path) -> None:
    report = train(search(RandomForestClassifier(5, random_state=0), {"max_depth": [2, 3]}, cv=3))
    rows = flowers().loc[report.predictions.index].drop(columns="target")
    rows.to_csv("rows.csv", index=False)
    code = (
        "import mlmagic, sys\n"
        "config = {'action': 'predict', 'modelPath': sys.argv[1], 'dataPath': 'rows.csv'}\n"
        "mlmagic.run(config).predictions.to_csv('found.csv', index=False)"
    )
    subprocess.run([sys.executable, "-c", code, str(report.output_dir)], check=True)
    found = pd.read_csv("found.csv")["predicted"].to_numpy()
    np.testing.assert_array_equal(found.astype(str), report.predictions["predicted"].astype(str))


# -- what no other process has


def script(here: Path, function: str) -> subprocess.CompletedProcess[str]:
    """A notebook's cell, as a script of its own: what it defines is in ``__main__``."""
    (here / "steps.py").write_text("def first(X):\n    return X.iloc[:, :2]\n")
    (here / "cell.py").write_text(
        textwrap.dedent(f"""
        import mlmagic
        from sklearn.datasets import load_iris
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer
        from steps import first

        def own(X):
            return X.iloc[:, :2]

        class Mine(LogisticRegression):
            pass

        if __name__ == "__main__":
            model = {function}
            config = {{"action": "train", "framework": "sklearn", "data": "$df", "target": "target", "model": "$model"}}
            print(mlmagic.run({{**config, "outputDir": "run"}}, df=load_iris(as_frame=True).frame, model=model).log)
        """)
    )
    surroundings = {**os.environ, "PYTHONPATH": str(here)}
    return subprocess.run(
        [sys.executable, "cell.py"], capture_output=True, text=True, check=True, cwd=here, env=surroundings
    )


@pytest.mark.parametrize(
    ("model", "named"),
    [
        ("make_pipeline(FunctionTransformer(lambda X: X.iloc[:, :2]), LogisticRegression())", "<lambda>"),
        ("make_pipeline(FunctionTransformer(own), Mine())", "Mine, own"),
    ],
)
def test_the_log_says_that_nothing_loads_a_function_of_the_notebook(here: Path, model: str, named: str) -> None:
    log = script(here, model).stdout
    assert f"The stored model names {named} of the notebook" in log
    assert "steps.py" in log
    with pytest.raises(ModelLoadingError):
        _storage.load(here / "run" / "model.skops", trust=True)
    with pytest.raises(ModelLoadingError) as caught:
        _storage.load(here / "run" / "model.skops", trust=False)
    assert ("Nothing can load it" in caught.value.solution) is (named == "<lambda>")


def test_a_function_of_a_module_loads_where_it_is_trusted(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = script(here, "make_pipeline(FunctionTransformer(first), LogisticRegression())").stdout
    assert "The stored model names" not in log
    monkeypatch.syspath_prepend(here)
    config = {"action": "predict", "modelPath": "run", "data": "$df"}
    with pytest.raises(ModelLoadingError, match=r"not known to be safe: steps\.first"):
        mlmagic.run(config, df=flowers())
    code = (
        "import mlmagic; from sklearn.datasets import load_iris\n"
        f"print(mlmagic.run({ {**config, 'trust': True}!r}, df=load_iris(as_frame=True).frame).status)"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(here)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=surroundings)
    assert done.stdout.strip() == "success", done.stderr


def test_functions_of_numpy_are_nothing_to_remark() -> None:
    report = train(make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()))
    assert "The stored model names" not in report.log
    assert mlmagic.load_model(report.output_dir).predict(flowers().drop(columns="target")).shape == (150,)


# -- what cannot be stored


@pytest.mark.parametrize("own", [Birch(), make_pipeline(StandardScaler(), Birch())], ids=["alone", "in a pipeline"])
def test_what_only_a_pickle_stores_is_told_before_it_trains(own: Any) -> None:
    with pytest.raises(InvalidConfiguration, match="Birch cannot be stored without a pickle"):
        train(own, target=None)


def test_skops_still_cannot_store_it() -> None:
    with pytest.raises(skops.io.exceptions.UnsupportedTypeException):
        skops.io.dumps(Birch().fit(X))


@pytest.mark.parametrize(
    ("algorithm", "why", "instead"),
    [
        ("Birch", "Birch of scikit-learn cannot be stored without a pickle", "MiniBatchKMeans"),
        ("FeatureAgglomeration", "clusters columns, not rows", "AgglomerativeClustering"),
    ],
)
def test_a_name_that_is_left_out_says_why(algorithm: str, why: str, instead: str) -> None:
    config = {"action": "train", "framework": "sklearn", "data": "$df", "algorithm": algorithm}
    with pytest.raises(InvalidConfiguration, match=why) as caught:
        mlmagic.run(config, df=flowers())
    assert f"Did you mean `algorithm: {instead}`?" in str(caught.value)


class Keeping(LogisticRegression):
    """Holds what only a pickle stores, and makes it when it is fitted."""

    def fit(self, X: Any, y: Any) -> Keeping:
        self.groups_ = Birch().fit(X)
        return super().fit(X, y)


def test_what_skops_cannot_hold_is_one_clean_error() -> None:
    with pytest.raises(TrainingFailure, match=r"model\.skops cannot hold it without a pickle") as caught:
        _storage.save(Keeping().fit(X, Y), Path("model.skops"))
    assert "Birch" in str(caught.value.stderr)
    assert not Path("model.skops").exists()
    report = mlmagic.submit(config(None, model="$own"), own=Keeping(), df=flowers())
    with pytest.raises(TrainingFailure, match="cannot hold it without a pickle"):
        report.wait()
    assert isinstance(report.model.groups_, Birch), "the model is handed over all the same"


# -- labels of another library


@pytest.mark.parametrize(
    ("own", "way_out"),
    [
        (XGBClassifier(n_estimators=3), "Write framework: xgboost"),
        (make_pipeline(StandardScaler(), XGBClassifier(n_estimators=3)), "astype('category').cat.codes"),
    ],
    ids=["alone", "in a pipeline"],
)
def test_labels_that_another_library_does_not_take(own: Any, way_out: str) -> None:
    frame = flowers()
    named = frame.assign(target=frame["target"].map({0: "a", 1: "b", 2: "c"}))
    with pytest.raises(
        InvalidConfiguration, match="labels 0 to k-1 only, and those of 'target' are 'a', 'b', 'c'"
    ) as caught:
        train(own, named)
    assert way_out in caught.value.solution
    report = train(own, frame)
    rows = report.predictions.index
    training = frame.drop(index=rows)
    fitted = type(own)(**own.get_params(deep=False)) if hasattr(own, "n_estimators") else own
    fitted = fitted.fit(training.drop(columns="target"), training["target"])
    expected = fitted.predict(frame.loc[rows].drop(columns="target"))
    np.testing.assert_array_equal(report.predictions["predicted"].astype(int), expected)


def test_its_own_framework_takes_them() -> None:
    frame = flowers()
    named = frame.assign(target=frame["target"].map({0: "a", 1: "b", 2: "c"}))
    assert train(XGBClassifier(n_estimators=3), named, framework="xgboost").status == "success"


def test_other_errors_of_a_fit_are_the_estimators_own() -> None:
    own = make_pipeline(PCA(n_components=9), LogisticRegression())
    with pytest.raises(MLError, match="n_components"):
        train(own)
