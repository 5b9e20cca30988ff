"""One training, from split rows to an outcome."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlmagic._failure import user_frames
from mlmagic._units import duration
from mlmagic.data import describe_preparation, source_columns
from mlmagic.errors import MLError, TrainingFailure
from mlmagic.events import Emit, Log, Metadata, Plan
from mlmagic.executors._base import Outcome, Stop
from mlmagic.executors._boosting import _device, _estimator, _rows, _storage
from mlmagic.executors._boosting._choice import choose
from mlmagic.executors._boosting._computed import Computed
from mlmagic.executors._boosting._custom import CustomMetric
from mlmagic.executors._boosting._library import Fitting
from mlmagic.executors._boosting._progress import Progress
from mlmagic.executors._boosting._threads import threads
from mlmagic.executors._boosting._trial import Trial
from mlmagic.executors._boosting._undefined import Undefined
from mlmagic.executors._boosting._wanted import Wanted
from mlmagic.executors._history import nested
from mlmagic.executors._large import large_told
from mlmagic.executors._skops import import_early
from mlmagic.executors._watch import Watch
from mlmagic.executors._weighed import losses_apart

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.config import RunConfig
    from mlmagic.data import TrainingData
    from mlmagic.executors._boosting._library import Library
    from mlmagic.executors._boosting._metrics import Metrics
    from mlmagic.executors._boosting.config import BoostingTrain


def fit(library: Library, config: RunConfig, data: TrainingData, preparation: Any, emit: Emit, stop: Stop) -> Outcome:
    """Train an estimator; on ``stop`` the rounds so far are the model."""
    train: BoostingTrain = config.config  # type: ignore[assignment]
    if preparation is not None:
        import_early()
    name = _estimator.named(library, train, data.task)
    assert name is not None
    kind, columns = library.estimators[name], _rows.Columns.of(library, preparation, list(data.train.X.columns))
    given, _ = _estimator.hyperparameters(library, train, name)
    estimator = _estimator.make(library, config, name, given)
    own = Trial(library, kind, data, columns).measured(estimator)
    wanted = Wanted.of(library, kind, train, data, given, estimator)
    metrics = choose(library, kind, data, own, wanted, train.early_stopping)
    device = _device.choose(library, config, emit)
    if device["gpuUsed"]:
        library.on_cuda(estimator)
    total = library.rounds(estimator)
    number = threads(library, estimator, data.train.X.size)
    about = {"algorithm": name, "rounds": total, "threads": number, **device}
    emit(Metadata({**about, **describe_preparation(preparation)}))
    if metrics.watched is not None and kind == "ranker" and (remark := metrics.remark(library.title)):
        emit(Log(remark))
    if (remark := losses_apart(data)) is not None:
        emit(Log(remark))
    if stop.is_set():
        return Outcome(None)
    parts = _rows.split_parts(kind, data, preparation)
    classes = data.classes if kind == "classifier" else None
    undefined = Undefined(library, parts, classes)
    watch = _watch(train, metrics, undefined) if library.keeps_best(estimator) else None
    progress = Progress(metrics, watch, emit, stop, undefined.hides)
    emit(Plan("training", "round", total))
    began = perf_counter()
    with progress.hearing(), large_told(library.title, (data.train, data.validation, data.test)):
        rows = list(parts.values())
        computed = [Computed(metrics.computed, rows, classes, shuffled=library.shuffles)] if metrics.computed else []
        fitting = Fitting(parts, columns, [*metrics.asked, *computed], metrics.own, number)
        fitted = _fitted(library, estimator, fitting, progress, emit)
    progress.tell()
    for metric in metrics.asked:
        if isinstance(metric, CustomMetric) and metric.remark:
            emit(Log(metric.remark))
    if watch is not None and progress.round and (remark := watch.remark):
        emit(Log(remark, "warning"))
    facts = _facts(progress, total, perf_counter() - began, len(data.train))
    return Outcome(
        model=_storage.whole(library, preparation, fitted),
        classes=getattr(fitted, "classes_", None) if kind == "classifier" else None,
        metrics=nested(_kept(progress)),
        metadata={**facts, "importances": library.importance},
        tables=_importances(library, fitted, preparation, data),
        ranks=kind == "ranker",
    )


def _fitted(library: Library, estimator: Any, fitting: Fitting, progress: Progress, emit: Emit) -> Any:
    blank = library.copy(estimator) if _rows.TEST in fitting.parts else None
    try:
        return library.fit(estimator, fitting, progress)
    except Exception as error:
        # Test rows may be what an objective or a function of the user's cannot measure: looking decides nothing.
        # Where rounds are told late, none told does not mean that none was trained.
        untrained = not progress.round and not library.tells_late(estimator)
        if blank is not None and untrained and _of_rows(library, error):
            alone = replace(fitting, parts={"train": fitting.parts["train"]})
            fitted = _fitted(library, blank, alone, progress, emit)
            emit(Log(f"The test rows have no curve: {library.complaint(error)}", "warning"))
            return fitted
        if isinstance(error, MLError) or user_frames(error):
            raise
        raise TrainingFailure(f"{library.title} ended: {library.complaint(error)}") from error


def _of_rows(library: Library, error: Exception) -> bool:
    """Whether it is what the library, or a function of the user's, raises for rows that it cannot measure."""
    if isinstance(error, (MLError, MemoryError)):
        return False
    of_library = type(error).__module__.lstrip("_").partition(".")[0] == library.package
    return of_library or isinstance(error, ValueError) or bool(user_frames(error))


def _watch(train: BoostingTrain, metrics: Metrics, undefined: Undefined) -> Watch | None:
    if metrics.watched is None:
        return None
    early, (part, _, name) = train.early_stopping, metrics.watched.partition("_")
    reason = undefined.reason(part, name)
    if early is None:
        return Watch(metrics.watched, reason=reason)
    return Watch(metrics.watched, patience=early.patience, min_delta=early.min_delta, reason=reason)


def _kept(progress: Progress) -> list[dict[str, float]]:
    """The rounds as the report has them: what the test rows say there is said of the final model, on all of them."""
    known = {name: values for name, values in progress.history.items() if not name.startswith(f"{_rows.TEST}_")}
    return [dict(zip(known, row, strict=True)) for row in zip(*known.values(), strict=True)]


def _facts(progress: Progress, total: int, seconds: float, samples: int) -> dict[str, Any]:
    return {
        "finalRound": progress.round,
        **({"bestRound": progress.best} if progress.best else {}),
        "earlyStopped": progress.ended_early and progress.round < total,
        "trainingTime": duration(seconds),
        "samplesProcessed": samples,
    }


def _importances(library: Library, estimator: Any, preparation: Any, data: TrainingData) -> dict[str, pd.DataFrame]:
    from mlmagic.evaluation import aggregate_importances

    values = library.importances(estimator)
    if values is None:
        return {}
    columns = list(data.train.X.columns)
    return {"feature_importances": aggregate_importances(source_columns(preparation, columns), values, columns)}
