"""What is LightGBM's own, for the boosting executor. The library is imported in the methods only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from mlmagic.executors._boosting._library import Library
from mlmagic.executors.lightgbm._estimators import ESTIMATORS
from mlmagic.executors.lightgbm._metrics import EQUAL, METRICS
from mlmagic.executors.lightgbm._objectives import MORE_LABELS, OBJECTIVES, SPELLINGS, TWO_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from mlmagic.config import RunConfig
    from mlmagic.executors._boosting._library import Fitting, Listener

_CHECK = re.compile(r"Check failed: \((\w+)\) ([<>=]+) \((.+?)\) at \S+, line \d+ \.")
# An objective's own.
_BOUNDS = re.compile(r"Check failed: (\w+?)_ ([<>=]+ \S+) && \w+ ([<>=]+ \S+)")
_RULE = re.compile(r"must be ([<>=]+ \S+(?: and [<>=]+ \S+)?)|should be of type (\w+)")
_PLACE = re.compile(r" at \S+, line \d+ \.")


class LightGBM(Library):
    """See :class:`mlmagic.executors._boosting._library.Library`."""

    title = "LightGBM"
    package = "lightgbm"
    install = "pip install lightgbm"
    model_file = "model.txt"
    saving = "model.booster_.save_model('model.txt')"
    suffixes = (".txt",)
    estimators = ESTIMATORS
    reserved: ClassVar[Mapping[str, str]] = {
        "device": "device: {}",
        "device_type": "device: {}",
        **dict.fromkeys(
            ("early_stopping", "early_stopping_round", "early_stopping_rounds", "n_iter_no_change"),
            "earlyStopping: {{patience: {}}}",
        ),
        "early_stopping_min_delta": "earlyStopping: {{minDelta: {}}}",
    }
    metrics = METRICS
    equal = EQUAL
    roots = ("rmse",)
    objectives = OBJECTIVES
    objective_spellings = SPELLINGS
    two_labels = TWO_LABELS
    more_labels = MORE_LABELS
    functions_classify = False
    label_weights = ("class_weight", "is_unbalance", "scale_pos_weight")
    areas = ("auc", "auc_mu")
    # Of its page of parameters; it names one bound at a time, and none where every number means something.
    ranges: ClassVar[Mapping[str, str]] = {
        "max_depth": "whole numbers, 0 and less for no limit",
        "num_leaves": "whole numbers from 2 to 131072",
    }
    # It would read them as JSON.
    unfit = '",:[]{}'
    endless = "dart changes its earlier trees"

    def estimator_class(self, name: str) -> type:
        """The class of an estimator."""
        import lightgbm

        kind: type = getattr(lightgbm, name)
        return kind

    def spellings(self, kind: type) -> Mapping[str, str]:
        """LightGBM's own list of names; the scikit-learn API's where it has one, else its defaults would win."""
        from lightgbm.basic import _ConfigAliases

        own = set(kind().get_params())
        found = {"eval_metric": "eval_metric", **{name: name for name in own}}
        for main, names in _ConfigAliases._get_all_param_aliases().items():
            preferred = next((name for name in names if name in own), "eval_metric" if main == "metric" else main)
            found |= dict.fromkeys(names, preferred)
        return found

    def defaults(self, config: RunConfig) -> dict[str, Any]:
        """The run's seed, and no prints; what makes runs equal on any number of threads, if that is asked for."""
        equal = {"deterministic": True, "force_row_wise": True} if config.deterministic else {}
        # LightGBM takes seeds of 31 bits.
        return {"random_state": config.seed % 2**31, "verbosity": -1, **equal}

    def keeps_best(self, estimator: Any) -> bool:
        """Trees that are boosted can be cut off; dart changes them later."""
        return str(estimator.boosting_type) != "dart"

    def rounds(self, estimator: Any) -> int:
        """How many rounds."""
        return int(estimator.n_estimators)

    def fit(self, estimator: Any, fitting: Fitting, listener: Listener) -> Any:
        """Fit through the scikit-learn API."""
        from mlmagic.executors.lightgbm._training import fit

        return fit(estimator, fitting, listener)

    def cuda(self) -> str | None:
        """Train on a few rows: LightGBM complains where it is built without CUDA or finds no GPU."""
        import lightgbm
        import numpy as np

        parameters = {"device_type": "cuda", "verbosity": -1, "min_data_in_leaf": 1}
        try:
            lightgbm.train(parameters, lightgbm.Dataset(np.arange(8.0)[:, None], label=np.arange(8.0)), 1)
        except lightgbm.basic.LightGBMError as error:
            return "LightGBM is built without CUDA here" if "not enabled" in str(error) else self.complaint(error)
        return None

    def on_cuda(self, estimator: Any) -> None:
        """Make it train on the GPU."""
        estimator.set_params(device_type="cuda")

    def shorten(self, estimator: Any) -> None:
        """One round; columns stay although the rows are too few to split on them."""
        estimator.set_params(n_estimators=1, feature_pre_filter=False, verbosity=-1)

    def cores(self) -> int:
        """All that this process may use; LightGBM gains nothing from hyper-threads."""
        from joblib import cpu_count

        return int(cpu_count(only_physical_cores=True))

    def complaint(self, error: Exception) -> str:
        """An error in LightGBM's words, without the place in its source."""
        text = str(error).strip()
        if found := _CHECK.search(text):
            return f"{found[1]} must be {found[2]} {found[3]}"
        if found := _BOUNDS.search(text):
            return f"{found[1]} must be {found[2]} and {found[3]}"
        text = _PLACE.sub("", text)
        return text if type(error).__name__ == "LightGBMError" else f"{type(error).__name__}: {text}"

    def rule(self, complaint: str) -> str | None:
        """LightGBM names a bound or a type."""
        found = _RULE.search(complaint)
        return found and (f"numbers {found[1]}" if found[1] else f"a value of type {found[2]}")

    def columns(self, estimator: Any) -> Sequence[str] | None:
        """Names of the columns that it takes."""
        names: list[str] = estimator.feature_name_
        return names

    def probabilities(self, estimator: Any) -> bool:
        """Always: an objective of the user's own is refused for a classifier."""
        return True

    def importances(self, estimator: Any) -> np.ndarray | None:
        """Gain of all splits on each column."""
        values: np.ndarray = estimator.booster_.feature_importance("gain")
        return values / values.sum() if values.sum() else values

    def write(self, estimator: Any) -> bytes:
        """LightGBM's text."""
        text: str = estimator.booster_.model_to_string()
        return text.encode()

    def rebuild(self, content: bytes, name: str, parameters: Mapping[str, Any], classes: np.ndarray | None) -> Any:
        """The estimator that a run saved."""
        from mlmagic.executors.lightgbm._training import booster, rebuilt

        return rebuilt(booster(content), name, parameters, classes)

    def parse(self, content: bytes) -> Any:
        """The estimator that a file's objective is for."""
        from mlmagic.executors.lightgbm._training import booster

        return self.wrap(booster(content))

    def wrap(self, booster: Any) -> Any:
        """The estimator that a booster's objective is for."""
        import lightgbm

        from mlmagic.executors.lightgbm._training import objective, rebuilt

        if not isinstance(booster, lightgbm.Booster):
            return None
        name, classes = objective(booster)
        kind = "LGBMClassifier" if classes else "LGBMRanker" if "rank" in name else "LGBMRegressor"
        import numpy as np

        return rebuilt(booster, kind, {}, np.arange(classes) if classes else None)
