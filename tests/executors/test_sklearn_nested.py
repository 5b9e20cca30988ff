"""What wraps a pipeline of the user's own gets the table as the pipeline would by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, multiclass, semi_supervised
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import mlmagic
from mlmagic.errors import DataLoadingError, InvalidConfiguration
from mlmagic.executors.sklearn import _nested

pytestmark = pytest.mark.usefixtures("here")

RANDOM = np.random.default_rng(0)
GAPS = RANDOM.random(120) < 0.1
TABLE = pd.DataFrame(
    {
        "a": np.where(GAPS, np.nan, RANDOM.normal(size=120)),
        "c": RANDOM.choice(["x", "y", "z"], 120),
        "b": RANDOM.random(120),
    }
)
TABLE["y"] = np.where(TABLE["a"].fillna(0) + (TABLE["c"] == "x") > 0.3, "p", "n")
TEXTS = pd.DataFrame(
    {"text": [f"{'lovely' if one else 'awful'} film {place % 7}" for place, one in enumerate(TABLE["y"] == "p")]}
).assign(y=TABLE["y"])
COLUMNS = make_column_transformer(
    (make_pipeline(SimpleImputer(), StandardScaler()), ["a"]), (OneHotEncoder(handle_unknown="ignore"), ["c"])
)
NAMED = make_pipeline(COLUMNS, LogisticRegression())
READING = make_pipeline(TfidfVectorizer(), LogisticRegression())


def wrapped(pipeline: Any) -> list[Any]:
    grid = {"logisticregression__C": [0.1, 1.0]}
    return [
        GridSearchCV(pipeline, grid, cv=3),
        RandomizedSearchCV(pipeline, grid, n_iter=2, random_state=0, cv=3),
        VotingClassifier([("one", pipeline), ("other", clone(pipeline))], voting="soft"),
        StackingClassifier([("one", pipeline)], cv=3),
        CalibratedClassifierCV(pipeline, cv=3),
        TunedThresholdClassifierCV(pipeline, cv=3, random_state=0),
        FixedThresholdClassifier(pipeline),
        multiclass.OneVsRestClassifier(pipeline),
        GridSearchCV(CalibratedClassifierCV(pipeline, cv=3), {"method": ["sigmoid", "isotonic"]}, cv=3),
    ]


def name(model: Any) -> str:
    return type(model).__name__


def train(frame: pd.DataFrame, own: Any, **keys: Any) -> Any:
    config = {"action": "train", "framework": "sklearn", "data": "$df", "target": "y", "model": "$own", "seed": 3}
    return mlmagic.run({**config, **keys}, df=frame, own=own)


def halves(frame: pd.DataFrame) -> list[pd.DataFrame]:
    parts: list[pd.DataFrame] = train_test_split(frame, test_size=0.2, random_state=3, stratify=frame["y"])
    return parts


def by_hand(frame: pd.DataFrame, own: Any, columns: Any) -> tuple[Any, Any]:
    """What it answers for the test rows, fitted on the others; ``columns`` is what a person would pass."""
    fitting, held = halves(frame)
    own = clone(own)
    if own.get_params().get("random_state", 3) is None:
        own.set_params(random_state=3)
    return own.fit(fitting[columns], fitting["y"]).predict(held[columns]), own


def predicted_anew(directories: list[Path], frame: pd.DataFrame) -> list[list[Any]]:
    """What a new process predicts with stored models, without anybody's trust."""
    frame.to_csv("rows.csv", index=False)
    code = (
        "import json, sys, mlmagic\n"
        "run = lambda path: mlmagic.run({'action': 'predict', 'modelPath': path, 'dataPath': 'rows.csv'})\n"
        "print(json.dumps([run(path).predictions['predicted'].tolist() for path in sys.argv[1:]]))"
    )
    paths = [str(path) for path in directories]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[list[Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("own", wrapped(NAMED), ids=name)
def test_columns_are_found_by_their_names(own: Any) -> None:
    report = train(TABLE, own)
    expected, _ = by_hand(TABLE, own, ["a", "c", "b"])
    np.testing.assert_array_equal(report.predictions["predicted"], expected)


@pytest.mark.parametrize("own", [READING, *wrapped(READING)], ids=name)
def test_the_only_column_is_read_as_text(own: Any) -> None:
    report = train(TEXTS, own)
    expected, _ = by_hand(TEXTS, own, "text")
    np.testing.assert_array_equal(report.predictions["predicted"], expected)


def test_a_new_process_predicts_the_same_without_trust() -> None:
    for frame, pipeline in ((TABLE, NAMED), (TEXTS, READING)):
        reports = [train(frame, own) for own in (pipeline, *wrapped(pipeline)[:5])]
        rows = halves(frame)[1].drop(columns="y")
        found = predicted_anew([report.output_dir for report in reports], rows)
        assert found == [report.predictions["predicted"].tolist() for report in reports]


@pytest.mark.parametrize(
    "first",
    [
        CountVectorizer(),
        HashingVectorizer(n_features=512),
        FeatureUnion([("word", TfidfVectorizer()), ("part", CountVectorizer(analyzer="char"))]),
    ],
    ids=name,
)
def test_texts_in_folds_and_with_every_vectorizer(first: Any) -> None:
    own = make_pipeline(first, LogisticRegression(random_state=0))
    report = train(TEXTS, own, crossValidation={"folds": 3})
    fitting, _ = halves(TEXTS)
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(3, shuffle=True, random_state=3)
    expected = cross_val_score(own, fitting["text"], fitting["y"], cv=folds, scoring="accuracy")
    np.testing.assert_allclose(report.metrics["crossValidation"]["accuracy"], expected)


def test_a_fitted_pipeline_of_texts_predicts_and_is_evaluated() -> None:
    own = clone(READING).fit(TEXTS["text"], TEXTS["y"])
    report = mlmagic.run({"action": "predict", "model": "$own", "data": "$df"}, own=own, df=TEXTS[["text"]])
    np.testing.assert_array_equal(report.predictions["predicted"], own.predict(TEXTS["text"]))
    measured = mlmagic.run({"action": "evaluate", "model": "$own", "data": "$df", "target": "y"}, own=own, df=TEXTS)
    assert measured.metrics["accuracy"] == own.score(TEXTS["text"], TEXTS["y"])
    several = {"action": "predict", "model": "$own", "data": "$df"}
    with pytest.raises(DataLoadingError, match="reads the texts of one column, and there are 2: 'text', 'y'") as caught:
        mlmagic.run(several, own=own, df=TEXTS)
    assert "featureColumns: [text]" in caught.value.solution
    named = mlmagic.run({**several, "featureColumns": ["text"]}, own=own, df=TEXTS)
    np.testing.assert_array_equal(named.predictions["predicted"], own.predict(TEXTS["text"]))


def test_texts_beside_other_columns_are_an_error_before_training() -> None:
    frame = TEXTS.assign(length=TEXTS["text"].str.len())
    with pytest.raises(DataLoadingError, match="there are 2: 'text', 'length'") as caught:
        train(frame, READING)
    assert "make_column_transformer" in caught.value.solution
    report = train(frame, READING, featureColumns=["text"])
    np.testing.assert_array_equal(report.predictions["predicted"], by_hand(frame, READING, "text")[0])


def test_texts_are_clustered() -> None:
    own = make_pipeline(TfidfVectorizer(), KMeans(2, random_state=0))
    report = train(TEXTS[["text"]], own, target=None)
    np.testing.assert_array_equal(report.predictions["predicted"], clone(own).fit_predict(TEXTS["text"]))


def test_an_estimator_by_name_that_is_given_a_pipeline() -> None:
    own = {"algorithm": "VotingClassifier", "model": None, "hyperparameters": {"estimators": "$own"}}
    report = train(TABLE, [("one", NAMED), ("other", NAMED)], **own)
    expected, _ = by_hand(TABLE, VotingClassifier([("one", NAMED), ("other", NAMED)]), ["a", "c", "b"])
    np.testing.assert_array_equal(report.predictions["predicted"], expected)


def test_what_prepares_nothing_is_prepared_for() -> None:
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    for own in (
        BaggingClassifier(LogisticRegression(), random_state=0),
        VotingClassifier([("tree", RandomForestClassifier(5, random_state=0)), ("scaled", scaled)]),
        StackingClassifier([("tree", RandomForestClassifier(5, random_state=0))], final_estimator=scaled, cv=3),
    ):
        assert not _nested.prepares_itself({"model": own})
        assert train(TABLE, own).status == "success"
    own = VotingClassifier([("tree", RandomForestClassifier()), ("named", NAMED)])
    assert _nested.prepares_itself({"model": own}), "it would not find its columns"
    target = TransformedTargetRegressor(LinearRegression(), transformer=make_pipeline(StandardScaler()))
    assert not _nested.prepares_itself({"model": target})


def test_who_hands_arrays_on_is_told_before_training() -> None:
    with pytest.raises(InvalidConfiguration, match="BaggingClassifier hands what it wraps an array"):
        train(TABLE, BaggingClassifier(NAMED))
    report = train(TABLE, make_pipeline(COLUMNS, BaggingClassifier(LogisticRegression(), random_state=0)))
    assert report.status == "success"


@pytest.mark.parametrize("kind", sorted(_nested.ARRAYS))
def test_scikit_learn_hands_arrays_on_there(kind: str) -> None:
    home = next(module for module in (ensemble, multiclass, semi_supervised) if hasattr(module, kind))
    last = LinearRegression() if kind.endswith("Regressor") else RandomForestClassifier(2)
    by_name = ColumnTransformer([("a", "passthrough", ["b"])])
    own = getattr(home, kind)(make_pipeline(by_name, last))
    y = TABLE["b"] if kind.endswith("Regressor") else TABLE["y"]
    with pytest.raises(ValueError, match=r"string|sample_weight"):
        own.fit(TABLE[["b"]], y)
