"""Models of XGBoost, LightGBM and CatBoost: stored, read again, and adopted from a notebook or another program."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlmagic.data import Rows
from mlmagic.errors import ModelLoadingError
from mlmagic.executors import load
from tests.executors.boosting_run import ALL, HANDS, QUANTILE, parts, penguins, queries, table, train

pytestmark = pytest.mark.usefixtures("here")


# Predictions of each run's stored model, for directories of a run, X.parquet and what is written.
NEW_PROCESS = """
import sys
from pathlib import Path
import numpy as np, pandas as pd
import mlmagic
for directory in map(Path, sys.argv[1:]):
    model = mlmagic.attach(directory / "run").model
    X = pd.read_parquet(directory / "X.parquet")
    np.save(directory / "out.npy", model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X))
    np.save(directory / "classes.npy", np.array([str(label) for label in getattr(model, "classes_", [])]))
"""
FEW = {"n_estimators": 7}
# A table and the keys of a run; some of them are the library's own.
STORED: dict[str, Callable[[str], tuple[pd.DataFrame, dict[str, Any]]]] = {
    "numbers": lambda _: (table("regression"), {"hyperparameters": FEW}),
    "categories and gaps": lambda _: (
        penguins(),
        {"target": "species", "earlyStopping": {"patience": 5}, "hyperparameters": {"n_estimators": 30}},
    ),
    "odd names": lambda _: (
        table("regression").rename(columns={"age": 'a"[0]<b', "bmi": "b,m:i"}),
        {"hyperparameters": FEW},
    ),
    "truth": lambda _: (
        penguins().assign(heavy=lambda rows: rows["body_mass_g"] > 4000),
        {"target": "heavy", "hyperparameters": FEW},
    ),
    "ranking": lambda framework: (
        queries(),
        {
            "target": "relevance",
            "groups": "query",
            "algorithm": HANDS[framework].ranker.__name__,
            "hyperparameters": FEW,
        },
    ),
    "quantile": lambda framework: (table("regression"), {"hyperparameters": {**FEW, **QUANTILE[framework]}}),
}


@pytest.fixture(scope="module")
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Path]]:
    """The report of each run by its case, and the directory of what one new process has found."""
    found = {}
    for case, made in STORED.items():
        directory = tmp_path_factory.mktemp("stored")
        frame, keys = made(request.param)
        report = train(request.param, frame, outputDir=str(directory / "run"), **keys)
        gone = [keys.get("target", "target"), *([keys["groups"]] if "groups" in keys else [])]
        frame.drop(columns=gone).to_parquet(directory / "X.parquet")
        found[case] = report, directory
    directories = [str(directory) for _, directory in found.values()]
    subprocess.run([sys.executable, "-c", NEW_PROCESS, *directories], check=True)
    return found


@pytest.mark.parametrize("stored", HANDS, indirect=True)
@pytest.mark.parametrize("case", STORED)
def test_a_saved_model_predicts_the_same_in_a_new_process(stored, case):
    report, directory = stored[case]
    model, X = report.model, pd.read_parquet(directory / "X.parquet")
    expected = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
    np.testing.assert_array_equal(np.load(directory / "out.npy"), expected)
    known = [str(label) for label in getattr(model, "classes_", [])]
    assert np.load(directory / "classes.npy").tolist() == known
    for file in report.output_dir.rglob("*"):
        assert file.suffix not in (".pkl", ".pickle", ".joblib")
        assert not file.is_file() or not file.read_bytes().startswith(b"\x80")


def bare(model: Any) -> Any:
    """A model of CatBoost's that is of no kind, as its own ``train`` gives one."""
    from catboost import CatBoost

    return CatBoost().load_model(blob=model._serialize_model())


BOOSTERS = {
    "xgboost": lambda model: model.get_booster(),
    "lightgbm": lambda model: model.booster_,
    "catboost": bare,
}


