"""A model in a place of its own: a folder, or where the format can hold all of it one file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import OutputError
from mlmagic.executors import EXECUTORS, load
from mlmagic.executors._base import Exports
from mlmagic.run_directory import CHECKPOINTS, CONFIG, EVENTS, REPORT, write_whole

if TYPE_CHECKING:
    from mlmagic.model import Model
    from mlmagic.report import Report

# Of what a run wrote, that which its model does not need: other weights, and what they were trained with.
_LEFT_OUT = ("lastModel", "optimizer", "checkpoint")


def save(model: Model, report: Report | None, path: Path) -> Path:
    """Save a model; see :meth:`mlmagic.ModelTrainer.save`."""
    try:
        return _file(model, path) if path.suffix else _folder(model, report, path)
    except OSError as error:
        raise OutputError(
            f"Cannot write {str(path)!r}: {error.strerror or error}", stderr=f"{type(error).__name__}: {error}"
        ) from None


def _file(model: Model, path: Path) -> Path:
    fitted = model.fitted
    executor, title = load(fitted.framework), EXECUTORS[fitted.framework].title
    suffixes = executor.whole if isinstance(executor, Exports) else ()
    if not isinstance(executor, Exports) or path.suffix not in suffixes:
        whole = f"{' or '.join(suffixes)}, or " if suffixes else ""
        raise OutputError(
            f"A {path.suffix} file cannot hold a model of {title} with all that it needs",
            solution=f"Give {whole}a folder, which has no suffix: {str(path.with_suffix(''))!r}",
        )
    outcome = replace(fitted.outcome, features=None if fitted.features is None else tuple(fitted.features))
    return write_whole(path, lambda temporary: executor.export(outcome, temporary))


def _folder(model: Model, report: Report | None, path: Path) -> Path:
    if report is None:
        raise OutputError(
            f"{model.name} was not trained here, so there is no run to copy",
            solution="Copy its run's directory, or give a file of its framework",
        )
    path.mkdir(parents=True)
    artifacts = report.run.state.artifacts
    models = [item.path for key, item in artifacts.items() if key not in _LEFT_OUT and not item.path.endswith(".png")]
    for name in dict.fromkeys([CONFIG, EVENTS, REPORT, *models]):
        source = report.output_dir / name
        if source.is_dir():
            shutil.copytree(source, path / name)
        elif source.exists() and not name.startswith(f"{CHECKPOINTS}/"):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, path / name)
    return path
