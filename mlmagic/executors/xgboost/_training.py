"""XGBoost's estimators fitted round by round, and made again from their trees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xgboost
from xgboost.callback import TrainingCallback

from mlmagic.executors._boosting._computed import Computed
from mlmagic.executors._boosting._library import Fitting, Listener, Measure, Part
from mlmagic.executors.xgboost._labelled import LABELLED, is_coded
from mlmagic.executors.xgboost._objectives import OBJECTIVES
from mlmagic.executors.xgboost._parameters import GROWING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.executors._boosting._custom import CustomMetric

OURS = "functions"


def fit(estimator: Any, fitting: Fitting, listener: Listener) -> Any:
    """See :meth:`mlmagic.executors._boosting._library.Library.fit`."""
    _require_objective(estimator)
    estimator = _for_labels(estimator, fitting.parts["train"].y)
    own = {name: getattr(estimator, name) for name in ("callbacks", "eval_metric", "n_jobs")}
    functions = _functions(estimator, fitting)
    report = _Report(listener, fitting, [*functions, *_ranked(estimator, fitting)])
    estimator.n_jobs, estimator.eval_metric = fitting.threads, _measured(estimator, fitting, functions)
    if not isinstance(estimator, (xgboost.XGBRFClassifier, xgboost.XGBRFRegressor)):
        estimator.callbacks = [*(own["callbacks"] or ()), report]
    estimator.fit(verbose=False, **_arguments(estimator, fitting))
    if report not in (estimator.callbacks or ()):  # a forest takes none: its one round is told now
        report.after_iteration(None, 0, estimator.evals_result())
    for name, value in own.items():
        setattr(estimator, name, value)
    _ready_to_predict(estimator)
    return estimator


def _ready_to_predict(estimator: Any) -> None:
    """Let it predict where the rows will be, and with as many threads as there are."""
    if estimator.device is not None:
        estimator.set_params(device="cpu")
    estimator.get_booster().set_param({"nthread": estimator.n_jobs or 0})


def rebuilt(content: bytes, name: str, parameters: Mapping[str, Any], classes: np.ndarray | None) -> Any:
    """The estimator whose trees these are."""
    labelled = classes is not None and not is_coded(classes)
    kind: Any = LABELLED[name] if labelled else getattr(xgboost, name)
    estimator = kind(**parameters)
    estimator.load_model(bytearray(content))
    if labelled:
        estimator.labels_ = classes
    return estimator


class _Functions:
    """All functions that measure, as one: XGBoost takes no more, and rounds what they give to six digits."""

    def __init__(self, metrics: Sequence[CustomMetric | Computed]) -> None:
        self.__name__ = OURS
        self._metrics = metrics
        self._found: list[list[tuple[str, float, bool]]] = []

    def __call__(self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
        """Measure the next part of a round, and keep it."""
        given = [metric.measured(y_true, y_pred, sample_weight) for metric in self._metrics]
        self._found.append([item for several in given for item in several])
        return 0.0

    def taken(self, booster: Any) -> list[list[tuple[str, float, bool]]]:
        """What was measured of each part since it was asked last."""
        found, self._found = self._found, []
        return found


def _measured(estimator: Any, fitting: Fitting, functions: Sequence[Any]) -> list[Any] | None:
    """What is measured; None for the objective's own metric, which XGBoost measures only where no other is named."""
    names = [*fitting.own, *(metric for metric in fitting.metrics if isinstance(metric, str))]
    if isinstance(estimator, xgboost.XGBRanker):
        # By itself XGBoost would look at the first rows of a group only, as many as the objective forms pairs of.
        usual = ["ndcg", "map"] if estimator.objective == "rank:map" else ["ndcg"]
        return [*dict.fromkeys([*usual, *names]), *functions]
    return [*names, *functions] if fitting.metrics else None


def _functions(estimator: Any, fitting: Fitting) -> list[Any]:
    found = [metric for metric in fitting.metrics if not isinstance(metric, str)]
    if isinstance(estimator, xgboost.XGBRanker):
        # They are called for each group, and XGBoost takes the mean; what is computed is of all groups.
        return [metric for metric in found if not isinstance(metric, Computed)]
    return [_Functions(found)] if found else []


def _ranked(estimator: Any, fitting: Fitting) -> list[_Ranked]:
    found = [metric for metric in fitting.metrics if isinstance(metric, Computed)]
    return [_Ranked(estimator, fitting, found[0])] if found and isinstance(estimator, xgboost.XGBRanker) else []


