"""scikit-learn behind the executor protocol."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from mlmagic._units import duration
from mlmagic.data import UNSUPERVISED, Rows, Task, TrainingData, describe_preparation, fit_preparation
from mlmagic.errors import InvalidConfiguration, ModelLoadingError
from mlmagic.events import Emit, Log, Metadata, Plan
from mlmagic.executors._base import Outcome, Predictions, Stop, most_probable
from mlmagic.executors._large import large_told
from mlmagic.executors._skops import import_early
from mlmagic.executors.sklearn import (
    _boosted,
    _decision,
    _epochs,
    _grouped,
    _growing,
    _importances,
    _storage,
    _table,
    _unsupervised,
    _weights,
)
from mlmagic.executors.sklearn._build import blank, build, name_of, parameters, require_estimator, require_prediction
from mlmagic.executors.sklearn._estimators import CLUSTERERS, DETECTORS, REGRESSORS
from mlmagic.executors.sklearn._faults import invalid, label_refused, nameless, never_varies, taken, unknown
from mlmagic.executors.sklearn._fitted import fitted, follows_probabilities
from mlmagic.executors.sklearn._inputs import Inputs
from mlmagic.executors.sklearn._unstored import remark, unstored

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from mlmagic.config import RunConfig
    from mlmagic.executors.sklearn.config import SklearnTrain
    from mlmagic.state import RunState


class SklearnExecutor:
    """Fits an estimator: in chunks of trees where that gives the same model, else in one call that a child runs."""

    whole = (".skops",)

    def placement(self, config: RunConfig) -> Literal["thread", "child"]:
        """A child: most estimators can only be stopped by ending their process.

        Those that grow in chunks could be asked in a thread too, but importing, fitting and storing them holds the GIL
        for long, and the notebook must answer meanwhile.
        """
        return "child"

    def versions(self) -> dict[str, str]:
        """Version of scikit-learn."""
        import sklearn

        return {"scikit-learn": sklearn.__version__}

    def task(self, config: RunConfig) -> Task | None:
        """What the estimator's name says."""
        train = _train(config)
        require_estimator(train)
        if train.algorithm is None:
            kind = getattr(train.model.value, "_estimator_type", None) if train.model else None
            found = _TASKS.get(str(kind)) or _task_of(train.model.value if train.model else None)
            if train.model is not None:
                require_prediction(train, found)
            return train.task if found is None and train.task in UNSUPERVISED else found
        if train.algorithm in CLUSTERERS:
            return "clustering"
        if train.algorithm in DETECTORS:
            return "outliers"
        return "regression" if _is_regressor(train.algorithm) else "classification"

    def check(self, config: RunConfig, data: TrainingData) -> None:
        """Every hyperparameter is one that the estimator has, with a value it takes."""
        train = _train(config)
        known = blank(train).get_params()
        estimator = build(config, known)
        faults = [unknown(train, estimator, name, known) for name in train.hyperparameters if name not in known]
        faults += invalid(train, estimator) + _weights.faults(train, estimator)
        faults += nameless(train, estimator) + unstored(train, estimator)
        faults += taken(train, estimator, data.train.X.columns)
        if faults:
            raise InvalidConfiguration(faults)
        if train.prepares_itself:
            _table.fitting(estimator, data.train.X)

    def run(self, config: RunConfig, data: TrainingData, emit: Emit, stop: Stop) -> Outcome:
        """Fit the preparation and the estimator on the training rows."""
        train = _train(config)
        if config.gpu_enabled:
            emit(Log("gpuEnabled: true, but scikit-learn computes on processors alone: training on the CPU", "warning"))
        emit(Plan("preparing"))
        learns_alone = data.task in UNSUPERVISED
        usual = _unsupervised.scaling(name_of(train)) if learns_alone and not train.prepares_itself else "none"
        scaling: Any = train.feature_scaling or usual
        preparation = fit_preparation(data.train, scaling, "none" if train.prepares_itself else train.prepare)
        done = describe_preparation(preparation)
        emit(Metadata({"algorithm": name_of(train), **done}))
        if train.feature_scaling is None and "scaled" in done:
            emit(Log(_unsupervised.scaling_told(name_of(train), done["scaled"])))
        estimator = build(config)
        if text := remark(estimator):
            emit(Log(text, "warning"))
        import_early()
        telling = large_told(name_of(train), (data.train, data.validation, data.test))
        if learns_alone:
            with telling:
                return _alone(estimator, data, preparation, config.seed, emit)
        began = perf_counter()
        with telling:
            estimator = _fit(train)(estimator, Inputs(estimator, data, preparation, train.asked), emit, stop)
        if estimator is None:
            return Outcome(None)
        model = estimator if preparation is None else _pipeline(preparation, estimator)
        return Outcome(
            model=model,
            classes=getattr(estimator, "classes_", None),
            metadata={**_facts(data, began), **_importances.method(estimator)},
            tables=_importances.tables(estimator, preparation, list(data.train.X.columns)),
        )

    def predict(self, outcome: Outcome, rows: Rows) -> Predictions:
        """Labels or numbers, and probabilities where the estimator gives them; else decision values that tell them."""
        import numpy as np

        model, classes = outcome.model, outcome.classes
        _unsupervised.require_predict(model)
        X = _table.predicting(model, rows.X)
        with large_told("This model", (rows,)):
            if _unsupervised.is_detector(model):
                return Predictions(np.asarray(model.predict(X)) == -1)
            if classes is None:
                return Predictions(_flat(model.predict(X)))
            if not hasattr(model, "predict_proba"):
                return _decision.decided(model, X, classes) or Predictions(_flat(model.predict(X)))
            probabilities = model.predict_proba(X)
            if follows_probabilities(model):
                return Predictions(classes[most_probable(probabilities)], probabilities)
            return Predictions(_flat(model.predict(X)), probabilities)

    def decision(self, outcome: Outcome, rows: Rows) -> np.ndarray | None:
        """Of a classifier; of a detector of outliers the odder a row the more."""
        model, X = outcome.model, _table.predicting(outcome.model, rows.X)
        if outcome.classes is not None:
            return _decision.decision_of(model, X, outcome.classes)
        tells = _unsupervised.is_detector(model) and hasattr(model, "decision_function")
        return -model.decision_function(X) if tells else None

    def orders_alike(self, outcome: Outcome) -> bool:
        """Of two classes; never where it is not known."""
        return _decision.orders_alike(outcome.model)

    def save(self, outcome: Outcome, config: RunConfig) -> dict[str, Path]:
        """The model, with its preparation inside, as skops stores it: no pickle. The scaler asked for is also alone."""
        assert config.output_dir is not None
        files = {"model": _storage.save(outcome.model, config.output_dir / "model.skops")}
        steps = getattr(outcome.model, "named_steps", {})
        if _train(config).feature_scaling not in (None, "none") and "preparation" in steps:
            files["scaler"] = _storage.save(steps["preparation"], config.output_dir / "scaler.skops")
        return files

    def export(self, outcome: Outcome, path: Path) -> None:
        """The model with its preparation inside."""
        _storage.save(outcome.model, path)

    def load(self, path: Path, config: RunConfig, state: RunState) -> Outcome | None:
        """The model that a run saved."""
        if "model" not in state.artifacts:
            return None
        model = _storage.load(path / state.artifacts["model"].path, trust=config.trust)
        return Outcome(model, classes=getattr(model, "classes_", None))

    def adopt(self, model: Any) -> Outcome | None:
        """A fitted estimator or pipeline, or what predicts as one does."""
        return fitted(model)

    def read(self, path: Path, config: RunConfig) -> Outcome:
        """A file of skops; a pickle only with ``trust: true``."""
        model = _storage.read(path, trust=config.trust)
        outcome = fitted(model)
        if outcome is None:
            kind = type(model).__name__
            raise ModelLoadingError(
                f"{path.name} holds a {kind}, which does not predict",
                solution="Name a file that holds a fitted estimator or pipeline",
            )
        return outcome


