"""CatBoost's estimators fitted round by round, and made again from their trees."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import catboost
import numpy as np
import pandas as pd
from catboost.core import is_classification_objective, is_ranking_metric

from mlmagic.executors.catboost._categories import CategoryColumns, as_text
from mlmagic.executors.catboost._objective import raise_what_was_raised, taken
from mlmagic.executors.catboost._report import RANKING, Functions, Report, asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmagic.executors._boosting._library import Fitting, Listener, Part
    from mlmagic.executors._boosting._rows import Columns
    from mlmagic.executors.catboost._report import Found

# What a run says by itself, and what it decides; the rest is the user's.
_TOLD = ("verbose", "silent", "verbose_eval", "logging_level", "metric_period", "eval_metric", "cat_features")


def fit(estimator: Any, fitting: Fitting, listener: Listener) -> Any:
    """See :meth:`mlmagic.executors._boosting._library.Library.fit`."""
    own = estimator.get_params()
    loss = taken(own.get("loss_function"), _classes(estimator, fitting))
    own |= {} if loss is None else {"loss_function": loss}
    functions = Functions.of(loss, fitting)
    pools = [_pool(estimator, fitting, part) for part in fitting.parts.values()]
    on_gpu = own.get("task_type", "CPU") == "GPU"
    again = functions is not None and not on_gpu and _shuffles_groups(own, pools[0], fitting)
    report = Report(listener, fitting, functions, again=again)
    made = type(estimator)(**_parameters(own, estimator, fitting, None if on_gpu else functions))
    own.pop("task_type", None)
    try:
        # CatBoost calls nobody back from a GPU; then the rounds are told after the last.
        made.fit(pools[0], eval_set=pools[0 if again else 1 :] or None, callbacks=None if on_gpu else [report])
    except catboost.CatBoostError:
        raise_what_was_raised(loss)
        raise
    report.raise_what_was_raised()
    if on_gpu:
        report.replay(made.evals_result_, _measured(made, fitting, pools, functions))
    if listener.best is not None and listener.best < made.tree_count_:
        made.shrink(listener.best)
    return rebuilt(type(estimator), content(made), own)


def content(estimator: Any) -> bytes:
    """The trees, as CatBoost writes them."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "model.cbm"
        estimator.save_model(file)
        return file.read_bytes()


def rebuilt(kind: type, content: bytes, parameters: Mapping[str, Any]) -> Any:
    """The estimator around trees, as unpickling makes one: ``load_model`` would forget the parameters."""
    estimator = kind(**parameters)
    estimator.__setstate__({"__model": content})
    estimator.get_feature_importance(type="PredictionValuesChange")  # what feature_importances_ gives from now on
    return estimator


def kind(booster: catboost.CatBoost) -> type:
    """The estimator that an objective is for; where a file does not name it, what its labels tell."""
    loss = str(booster.get_all_params().get("loss_function", ""))
    if is_classification_objective(loss) if loss else len(booster.classes_):
        return catboost.CatBoostClassifier  # type: ignore[no-any-return]
    ranks = bool(loss) and is_ranking_metric(loss)
    return catboost.CatBoostRanker if ranks else catboost.CatBoostRegressor  # type: ignore[no-any-return]


def categories(estimator: Any, columns: Columns) -> CategoryColumns:
    """What makes of a preparation's array a table that CatBoost takes."""
    names = list(columns.names)
    coded = [name for name, code in zip(names, columns.coded or (), strict=True) if code]
    numbered = [name for name in _named(estimator, names) if name not in coded]
    return CategoryColumns(names, coded, numbered)


def rows(estimator: Any) -> pd.DataFrame:
    """Rows to try a model on. A model from a file knows the names of its columns, and not how many they are."""
    places, names = estimator.get_cat_feature_indices(), estimator.feature_names_
    numbers = np.random.default_rng(0).normal(size=(20, len(names)))
    table = pd.DataFrame(np.vstack([np.full((1, len(names)), np.nan), numbers]), columns=names)
    return table.assign(**{names[place]: as_text(table[names[place]]) for place in places})


