"""Models that runs gave, ready to predict with: a report's, and those in a run's directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic._attached import MODELS, Attached
from mlmagic.data._shown import listing
from mlmagic.errors import ModelLoadingError
from mlmagic.events import Artifact
from mlmagic.executors._fitted import Fitted
from mlmagic.run_directory import CHECKPOINTS, CONFIG, EVENTS, LOCK, OWN, shown

if TYPE_CHECKING:
    from mlmagic._run import Run
    from mlmagic.config import RunConfig
    from mlmagic.executors._base import Outcome
    from mlmagic.report import Report


def of_report(report: Report) -> Fitted:
    """The model of a report; waits for it.

    Raises
    ------
    MLError
        If its run ended without one.
    """
    return _known(report.run, report._outcome(), report.id)


def of_path(path: Path, *, trust: bool = False) -> Fitted | None:
    """The model of the run whose directory this is, or the one in a file of the run's; None for what others wrote.

    Parameters
    ----------
    trust
        Whether code found there may run; the directory's own config has no say.

    Raises
    ------
    ModelLoadingError
        If the run saved none, or wrote something else there, or it cannot be read without running code that nobody has
        trusted.
    """
    place = path.expanduser().absolute()
    home = next((item for item in (place, place.parent, place.parent.parent) if _holds_run(item)), None)
    if home is None:
        return None
    run = Attached(home, trust=trust)
    written = _written(run)
    if place != home and not _narrow(run, place):
        _refuse_written(run, place, written)
        return None
    outcome = run.outcome()
    if outcome is None or outcome.model is None:
        raise _without_model(run, path, whole=place == home)
    return _known(run, outcome, shown(place))


def with_runs_model(config: RunConfig) -> RunConfig:
    """A bound config in which the run's directory that ``modelPath`` names has become that run's model."""
    path = getattr(config.config, "model_path", None)
    if path is None:
        return config
    from mlmagic.config import Reference

    fitted = of_path(Path(path), trust=config.trust)
    if fitted is None:
        return config
    model = Reference("modelPath", value=fitted)
    return config.model_copy(update={"config": config.config.model_copy(update={"model": model})})


def _holds_run(path: Path) -> bool:
    return (path / CONFIG).is_file() and (path / EVENTS).is_file()


def _narrow(run: Attached, file: Path) -> bool:
    """Let a run know of this model only; whether it is one of the run's at all."""
    name = file.relative_to(run.path).as_posix()
    known = run.state.artifacts
    chosen = {key: item for key, item in known.items() if key in MODELS and item.path == name}
    if not chosen and file.parent.name == CHECKPOINTS and file.is_file():
        chosen = {"lastModel": Artifact("lastModel", name, file.stat().st_size)}  # as it was then, not the best before
    run.state.artifacts = {key: item for key, item in known.items() if key not in MODELS} | chosen
    return bool(chosen)


def _written(run: Attached) -> dict[str, bool]:
    """What a run wrote, by its place below the run's directory; whether it is one of its models."""
    about = [*run.state.tables.values(), *OWN - {CHECKPOINTS}, LOCK]
    models = {item.path: key in MODELS for key, item in run.state.artifacts.items()}
    return dict.fromkeys(about, False) | models


def _refuse_written(run: Attached, file: Path, written: Mapping[str, bool]) -> None:
    """Refuse a file that a run wrote and that is no model of its; what others laid there may be one."""
    if file.relative_to(run.path).as_posix() not in written or not file.exists():
        return
    models = [place for place, is_model in written.items() if is_model and (run.path / place).exists()]
    home = shown(run.path)
    way = f"Name its run (modelPath: {home}) or a model in there: {listing(f'{home}/{name}' for name in models)}"
    raise ModelLoadingError(
        f"{shown(file)} is no model, but something else that {run.id} wrote",
        solution=way if models else "Name a run that trained a model",
        metadata={"modelPath": str(file)},
    )


def _known(run: Run, outcome: Outcome, name: str) -> Fitted:
    """What the run tells of the model that it trained, or that it was given."""
    facts = run.state.metadata
    used: Mapping[str, Any] | None = facts.get("model")
    if used is not None:
        return Fitted(run.config.executor, outcome, name, used["target"], used["task"], used["features"])
    target, task, features = facts.get("targetColumn"), facts.get("task"), _features(facts.get("data") or {})
    table = facts.get("dataHash")
    groups = getattr(run.config.config, "groups", None)
    column = groups if isinstance(groups, str) else None
    return Fitted(run.config.executor, outcome, name, target, task, features, _encoded(facts), column, table)


def _features(data: Mapping[str, Any]) -> dict[str, str | None] | None:
    names = data.get("features")
    dtypes: Mapping[str, str] = (data.get("schema") or {}).get("columns", {})
    return None if names is None else {name: dtypes.get(name) for name in names}


def _without_model(run: Attached, path: Path, *, whole: bool) -> ModelLoadingError:
    why, way = _why_none(run) if whole else ("", f"Name its run: modelPath: {shown(run.path)}")
    message = f"{path} holds no model{why}" if whole else f"{path} cannot be loaded by itself"
    return ModelLoadingError(message, solution=way, metadata={"modelPath": str(path)})


def _why_none(run: Attached) -> tuple[str, str]:
    """Why a run has no model, and the way out."""
    if run.config.config.fitted is not None or getattr(run.config.config, "model_path", None):
        return f": its run only used one (action: {run.config.action})", "Name the run that trained the model"
    if not run.state.finished:
        return " yet: its run goes on", "Name its report, which waits: model: $report"
    if run.state.status == "stopped":
        return ": its run was stopped before it had one", "Train it again"
    if run.state.status == "error" and run.state.error:
        first, _, _ = run.state.error["message"].partition("\n")
        return f": its run failed before it saved one ({first})", "Mend that, and train it again"
    return ": its run ended before it saved one", "Train it again"


def _encoded(facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """The labels that a model knows of each column; a gap is one where columns are codes."""
    from mlmagic.data._parse import MISSING

    coded = facts.get("coded") or ()
    encoded = facts.get("encoded") or {}
    return {name: [*labels, MISSING] if name in coded else labels for name, labels in encoded.items()}
