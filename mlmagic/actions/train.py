"""``action: train``: rows in, a fitted and measured model out.

The order is the promise: data is checked before anything trains, the model is saved and handed over as soon as it is
measured, and what only explains it (importances, pictures, hashes) follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlmagic.actions import Context, _alone
from mlmagic.actions._follow_up import follow_up
from mlmagic.actions._history import Recorder
from mlmagic.actions._overview import overview
from mlmagic.actions._own_rows import own_rows
from mlmagic.actions._reading import table, telling
from mlmagic.actions._scored import Scored, kind_of, require_fit
from mlmagic.events import Artifact, Emit, Event, Log, Metadata, Metrics, Plan, Row
from mlmagic.executors import EXECUTORS, load
from mlmagic.executors._decided import predict_decided

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.data import TrainingData
    from mlmagic.executors._base import Executor, Outcome, Predictions


def train(config: RunConfig, context: Context) -> None:
    """Train the model that a bound config describes.

    Raises
    ------
    MLError
        With everything that is wrong with data or parameters, before training; or why training failed.
    """
    from mlmagic.data import UNSUPERVISED, training_data, with_index

    executor = load(config.executor)
    context.emit(Plan("loading data"))
    context.emit(Metadata({"versions": executor.versions()}))
    wanted = config.train
    frame = with_index(table(wanted, context), wanted.feature_columns or ())
    share, tells = wanted.default_validation_split, partial(telling, context)
    data = training_data(frame, wanted, config.seed, share, executor.task(config), tells)
    _describe(config, frame, data, context)
    measured = kind_of(executor, config, data)
    require_fit(wanted, measured, data)
    executor.check(config, data)
    recorder, scored = Recorder(context.emit), Scored(measured, wanted.asked)
    scores = _cross_validate(executor, config, data, scored, context, recorder)
    if context.stop.is_set():
        context.emit(Metrics(_nested(data, scored, scores, None, {})))
        return
    began = perf_counter()
    outcome = _fit(executor, config, data, recorder, context)
    seconds = perf_counter() - began
    context.emit(Metadata(outcome.metadata))
    if outcome.model is None:
        context.emit(Metrics(_nested(data, scored, scores, outcome, {})))
        return
    _keep(executor, outcome, config, context)
    if data.task in UNSUPERVISED:
        _alone.tell(config, outcome, frame, context)
        return
    predict = partial(predict_decided, executor, outcome, asked=scored.look_at_decision(outcome))
    predicted = own_rows(predict, data, context, validate=not recorder.validated)
    metrics = _nested(data, scored, scores, outcome, predicted)
    for remark in scored.remarks(metrics.get("test", {})):
        context.emit(Log(remark, "warning"))
    context.emit(Metrics(metrics))
    follow_up(executor, config, data, outcome, predicted, metrics, recorder, frame, context, seconds)


def _fit(executor: Executor, config: RunConfig, data: TrainingData, emit: Emit, context: Context) -> Outcome:
    """Fit; where that fails with a best model at hand, keep it before the run ends with its error."""
    try:
        return executor.run(config, data, emit, context.stop)
    except Exception as error:
        best: Outcome | None = getattr(error, "outcome", None)
        if best is not None:
            _keep(executor, best, config, context)
        raise


def _keep(executor: Executor, outcome: Outcome, config: RunConfig, context: Context) -> None:
    """Hand a model over and save it."""
    context.release(outcome)  # first of all: a disk that is full must not take it
    saved = executor.save(outcome, config)
    for key, path in {**saved, **outcome.artifacts}.items():
        _emit_artifact(context.emit, config.output_dir, key, path)
    context.emit(Metadata({"modelSize": _size(saved)}))


def _emit_artifact(emit: Emit, directory: Path | None, key: str, path: Path) -> None:
    """Tell of a file that is written: by its place below the run's directory."""
    assert directory is not None
    files = [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]
    size = sum(item.stat().st_size for item in files)
    emit(Artifact(key, path.relative_to(directory).as_posix(), size))