@ALL
def test_a_model_of_the_notebook_is_adopted(framework):
    frame, hand, executor = load_iris(as_frame=True).frame, HANDS[framework], load(framework)
    X, y = frame.drop(columns="target"), frame["target"]
    fitted = hand.classifier(n_estimators=5, **hand.quiet).fit(X, y)
    booster = BOOSTERS[framework](fitted)
    for model in (fitted, booster, make_pipeline(StandardScaler(), clone(fitted)).fit(X, y)):
        outcome = executor.adopt(model)
        given = executor.predict(outcome, Rows(X))
        np.testing.assert_array_equal(outcome.classes, [0, 1, 2])
        np.testing.assert_array_equal(
            given.values, np.ravel(fitted.predict(X) if model is not outcome.model else model.predict(X))
        )
        assert given.probabilities.shape == (150, 3)
    assert executor.adopt(StandardScaler()) is None
    assert executor.adopt("model") is None
    with pytest.raises(ModelLoadingError, match="is not fitted"):
        executor.adopt(hand.classifier())
    ranker = hand.regressor(n_estimators=5, **hand.quiet).fit(X, y)
    assert executor.adopt(ranker).classes is None


@ALL
def test_the_model_of_a_report_is_adopted_with_its_labels(framework):
    report = train(framework, penguins(), target="species", hyperparameters={"n_estimators": 5})
    outcome = load(framework).adopt(report.model)
    assert outcome.classes.tolist() == ["Adelie", "Chinstrap", "Gentoo"]
    assert outcome.features == tuple(penguins().columns.drop("species"))


def write_by_hand(framework: str, model: Any, path: Any) -> None:
    (model.booster_ if framework == "lightgbm" else model).save_model(path)


@ALL
def test_a_model_file_of_another_program_is_read(here, framework):
    frame, hand, executor = load_iris(as_frame=True).frame, HANDS[framework], load(framework)
    X, y = frame.drop(columns="target"), frame["target"]
    config, _ = parts(framework, frame)
    usual, *others = executor._library.suffixes
    made = [(hand.classifier, y, usual), (hand.classifier, y == 1, usual), (hand.regressor, X.iloc[:, 0], usual)]
    for kind, target, suffix in (*made, *((hand.classifier, y, other) for other in others)):
        fitted = kind(n_estimators=5, **hand.quiet).fit(X, target)
        path = here / f"mine{suffix}"
        write_by_hand(framework, fitted, path)
        outcome = executor.read(path, config)
        given = executor.predict(outcome, Rows(X))
        np.testing.assert_array_equal(given.values, np.ravel(fitted.predict(X)).astype(given.values.dtype))
        if kind is hand.classifier:
            np.testing.assert_array_equal(given.probabilities, fitted.predict_proba(X))


@ALL
def test_the_model_file_of_a_run_comes_with_what_lies_beside_it(framework):
    report = train(framework, penguins(), target="species", hyperparameters={"n_estimators": 5})
    executor = load(framework)
    outcome = executor.read(report.output_dir / executor._library.model_file, report.run.config)
    X = penguins().drop(columns="species")
    np.testing.assert_array_equal(outcome.model.predict_proba(X), report.model.predict_proba(X))
    assert outcome.classes.tolist() == ["Adelie", "Chinstrap", "Gentoo"]


@ALL
def test_a_bad_model_file_is_one_clean_error(here, framework):
    frame, hand, executor = load_iris(as_frame=True).frame, HANDS[framework], load(framework)
    config, _ = parts(framework, frame)
    X, y = frame.drop(columns="target"), frame["target"]
    fitted = hand.classifier(n_estimators=5, **hand.quiet).fit(X, y)
    suffix = executor._library.suffixes[0]
    path = here / f"mine{suffix}"
    write_by_hand(framework, fitted, path)
    whole = path.read_bytes()
    for content, message in (
        (whole[:100], "damaged, or no model of"),
        (whole[: len(whole) // 2], "damaged, or no model of"),
        (b"", "damaged, or no model of"),
        (b"not a model", "damaged, or no model of"),
        (pickle.dumps(fitted), "it is a pickle"),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelLoadingError, match=message) as caught:
            executor.read(path, config)
        assert "save_model" in caught.value.solution
    with pytest.raises(ModelLoadingError, match="is not there"):
        executor.read(here / f"other{suffix}", config)
    (here / "model.bin").write_bytes(whole)
    with pytest.raises(ModelLoadingError, match="is no model file of"):
        executor.read(here / "model.bin", config)