_TASKS: dict[str, Task] = {"classifier": "classification", "regressor": "regression"}


def _fit(train: SklearnTrain) -> Callable[[Any, Inputs, Emit, Stop], Any]:
    """How an estimator is fitted: watched where that gives the model of one call."""
    name, given = name_of(train), parameters(train)
    if _growing.grows(name, given):
        return _growing.grow
    if _epochs.prints(name, given):
        return _epochs.train
    return _boosted.boost if _boosted.boosts(name, given) else _fit_at_once


def _fit_at_once(estimator: Any, inputs: Inputs, emit: Emit, stop: Stop) -> Any:
    emit(Plan("training"))
    rows = inputs.train
    X, y, weights = inputs.matrix(rows), inputs.target(rows), _weights.arguments(estimator, rows)
    try:
        with _grouped.together(estimator, X, rows, inputs.task, emit):
            return estimator.fit(X, y, **weights)
    except IndexError as error:
        raise never_varies(inputs.data, error) or error from None
    except ValueError as error:
        refused = label_refused(estimator, inputs.data, error) or _grouped.groups_missing(estimator, rows, error)
        raise refused or error from None


def _alone(estimator: Any, data: TrainingData, preparation: Any, seed: int, emit: Emit) -> Outcome:
    """Fit without a target, and say what was found of each row."""
    emit(Plan("training"))
    X = _table.fitting(estimator, data.train.X) if preparation is None else preparation.transform(data.train.X)
    began = perf_counter()
    estimator.fit(X, **_weights.arguments(estimator, data.train))
    facts = _facts(data, began)
    emit(Plan("evaluating"))
    metrics, table = _unsupervised.measured(estimator, X, data, seed)
    return Outcome(
        model=estimator if preparation is None else _pipeline(preparation, estimator),
        metrics=metrics,
        metadata=facts,
        tables={"predictions": table},
    )


def _facts(data: TrainingData, began: float) -> dict[str, Any]:
    return {"samplesProcessed": len(data.train), "trainingTime": duration(perf_counter() - began)}


def _pipeline(preparation: Any, estimator: Any) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([("preparation", preparation), ("estimator", estimator)])


def _train(config: RunConfig) -> SklearnTrain:
    train: SklearnTrain = config.config  # type: ignore[assignment]
    return train


def _flat(predicted: Any) -> np.ndarray:
    """One value a row; some classifiers that follow scikit-learn's ways give a column, shape (n, 1)."""
    import numpy as np

    values = np.asarray(predicted)
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def _is_regressor(name: str) -> bool:
    return name.endswith("Regressor") or name in REGRESSORS


def _task_of(estimator: Any) -> Task | None:
    from sklearn.base import is_classifier, is_regressor

    if estimator is None:
        return None
    if is_classifier(estimator):
        return "classification"
    return "regression" if is_regressor(estimator) else _unsupervised.task_of(estimator)
