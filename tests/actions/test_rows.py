"""Rows that are not quite what a model was trained on: numbers as text, gaps, infinite values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier

import mlmagic
from mlmagic.errors import DataLoadingError
from tests.executors.contract.cases import FRAMEWORKS, SMALL

if TYPE_CHECKING:
    from mlmagic.report import Report

# What takes gaps as they come, and infinite values.
NATIVE = {"xgboost", "lightgbm", "catboost"}
ONE = {"sklearn": {"algorithm": "LogisticRegression"}}
ALL = pytest.mark.parametrize("framework", FRAMEWORKS)

_KNOWN: dict[str, Report] = {}


def flowers() -> pd.DataFrame:
    data = load_iris(as_frame=True)
    return data.data.assign(species=data.target_names[data.target])


def trained(framework: str) -> Report:
    """A model of a table of numbers without a gap: boosting prepares nothing."""
    if framework not in _KNOWN:
        keys = {"framework": framework, **SMALL[framework, "classification"], **ONE.get(framework, {})}
        keys |= {"hyperparameters": {}} if framework in ONE else {}
        wanted = {"action": "train", "data": "$df", "target": "species", "seed": 3, **keys}
        _KNOWN[framework] = mlmagic.run(wanted, df=flowers())
    return _KNOWN[framework]


def use(framework: str, action: str, rows: pd.DataFrame) -> Any:
    return mlmagic.run({"action": action, "model": "$report", "data": "$rows"}, report=trained(framework), rows=rows)


@ALL
@pytest.mark.parametrize("kind", ["str", object, "string", "category"])
def test_numbers_as_text_are_the_numbers(framework: str, kind: Any) -> None:
    table = flowers()
    written = table.drop(columns="species").astype(str).astype(kind)
    model = mlmagic.load_model(trained(framework))
    expected = model.predict_proba(table.drop(columns="species"))
    np.testing.assert_array_equal(model.predict_proba(written), expected)
    if kind != "str":
        return
    found = use(framework, "predict", written).predictions
    np.testing.assert_array_equal(found[["setosa", "versicolor", "virginica"]], expected)
    written["species"] = table["species"]
    assert use(framework, "evaluate", written).metrics == use(framework, "evaluate", table).metrics


@ALL
def test_gaps_and_infinite_values_where_training_had_none(framework: str) -> None:
    rows = flowers().drop(columns="species")
    rows.iloc[[3, 9], 3] = np.nan
    endless = rows.fillna(0.0)
    endless.iloc[5, 0] = -np.inf
    if framework in NATIVE:
        model = mlmagic.load_model(trained(framework))
        values = [model.predict_proba(table) for table in (rows, endless)]
        assert all(np.isfinite(shares).all() for shares in values)
        return
    told = []
    for table in (rows, endless, rows.astype(str).where(rows.notna())):
        with pytest.raises(DataLoadingError) as caught:
            use(framework, "predict", table)
        told.append(caught.value)
    gaps = "takes finite numbers, but 'petal width (cm)' has gaps in 2 of 150 rows, first at index 3"
    infinite = "takes finite numbers, but 'sepal length (cm)' has infinite values in 1 of 150 rows, first at index 5"
    for error, words in zip(told, (gaps, infinite, gaps), strict=True):
        assert error.message.endswith(words)
        assert error.solution.endswith("training had none in this column")
    assert "df.fillna" in told[0].solution
    assert "df.replace" in told[1].solution
    with pytest.raises(DataLoadingError, match="2 of 150 rows"):
        mlmagic.load_model(trained(framework)).predict(rows)


def test_a_gap_that_training_had_too_is_no_fault() -> None:
    table = flowers()
    table.iloc[::7, 1] = np.nan
    config = {"action": "train", "framework": "sklearn", "algorithm": "LogisticRegression", "data": "$df"}
    report = mlmagic.run({**config, "target": "species"}, df=table)
    table.iloc[14, 3] = np.nan
    with pytest.raises(DataLoadingError) as caught:
        mlmagic.load_model(report).predict(table)
    assert caught.value.metadata == {"columns": ["petal width (cm)"]}
    assert "'petal width (cm)' has gaps in 1 of 150 rows, first at index 14" in caught.value.message


def test_an_error_that_has_nothing_to_do_with_gaps_stays_what_it_is() -> None:
    rows = flowers().drop(columns="species")
    rows.iloc[3, 0] = np.nan

    model = HistGradientBoostingClassifier(max_iter=2).fit(load_iris().data[:, :3], load_iris().target)
    config = {"action": "predict", "framework": "sklearn", "model": "$model", "data": "$rows"}
    with pytest.raises(DataLoadingError, match="X has 4 features, but HistGradientBoostingClassifier is expecting 3"):
        mlmagic.run(config, model=model, rows=rows)


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_a_network_that_is_told_not_to_prepare(framework: str) -> None:
    table = flowers()
    table.iloc[::2, 3] = np.nan
    keys = {"framework": framework, **SMALL[framework, "classification"], "prepare": "none"}
    with pytest.raises(DataLoadingError, match=r"but 'petal width \(cm\)' has gaps in \d+ of \d+ rows") as caught:
        mlmagic.run({"action": "train", "data": "$df", "target": "species", **keys}, df=table)
    assert "unless prepare: none says not to" in caught.value.solution
