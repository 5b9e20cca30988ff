"""What is XGBoost's own, for the boosting executor. The library is imported in the methods only."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from mlmagic.executors._boosting._library import Library
from mlmagic.executors.xgboost._estimators import ESTIMATORS
from mlmagic.executors.xgboost._objectives import MORE_LABELS, OBJECTIVES, SETTINGS, SPELLINGS, TWO_LABELS
from mlmagic.executors.xgboost._parameters import ALIASES, EQUAL, METRICS, NATIVE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from mlmagic.config import RunConfig
    from mlmagic.executors._boosting._library import Fitting, Listener

_PLACE = re.compile(r"^\[\d\d:\d\d:\d\d\] \S+:\d+: ")
# What a parameter is for, after what is wrong with it.
_DESCRIPTION = re.compile(r"(for Parameter (\w+) .*)\n\2: .*")
_BOUND = re.compile(r"(greater equal to|equal to or greater than|greater than) (-?[\d.]*\d)")
_CHOICE = re.compile(r"exceed bound (\[\S+\])|valid values are: \{(.*)\}|expect (\w+) but")
# Objectives of classifiers whose output is a probability.
_PROBABILISTIC = ("binary:logistic", "multi:softprob", "reg:logistic")


class XGBoost(Library):
    """See :class:`mlmagic.executors._boosting._library.Library`."""

    title = "XGBoost"
    package = "xgboost"
    install = "pip install xgboost"
    model_file = "model.ubj"
    saving = "model.save_model('model.ubj')"
    suffixes = (".ubj", ".json")
    estimators = ESTIMATORS
    reserved: ClassVar[Mapping[str, str]] = {
        "class_weight": "classWeight: {}",
        "device": "device: {}",
        "early_stopping_rounds": "earlyStopping: {{patience: {}}}",
    }
    metrics = METRICS
    equal = EQUAL
    roots = ("rmse", "rmsle")
    objectives = OBJECTIVES
    objective_spellings = SPELLINGS
    two_labels = TWO_LABELS
    more_labels = MORE_LABELS
    settings = SETTINGS
    areas = ("auc",)
    unfit = "[]<"
    endless = "dart changes its earlier trees, gblinear and a random forest have no rounds"

    def estimator_class(self, name: str) -> type:
        """The class of an estimator."""
        import xgboost

        kind: type = getattr(xgboost, name)
        return kind

    def spellings(self, kind: type) -> Mapping[str, str]:
        """Names of the scikit-learn API and of the native interface."""
        return {name: name for name in (*kind().get_params(), *NATIVE)} | ALIASES

    def defaults(self, config: RunConfig) -> dict[str, Any]:
        """The run's seed."""
        return {"random_state": config.seed}

    def keeps_best(self, estimator: Any) -> bool:
        """Trees that are boosted can be cut off; dart changes them later, gblinear and a forest have no rounds."""
        return estimator.booster in (None, "gbtree") and not _is_forest(estimator)

    def rounds(self, estimator: Any) -> int:
        """How many rounds; a forest is one."""
        return int(estimator.get_num_boosting_rounds())

    def tells_late(self, estimator: Any) -> bool:
        """Of a forest, whose one round is all of its trees."""
        return _is_forest(estimator)

    def fit(self, estimator: Any, fitting: Fitting, listener: Listener) -> Any:
        """Fit through the scikit-learn API."""
        from mlmagic.executors.xgboost._training import fit

        return fit(estimator, fitting, listener)

    def cuda(self) -> str | None:
        """Train on three rows and look where that went: XGBoost falls back on the CPU by itself."""
        import numpy as np
        import xgboost

        if not xgboost.build_info().get("USE_CUDA"):
            return "XGBoost is built without CUDA here"
        with xgboost.config_context(verbosity=0):  # what it has to say of it is said once, in our words
            booster = xgboost.train({"device": "cuda"}, xgboost.DMatrix(np.zeros((3, 1)), label=np.arange(3)), 1)
        used = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
        return None if used.startswith("cuda") else "XGBoost finds no GPU here"

    def on_cuda(self, estimator: Any) -> None:
        """Make it train on the GPU."""
        estimator.set_params(device="cuda")

    def shorten(self, estimator: Any) -> None:
        """One round; what XGBoost has to say it says again when it trains."""
        estimator.set_params(n_estimators=1, verbosity=0)

    def complaint(self, error: Exception) -> str:
        """An error in XGBoost's words, without the place in its source and its stack."""
        text = _PLACE.sub("", str(error).partition("\nStack trace")[0]).strip()
        text = _DESCRIPTION.sub(r"\1", text)
        return text if type(error).__name__ == "XGBoostError" else f"{type(error).__name__}: {text}"

    def rule(self, complaint: str) -> str | None:
        """XGBoost names a bound, the words it knows, or a type."""
        if found := _BOUND.search(complaint):
            return f"numbers {'>=' if 'equal' in found[1] else '>'} {found[2]}"
        if found := _CHOICE.search(complaint):
            return f"numbers in {found[1]}" if found[1] else found[2] or f"a value of type {found[3]}"
        return None

    def width(self, estimator: Any) -> int:
        """One for each quantile."""
        quantiles = estimator.get_params().get("quantile_alpha")
        return len(quantiles) if isinstance(quantiles, (list, tuple)) else 1

    def columns(self, estimator: Any) -> Sequence[str] | None:
        """Names of the columns that it takes."""
        names: list[str] | None = estimator.get_booster().feature_names
        return names

    def probabilities(self, estimator: Any) -> bool:
        """Whether the objective gives probabilities; a function of the user's is followed by a logistic one."""
        return callable(estimator.objective) or estimator.objective in _PROBABILISTIC

    def importances(self, estimator: Any) -> np.ndarray | None:
        """Mean gain of the splits on each column, as ``feature_importances_`` is by default."""
        if estimator.booster == "gblinear":
            return None
        values: np.ndarray = estimator.feature_importances_
        return values

    def write(self, estimator: Any) -> bytes:
        """UBJSON, with what XGBoost itself needs to read a scikit-learn estimator from it."""
        return bytes(estimator.get_booster().save_raw("ubj"))

    def rebuild(self, content: bytes, name: str, parameters: Mapping[str, Any], classes: np.ndarray | None) -> Any:
        """The estimator that a run saved."""
        from mlmagic.executors.xgboost._training import rebuilt

        return rebuilt(content, name, parameters, classes)

    def parse(self, content: bytes) -> Any:
        """The estimator that a file's objective is for."""
        import xgboost

        booster = xgboost.Booster()
        booster.load_model(bytearray(content))
        return self.wrap(booster)

    def wrap(self, booster: Any) -> Any:
        """The estimator that a booster's objective is for."""
        import xgboost

        from mlmagic.executors.xgboost._training import rebuilt

        if not isinstance(booster, xgboost.Booster):
            return None
        objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
        kind = {"binary": "Classifier", "multi": "Classifier", "rank": "Ranker"}.get(objective.partition(":")[0])
        return rebuilt(bytes(booster.save_raw("ubj")), f"XGB{kind or 'Regressor'}", {}, None)


def _is_forest(estimator: Any) -> bool:
    return any(kind.__name__.startswith("XGBRF") for kind in type(estimator).__mro__)