def _classes(estimator: Any, fitting: Fitting) -> int:
    """How many labels a classifier learns; 0 for none."""
    is_classifier = isinstance(estimator, catboost.CatBoostClassifier)
    return len(np.unique(fitting.parts["train"].y)) if is_classifier else 0


def _parameters(
    own: Mapping[str, Any], estimator: Any, fitting: Fitting, functions: Functions | None
) -> dict[str, Any]:
    """The user's, and what is measured in which way."""
    known = {name: value for name, value in own.items() if name not in _TOLD}
    found = {**known, "logging_level": "Silent", "thread_count": fitting.threads}
    if names := asked(fitting):
        found["custom_metric"] = [_on_all_rows(metric) for metric in names]
    if fitting.parts["train"].group is not None:
        found["eval_metric"] = RANKING
    elif not isinstance(known.get("loss_function", ""), str):
        found["eval_metric"] = _usual(estimator, fitting)  # CatBoost wants one where the objective is an object
    if functions is not None:
        found["eval_metric"] = functions
    if "val" not in fitting.parts:
        found["use_best_model"] = False  # CatBoost would take the rows for such that validate
    if "val" in fitting.parts:
        # As CatBoost does by itself where it is given rows to validate, since its learning rate depends on it; but the
        # trees stay, to be cut off by what the run watches.
        found |= {"use_best_model": True, "best_model_min_trees": own.get("iterations", 1000)}
    return found


def _measured(made: Any, fitting: Fitting, pools: list[catboost.Pool], functions: Functions | None) -> Iterator[Found]:
    """What functions, which CatBoost calls on processors only, measure of each part after each round."""
    numbers = [made.staged_predict(pool, prediction_type="RawFormulaVal") for pool in pools if functions is not None]
    coded = _classes(made, fitting) > 0
    targets = [np.searchsorted(made.classes_, part.y) if coded else part.y for part in fitting.parts.values()]
    for by_part in zip(*numbers, strict=True):
        assert functions is not None
        for found, target, part in zip(by_part, targets, fitting.parts.values(), strict=True):
            functions.evaluate(list(np.atleast_2d(found.T)), target, part.weight)
        yield functions.taken()


def _shuffles_groups(own: Mapping[str, Any], train: catboost.Pool, fitting: Fitting) -> bool:
    """Whether CatBoost holds the rows of a ranking in an order of its own, which only it knows; see ``NeedShuffle``."""
    ordered = own.get("boosting_type") == "Ordered" or train.get_cat_feature_indices()
    return fitting.parts["train"].group is not None and bool(ordered)


def _usual(estimator: Any, fitting: Fitting) -> str:
    """What is measured of most models of a kind."""
    classes = _classes(estimator, fitting)
    if not classes:
        return "RMSE"
    return "Logloss" if classes == 2 else "MultiClass"


def _on_all_rows(metric: str) -> str:
    """The metric on the training rows too, which CatBoost leaves out where that takes long."""
    return f"{metric}{';' if ':' in metric else ':'}hints=skip_train~false"


def _pool(estimator: Any, fitting: Fitting, part: Part) -> catboost.Pool:
    table, found = part.X, _named(estimator, list(fitting.columns.names))
    if fitting.columns.coded is not None:
        reader = categories(estimator, fitting.columns)
        table, found = reader.transform(part.X), [*reader.coded, *reader.numbered]
    elif isinstance(table, pd.DataFrame):
        table = table.assign(**{name: as_text(table[name]) for name in found if table[name].dtype.kind == "f"})
        found = [name for name in fitting.columns.names if name in found or not _is_number(table[name].dtype)]
    weight = {"weight": part.weight}
    if part.group is not None and part.weight is not None:
        means = np.bincount(part.group, part.weight) / np.maximum(np.bincount(part.group), 1)
        weight = {"group_weight": means[part.group]}
    return catboost.Pool(table, part.y, cat_features=found, group_id=part.group, **weight)


def _is_number(dtype: Any) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)


def _named(estimator: Any, names: list[str]) -> list[str]:
    """The columns that the user calls categories, by name or place."""
    given = estimator.get_params().get("cat_features") or ()
    return [item if isinstance(item, str) else names[item] for item in given]
