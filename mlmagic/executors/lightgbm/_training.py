"""LightGBM's estimators fitted round by round, and made again from their trees."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv, EarlyStopException
from sklearn.preprocessing import LabelEncoder

from mlmagic.executors._boosting._library import Fitting, Listener, Measure
from mlmagic.executors.lightgbm._places import PLACES, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmagic.executors._boosting._computed import Computed
    from mlmagic.executors._boosting._custom import CustomMetric

_WAY_OUT = "name an objective (binary, multiclass), or make 0 and 1 of the labels and train LGBMRegressor"


def fit(estimator: Any, fitting: Fitting, listener: Listener) -> Any:
    """See :meth:`mlmagic.executors._boosting._library.Library.fit`."""
    parts = fitting.parts
    train = parts["train"]
    targets = [part.y for part in parts.values()]
    # Below the classifier's own fit, which since LightGBM 4.7 bins the training rows a second time to watch them.
    kind = type(estimator)
    if isinstance(estimator, lightgbm.LGBMClassifier):
        if callable(estimator.objective):
            reason = "LightGBM gives no probabilities where the objective of a classifier is a function"
            raise ValueError(f"{reason}: {_WAY_OUT}")
        _know_labels(estimator, np.unique(train.y))
        targets = [estimator._le.transform(y) for y in targets]
        kind = lightgbm.LGBMModel
    places = Places.of(estimator, fitting)
    asked = [metric.partition("@")[0] if isinstance(metric, str) else _function(metric) for metric in fitting.metrics]
    arguments: dict[str, Any] = {
        "sample_weight": train.weight,
        "eval_sample_weight": [part.weight for part in parts.values()],
        "eval_names": list(parts),
        "eval_metric": asked or None,
        "callbacks": [_Report(listener, places)],
        **_evaluated([part.X for part in parts.values()], targets),
        **_columns(fitting),
    }
    if train.group is not None:
        sizes = [np.bincount(part.group) for part in parts.values() if part.group is not None]
        arguments |= {"group": sizes[0], "eval_group": sizes, "eval_at": places.all}
    given = {name: value for name, value in estimator.get_params().items() if name in PLACES}
    for name in given:  # LightGBM would take it before the argument, and warn
        estimator._other_params.pop(name, None)
    threads, estimator.n_jobs = estimator.n_jobs, fitting.threads
    others = dict(estimator._other_params)
    if _is_shown_nowhere(estimator, fitting):
        estimator._other_params["metric"] = "None"
    kind.fit(estimator, train.X, targets[0], **arguments)
    estimator.n_jobs, estimator._other_params = threads, others
    estimator.set_params(**given)
    if fitting.columns.coded is not None:
        estimator._fitted_with_feature_names = False  # scikit-learn would warn of every array, which has no names
    return estimator


def _is_shown_nowhere(estimator: Any, fitting: Fitting) -> bool:
    """Whether LightGBM would measure nothing but its own NDCG, beside scikit-learn's, which the curves show."""
    if not isinstance(estimator, lightgbm.LGBMRanker) or not fitting.metrics:
        return False
    named = [metric for metric in fitting.metrics if isinstance(metric, str)]
    return not named and all(metric.partition("@")[0] == "ndcg" for metric in fitting.own)


def booster(content: bytes) -> lightgbm.Booster:
    """The trees of a file."""
    return lightgbm.Booster(model_str=content.decode())


def objective(booster: lightgbm.Booster) -> tuple[str, int]:
    """The objective of a booster, and how many classes it tells apart; 0 for none."""
    text = booster.model_to_string(num_iteration=1)
    line = next((line for line in text.splitlines() if line.startswith("objective=")), "objective=")
    name, *options = line.removeprefix("objective=").split() or [""]
    if name in ("binary", "cross_entropy", "cross_entropy_lambda"):
        return name, 2 if name == "binary" else 0
    found = [option.partition(":")[2] for option in options if option.startswith("num_class:")]
    return name, int(found[0]) if found else 0


def rebuilt(booster: lightgbm.Booster, name: str, parameters: Mapping[str, Any], classes: np.ndarray | None) -> Any:
    """The estimator around trees; LightGBM has no way of its own to make one."""
    estimator = getattr(lightgbm, name)(**parameters)
    if classes is not None:
        _know_labels(estimator, classes)
    estimator._Booster = booster
    estimator._n_features = estimator._n_features_in = booster.num_feature()
    estimator._best_iteration = booster.best_iteration
    estimator._objective = estimator.objective or objective(booster)[0]
    estimator._fitted_with_feature_names = booster.pandas_categorical is not None  # fitted on a table
    estimator.fitted_ = True
    return estimator


class _Report:
    """Tells a listener of each round, and ends with the best one."""

    order, before_iteration = 30, False

    def __init__(self, listener: Listener, places: Places) -> None:
        self._listener = listener
        self._places = places
        self._told: list[int] = []
        self._best: Any = None

    def __call__(self, env: CallbackEnv) -> None:
        results: list[Any] = env.evaluation_result_list or []
        if env.iteration == env.begin_iteration:
            self._begin(results)
        ended = self._listener.round_ended([float(results[place][2]) for place in self._told])
        best = self._listener.best
        if best == env.iteration + 1:
            self._best = results
        if ended or (best is not None and env.iteration + 1 == env.end_iteration):
            # LightGBM keeps the rounds up to the one that is named here.
            raise EarlyStopException(env.iteration if best is None else best - 1, self._best or results)

    def _begin(self, results: Sequence[Any]) -> None:
        names = [self._places.name(item[1]) for item in results]
        self._told = [place for place, name in enumerate(names) if name is not None]
        known = [(results[place], str(names[place])) for place in self._told]
        self._listener.begin([Measure(item[0], name, _grows(name, told=item[3])) for item, name in known])


def _grows(metric: str, *, told: bool) -> bool:
    """Whether more of a metric is better; LightGBM 4.7 takes its own r2 for an error."""
    return bool(told) or metric == "r2"


def _know_labels(estimator: Any, classes: np.ndarray) -> None:
    """Do what the classifier's ``fit`` does before it fits."""
    estimator._le = LabelEncoder().fit(classes)
    estimator._classes = estimator._le.classes_
    estimator._n_classes = len(classes)
    estimator._class_map = {label: code for code, label in enumerate(estimator._classes)}
    estimator._class_weight = None
    if isinstance(estimator.class_weight, dict):
        estimator._class_weight = {estimator._class_map[label]: w for label, w in estimator.class_weight.items()}
    if estimator.objective is None:
        estimator._objective = None


def _evaluated(tables: list[Any], targets: list[np.ndarray]) -> dict[str, Any]:
    if "eval_X" in inspect.signature(lightgbm.LGBMModel.fit).parameters:
        return {"eval_X": tuple(tables), "eval_y": tuple(targets)}
    return {"eval_set": list(zip(tables, targets, strict=True))}


def _columns(fitting: Fitting) -> dict[str, Any]:
    coded = fitting.columns.coded
    if coded is None:
        return {}
    positions = [position for position, code in enumerate(coded) if code]
    return {"feature_name": list(fitting.columns.names), "categorical_feature": positions or "auto"}


def _function(metric: CustomMetric | Computed) -> Callable[..., list[tuple[str, float, bool]]]:
    def measure(y_true: np.ndarray, y_pred: np.ndarray, weight: np.ndarray | None) -> list[tuple[str, float, bool]]:
        return metric.measured(y_true, y_pred, weight)

    return measure
