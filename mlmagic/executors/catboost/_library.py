"""What is CatBoost's own, for the boosting executor. The library is imported in the methods only."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, ClassVar

from mlmagic._suggest import listed
from mlmagic.executors._boosting._library import Library
from mlmagic.executors.catboost._estimators import ESTIMATORS
from mlmagic.executors.catboost._objectives import OBJECTIVES, POWERS, SPELLINGS, TWO_LABELS
from mlmagic.executors.catboost._parameters import EQUAL, METRICS, RANGES, SYNONYMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from mlmagic.config import RunConfig
    from mlmagic.executors._boosting._library import Fitting, Listener
    from mlmagic.executors._boosting._rows import Columns

_PLACE = re.compile(r"^\S+\.(h|cpp|pyx):\d+: ")
# How CatBoost tells of an exception in an object of the user's.
_RAISED = "Traceback (most recent call last):"
_BOUND = re.compile(r"should be (>=|in [(\[]\d+,) ?(\d+[\])]?)")
_CHOICE = re.compile(r"Valid options are: (.+)\.")
# They make the trees so far smaller as more are grown.
_SHRINKING = ("model_shrink_rate", "langevin", "posterior_sampling")
# Columns of texts and of vectors: a preparation gives neither.
_NOT_HERE = ("text_features", "embedding_features")


class CatBoost(Library):
    """See :class:`mlmagic.executors._boosting._library.Library`."""

    title = "CatBoost"
    package = "catboost"
    install = "pip install catboost"
    model_file = "model.cbm"
    saving = "model.save_model('model.cbm')"
    suffixes = (".cbm",)
    estimators = ESTIMATORS
    reserved: ClassVar[Mapping[str, str]] = {
        "class_weight": "classWeight: {}",
        "device": "device: {}",
        "task_type": "device: cuda",
        "early_stopping_rounds": "earlyStopping: {{patience: {}}}",
        "od_wait": "earlyStopping: {{patience: {}}}",
        **dict.fromkeys(("od_type", "od_pval"), "earlyStopping: true"),
        "eval_fraction": "validationSplit: {}",
        "use_best_model": "validationSplit: 0.2",
    }
    metrics = METRICS
    equal = EQUAL
    roots = ("RMSE", "QueryRMSE")
    objectives = OBJECTIVES
    objective_spellings = SPELLINGS
    two_labels = TWO_LABELS
    label_weights = ("auto_class_weights", "class_weights", "scale_pos_weight")
    areas = ("auc", "AUC")
    ranges = RANGES
    # CatBoost 1.2 trains with max_leaves: 0 until it reads where it should not.
    fragile = True
    shuffles = True
    unfit = ""
    setting = ":"
    importance = "prediction values change"
    endless = "trees that shrink as others are grown cannot be cut off"

    def estimator_class(self, name: str) -> type:
        """The class of an estimator."""
        import catboost

        kind: type = getattr(catboost, name)
        return kind

    def spellings(self, kind: type) -> Mapping[str, str]:
        """The constructor's names; several of them mean one thing."""
        own = [name for name in inspect.signature(kind).parameters if name not in _NOT_HERE]
        return {name: SYNONYMS.get(name, name) for name in (*own, "eval_metric")}

    def copy(self, estimator: Any) -> Any:
        """By the constructor, under CatBoost's own names: scikit-learn's ``clone`` fails where a value is a list."""
        return type(estimator)(**{SYNONYMS.get(name, name): value for name, value in estimator.get_params().items()})

    def is_fitted(self, estimator: Any) -> bool:
        """Whether it has trees."""
        return bool(estimator.is_fitted())

    def defaults(self, config: RunConfig) -> dict[str, Any]:
        """The run's seed, and no directory ``catboost_info`` beside the notebook."""
        return {"random_seed": config.seed, "allow_writing_files": False}

    def own_objective(self, estimator: Any) -> bool:
        """Whether it is an object of the user's."""
        return not isinstance(estimator.get_params().get("loss_function", ""), str)

    def measures_predictions(self, estimator: Any) -> bool:
        """Not where the model predicts a power of what the trees add up to."""
        return str(estimator.get_params().get("loss_function", "")).partition(":")[0] not in POWERS

    def keeps_best(self, estimator: Any) -> bool:
        """Trees can be cut off, unless they shrink while others are grown."""
        return not any(estimator.get_params().get(name) for name in _SHRINKING)

    def rounds(self, estimator: Any) -> int:
        """How many rounds; CatBoost's default is a thousand."""
        return int(estimator.get_params().get("iterations", 1000))

    def asked_threads(self, estimator: Any) -> int | None:
        """The hyperparameter; None where it is not given."""
        asked: int | None = estimator.get_params().get("thread_count")
        return asked

    def tells_late(self, estimator: Any) -> bool:
        """On a GPU, where CatBoost calls nobody back."""
        return bool(estimator.get_params().get("task_type", "CPU") == "GPU")

    def fit(self, estimator: Any, fitting: Fitting, listener: Listener) -> Any:
        """Fit through the scikit-learn API."""
        from mlmagic.executors.catboost._training import fit

        return fit(estimator, fitting, listener)

    def cuda(self) -> str | None:
        """Ask CatBoost for GPUs; a build without CUDA finds none."""
        from catboost.utils import get_gpu_device_count

        return None if get_gpu_device_count() else "CatBoost finds no GPU here"

    def on_cuda(self, estimator: Any) -> None:
        """Make it train on the GPU."""
        estimator.set_params(task_type="GPU")

    def shorten(self, estimator: Any) -> None:
        """One round."""
        estimator.set_params(iterations=1)

    def complaint(self, error: Exception) -> str:
        """An error in CatBoost's words, without the place in its source."""
        text = _PLACE.sub("", str(error).strip())
        if text.startswith(_RAISED):
            text = text.splitlines()[-1]  # before it are what it raised earlier, and frames of CatBoost's own
        return text if type(error).__name__ == "CatBoostError" else f"{type(error).__name__}: {text}"

    def rule(self, complaint: str) -> str | None:
        """CatBoost names the words that it knows, and some bounds."""
        if bound := _BOUND.search(complaint):
            return f"numbers {bound[1]} {bound[2]}"
        found = _CHOICE.search(complaint)
        return found and listed(sorted(re.findall(r"'(\w+)'", found[1])))

    def between(self, estimator: Any, columns: Columns) -> Any:
        """A table whose categories are whole numbers."""
        from mlmagic.executors.catboost._training import categories

        return categories(estimator, columns)

    def columns(self, estimator: Any) -> Sequence[str] | None:
        """Names of the columns that it takes; CatBoost counts those of an array."""
        names: list[str] = estimator.feature_names_
        return None if names == [str(place) for place in range(len(names))] else names

    def rows(self, estimator: Any) -> Any:
        """Rows whose categories are numbers that it has never seen."""
        from mlmagic.executors.catboost._training import rows

        return rows(estimator)

    def width(self, estimator: Any) -> int:
        """More than one for several quantiles, or a mean and its spread."""
        found = estimator.predict(self.rows(estimator))
        return 1 if found.ndim == 1 else int(found.shape[1])

    def probabilities(self, estimator: Any) -> bool:
        """Always: an objective of the user's is followed by a logistic function, a softmax for more labels."""
        return True

    def importances(self, estimator: Any) -> np.ndarray | None:
        """How much the prediction changes on average where the column does, in shares."""
        values: np.ndarray = estimator.get_feature_importance(type="PredictionValuesChange")
        return values / 100

    def write(self, estimator: Any) -> bytes:
        """CatBoost's own binary format."""
        from mlmagic.executors.catboost._training import content

        return content(estimator)

    def rebuild(self, content: bytes, name: str, parameters: Mapping[str, Any], classes: np.ndarray | None) -> Any:
        """The estimator that a run saved."""
        from mlmagic.executors.catboost._training import rebuilt

        return rebuilt(self.estimator_class(name), content, parameters)

    def parse(self, content: bytes) -> Any:
        """The estimator that a file's objective is for."""
        import catboost

        return self.wrap(catboost.CatBoost().load_model(blob=content))

    def wrap(self, booster: Any) -> Any:
        """The estimator that the objective of a ``CatBoost``, which has no kind, is for."""
        import catboost

        from mlmagic.executors.catboost._training import content, kind, rebuilt

        return rebuilt(kind(booster), content(booster), {}) if isinstance(booster, catboost.CatBoost) else None