def _describe(config: RunConfig, frame: Any, data: TrainingData, context: Context) -> None:
    from mlmagic.data import empty_folders, left_out, raw, schema
    from mlmagic.data._shown import listing

    facts = dict(data.metadata)
    for text in facts.pop("warnings", []):
        context.emit(Log(text, "warning"))
    source = config.config
    name = str(source.data) if source.data is not None else source.data_path
    facts["data"] = {"name": name, "schema": schema(frame), "features": list(map(str, raw(data.train.X).columns))}
    context.emit(Metadata(facts))
    rows = f"{len(frame)} rows, {facts['samples']} windows" if "windows" in facts else f"{facts['samples']} rows"
    context.emit(Log(f"{name}: {rows}, {facts['features']} features, {_target(data)}"))
    if empty := empty_folders(frame):
        context.emit(Log(f"{name}: no image lies in {listing(empty)}, so there is no such class", "warning"))
    if (index := left_out(frame)) is not None:
        context.emit(Log(f"{name}: its first column has no name and counts the rows, so it is left out ({index!r})"))
    entry = EXECUTORS[config.executor]
    if config.framework not in (config.executor, *entry.aliases):
        context.emit(Log(f"The algorithm belongs to {entry.title}, which trains it instead of {config.framework}"))
    if config.debug:
        context.emit(Log(overview(data)))


def _target(data: TrainingData) -> str:
    return f"target {data.target!r}" if data.target else "no target"


def _cross_validate(
    executor: Executor, config: RunConfig, data: TrainingData, scored: Scored, context: Context, emit: Any
) -> list[dict[str, float]]:
    """Score one model a fold on the training rows; folds that a stop cut off are left out."""
    from mlmagic.data import folds
    from mlmagic.evaluation import cross_validation_summary

    wanted = config.train.cross_validation
    if wanted is None:
        return []
    emit(Plan("cross-validation", "fold", wanted.folds))
    found: list[dict[str, float]] = []
    validation = len(data.validation) / (len(data.train) + len(data.validation)) if data.validation else 0.0
    parts = folds(data, wanted.folds, wanted.stratified, config.seed, validation)
    alone = config.model_copy(update={"output_dir": None})  # a fold leaves no checkpoints in the run's directory
    for number, part in enumerate(parts, start=1):
        for text in part.metadata["warnings"]:
            context.emit(Log(f"Fold {number}: {text}", "warning"))
        outcome = executor.run(alone, part, _quiet, context.stop)
        if outcome.model is None or context.stop.is_set():
            break
        assert part.test is not None
        given = predict_decided(executor, outcome, part.test, asked=scored.look_at_decision(outcome))
        found.append(scored.scores(part.test, given, outcome))
        emit(Row(number, found[-1]))
        # Not final, but there if the run is ended before its last fit.
        emit(Metrics({"crossValidation": cross_validation_summary(scored.task, found)}, final=False))
    context.emit(Metadata({"crossValidationFolds": wanted.folds}))
    return found


def _quiet(event: Event) -> None:
    """Take the events of a fold's own training: only its score is told."""


def _nested(
    data: TrainingData,
    scored: Scored,
    fold_scores: list[dict[str, float]],
    outcome: Outcome | None,
    predicted: Mapping[str, Predictions],
) -> dict[str, Any]:
    from mlmagic.evaluation import capital, cross_validation_summary

    metrics: dict[str, Any] = dict(outcome.metrics) if outcome else {}
    if fold_scores:
        metrics["crossValidation"] = cross_validation_summary(scored.task, fold_scores)
    final: dict[str, float] = {}
    for name, given in predicted.items():
        assert outcome is not None
        found = scored.scores(getattr(data, name), given, outcome)
        final |= {name + capital(key): value for key, value in found.items()}
    if final:
        metrics["finalModel"] = final
    if "test" in predicted and data.test is not None and outcome is not None:
        metrics["test"] = scored.report(data.test, predicted["test"], outcome)
    return metrics


def _size(saved: Mapping[str, Path]) -> str:
    from mlmagic._units import size

    path = next(iter(saved.values()))
    return size(path.stat().st_size)