class _Ranked:
    """What is computed of all groups at once; XGBoost would call a function for each of them, in no order.

    A booster remembers what it predicted for a matrix, so that of each round the new trees alone are asked.
    """

    __name__ = OURS

    def __init__(self, estimator: Any, fitting: Fitting, computed: Computed) -> None:
        self._estimator, self._fitting, self._computed = estimator, fitting, computed
        self._matrices: list[xgboost.DMatrix] = []

    def taken(self, booster: Any) -> list[list[tuple[str, float, bool]]]:
        """What is measured of each part after a round."""
        parts = self._fitting.parts.values()
        self._matrices = self._matrices or [self._matrix(part, place) for place, part in enumerate(parts)]
        return [self._computed.of_part(place, booster.predict(item)) for place, item in enumerate(self._matrices)]

    def _matrix(self, part: Part, place: int) -> xgboost.DMatrix:
        estimator = self._estimator
        return xgboost.DMatrix(
            _table(estimator, self._fitting, replace(part, X=part.X[: self._computed.counted(place)])),
            missing=estimator.missing,
            feature_types=estimator.feature_types,
            enable_categorical=estimator.enable_categorical,
            nthread=self._fitting.threads,
        )


class _Report(TrainingCallback):
    """Tells a listener of each round, and cuts the rounds after the best one off."""

    def __init__(self, listener: Listener, fitting: Fitting, functions: Sequence[Any]) -> None:
        super().__init__()
        self._listener = listener
        self._parts = list(fitting.parts)
        self._functions = next((item for item in functions if isinstance(item, (_Functions, _Ranked))), None)
        self._custom = {item.__name__: item for item in functions}
        self._logs: list[list[float]] = []

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, list[float]]]) -> bool:
        """Tell, and say whether training shall end."""
        measured = self._functions.taken(model) if self._functions is not None else []
        if not self._logs:
            self._begin(evals_log, measured)
        found = [value for by_part in measured for _, value, _ in by_part]
        return self._listener.round_ended([*(log[-1] for log in self._logs), *found])

    def after_training(self, model: Any) -> Any:
        """Give the model of the best round."""
        best = self._listener.best
        if best is None:
            return model
        kept = model[:best] if best < model.num_boosted_rounds() else model
        kept.best_iteration = best - 1
        return kept

    def _begin(
        self, evals_log: Mapping[str, Mapping[str, list[float]]], measured: list[list[tuple[str, float, bool]]]
    ) -> None:
        named = zip(self._parts, evals_log.values(), strict=True)
        found = [(part, name, log) for part, by_name in named for name, log in by_name.items() if name != OURS]
        self._logs = [log for _, _, log in found]
        own = [
            Measure(part, name, higher)
            for part, by_part in zip(self._parts, measured, strict=False)
            for name, _, higher in by_part
        ]
        self._listener.begin([*(Measure(part, name, self._grows(name)) for part, name, _ in found), *own])

    def _grows(self, metric: str) -> bool:
        if metric in self._custom:
            return bool(self._custom[metric].higher)
        return metric.partition("@")[0].rstrip("-") in GROWING


def _require_objective(estimator: Any) -> None:
    """Refuse what is no objective: of more than two labels XGBoost takes another one and says nothing."""
    given = estimator.objective
    if isinstance(estimator, xgboost.XGBClassifier) and isinstance(given, str) and given not in OBJECTIVES:
        raise ValueError(f"Unknown objective function: {given}")


def _for_labels(estimator: Any, y: np.ndarray) -> Any:
    kind = LABELLED.get(type(estimator).__name__)
    return estimator if kind is None or is_coded(y) else kind(**estimator.get_params())


def _arguments(estimator: Any, fitting: Fitting) -> dict[str, Any]:
    """What ``fit`` takes. The training rows are watched as the very same objects, so that they are binned once."""
    parts = list(fitting.parts.values())
    tables = [_table(estimator, fitting, part) for part in parts]
    _know_categories(estimator, fitting, tables[0])
    weights = [_weight(part) for part in parts]
    found: dict[str, Any] = {
        "X": tables[0],
        "y": parts[0].y,
        "sample_weight": weights[0],
        "eval_set": [(table, part.y) for table, part in zip(tables, parts, strict=True)],
        "sample_weight_eval_set": weights,
    }
    if parts[0].group is not None:
        found |= {"qid": parts[0].group, "eval_qid": [part.group for part in parts]}
    return found


def _table(estimator: Any, fitting: Fitting, part: Part) -> Any:
    """The columns with their names, without a copy; gblinear would not predict an array without them."""
    if isinstance(part.X, pd.DataFrame) or estimator.booster == "gblinear":
        return part.X
    return pd.DataFrame(part.X, columns=list(fitting.columns.names), copy=False)


def _know_categories(estimator: Any, fitting: Fitting, table: Any) -> None:
    coded = fitting.columns.coded
    if coded is not None and any(coded):
        estimator.set_params(enable_categorical=True, feature_types=["c" if code else "q" for code in coded])
    elif isinstance(table, pd.DataFrame) and any(isinstance(kind, pd.CategoricalDtype) for kind in table.dtypes):
        estimator.set_params(enable_categorical=True)


def _weight(part: Part) -> np.ndarray | None:
    """A weight a row, in a ranking one a group: the mean of its rows."""
    if part.weight is None or part.group is None:
        return part.weight
    weight: np.ndarray = np.bincount(part.group, part.weight) / np.bincount(part.group)
    return weight
