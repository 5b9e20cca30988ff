"""Fitted estimators in files that run no code when they are read: trees, a preparation, and plain data beside them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic._suggest import listed
from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import missing, refused
from mlmagic.executors._boosting import _probe
from mlmagic.executors._boosting._rows import Columns
from mlmagic.executors._networks._plain import plain
from mlmagic.executors._networks._preparation import PREPARATION, read_preparation, write_preparation
from mlmagic.executors._skops import skops_io
from mlmagic.run_directory import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.executors._boosting._library import Library

FORMAT = 1
ABOUT = "estimator.json"
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def save(library: Library, name: str, model: Any, classes: np.ndarray | None, directory: Path) -> dict[str, Path]:
    """Write a fitted estimator, or a pipeline of a preparation and one; files by the report's key.

    Parameters
    ----------
    name
        The library's own class of the estimator.
    """
    preparation, estimator = parts(model)
    content = library.write(estimator)
    files = {"model": write_whole(directory / library.model_file, content)}
    about = {
        "format": FORMAT,
        "estimator": name,
        "parameters": _plain(estimator.get_params(deep=False)),
        "classes": None if classes is None else classes.tolist(),
        "classesDtype": None if classes is None else str(classes.dtype),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    files["estimator"] = write_whole(directory / ABOUT, json.dumps(about, indent=2).encode())
    if preparation is not None:
        skops_io()
        files["preparation"] = write_preparation(directory, preparation)
    return files


def load(library: Library, directory: Path) -> tuple[Any, np.ndarray | None]:
    """Read what :func:`save` wrote: the model and its classes.

    Raises
    ------
    ModelLoadingError
        If a file is damaged or missing, or holds what nobody trusted.
    """
    about = _about(directory / ABOUT)
    classes = None if about["classes"] is None else np.array(about["classes"], dtype=about["classesDtype"])
    content = _content(directory / library.model_file)
    if hashlib.sha256(content).hexdigest() != about["sha256"]:
        raise _damaged(library, directory / library.model_file, "It is not the file that the run wrote")
    estimator = library.rebuild(content, about["estimator"], about["parameters"], classes)
    if not (directory / PREPARATION).exists():
        return estimator, classes
    skops_io()
    return whole(library, read_preparation(directory), estimator), classes


def is_of_a_run(library: Library, path: Path) -> bool:
    """Whether a file is the model that a run wrote, so that what belongs to it lies beside it."""
    return path.name == library.model_file and (path.parent / ABOUT).exists()


def read(library: Library, path: Path, *, trust: bool) -> Any:
    """Read a model file of the library's own that another program wrote, or a pickle where a person trusts it.

    Raises
    ------
    ModelLoadingError
        If it is none.
    """
    if not path.is_file():
        raise missing(path)
    content = _content(path)
    if content.startswith(_PICKLE):  # whatever it is called
        return _unpickled(library, path, trust=trust)
    if path.suffix not in library.suffixes:
        raise ModelLoadingError(
            f"{path.name} is no model file of {library.title}: those end in {listed(library.suffixes)}",
            solution=_way_out(library),
        )
    wrong = _probe.complaint(library, path) if content else "it is empty"
    if wrong is not None:
        raise _damaged(library, path, wrong)
    return library.parse(content)


def parts(model: Any) -> tuple[Any, Any]:
    """The preparation of a pipeline, None where there is none, and its estimator."""
    steps = getattr(model, "steps", None)
    if steps is None:
        return None, model
    return (steps[0][1] if len(steps) > 1 else None), steps[-1][1]


def whole(library: Library, preparation: Any, estimator: Any) -> Any:
    """What predicts raw rows: the estimator, behind its preparation where it has one."""
    if preparation is None:
        return estimator
    from sklearn.pipeline import Pipeline

    between = library.between(estimator, Columns.of(library, preparation))
    steps = [("preparation", preparation), ("categories", between), ("estimator", estimator)]
    return Pipeline([step for step in steps if step[1] is not None])


def _about(path: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(_content(path))
        if about["format"] == FORMAT:
            return about
    except (ValueError, TypeError, KeyError) as error:
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None
    raise ModelLoadingError(f"{path.name} is of another version of mlmagic")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelLoadingError(f"Cannot read {path}: {error.strerror}") from None


def _unpickled(library: Library, path: Path, *, trust: bool) -> Any:
    if not trust:
        raise refused(path, "it is a pickle, and reading one runs whatever code is in it", _way_out(library))
    import joblib

    try:
        return joblib.load(path)
    except Exception as error:  # a damaged file fails in any way
        raise _damaged(library, path, f"{type(error).__name__}: {error}") from None


def _damaged(library: Library, path: Path, cause: str) -> ModelLoadingError:
    return ModelLoadingError(
        f"Failed to load {path.name}: it is damaged, or no model of {library.title}",
        stderr=cause,
        solution=_way_out(library),
    )


def _way_out(library: Library) -> str:
    return f"Save the model in {library.title}'s own format: {library.saving}"


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a file without code can hold: functions and objects of the notebook are left out."""
    known = {key: plain(value) for key, value in parameters.items()}
    return {key: value for key, value in known.items() if value is not None and value == value}
