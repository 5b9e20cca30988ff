"""XGBoost's estimators fitted round by round, and made again from their trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xgboost
from xgboost.callback import TrainingCallback

from mlmagic.executors._boosting._library import Fitting, Listener, Measure, Part
from mlmagic.executors.xgboost._labelled import LABELLED, is_coded
from mlmagic.executors.xgboost._parameters import GROWING

if TYPE_CHECKING:
    from collections.abc import Mapping


def fit(estimator: Any, fitting: Fitting, listener: Listener) -> Any:
    """See :meth:`mlmagic.executors._boosting._library.Library.fit`."""
    estimator = _for_labels(estimator, fitting.parts["train"].y)
    own = {name: getattr(estimator, name) for name in ("callbacks", "eval_metric", "n_jobs")}
    report = _Report(listener, fitting)
    # XGBoost measures the objective's own metric only where no other is named.
    estimator.n_jobs = fitting.threads
    estimator.eval_metric = [*fitting.own, *fitting.metrics] if fitting.metrics else None
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


class _Report(TrainingCallback):
    """Tells a listener of each round, and cuts the rounds after the best one off."""

    def __init__(self, listener: Listener, fitting: Fitting) -> None:
        super().__init__()
        self._listener = listener
        self._parts = list(fitting.parts)
        self._custom = {metric.__name__: metric for metric in fitting.metrics if callable(metric)}
        self._logs: list[list[float]] = []

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, list[float]]]) -> bool:
        """Tell, and say whether training shall end."""
        if not self._logs:
            self._begin(evals_log)
        return self._listener.round_ended([log[-1] for log in self._logs])

    def after_training(self, model: Any) -> Any:
        """Give the model of the best round."""
        best = self._listener.best
        if best is None:
            return model
        kept = model[:best] if best < model.num_boosted_rounds() else model
        kept.best_iteration = best - 1
        return kept

    def _begin(self, evals_log: Mapping[str, Mapping[str, list[float]]]) -> None:
        named = zip(self._parts, evals_log.values(), strict=True)
        found = [(part, metric, log) for part, by_metric in named for metric, log in by_metric.items()]
        self._logs = [log for _, _, log in found]
        self._listener.begin([Measure(part, metric, self._grows(metric)) for part, metric, _ in found])

    def _grows(self, metric: str) -> bool:
        if metric in self._custom:
            return self._custom[metric].higher
        return metric.partition("@")[0].rstrip("-") in GROWING


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
