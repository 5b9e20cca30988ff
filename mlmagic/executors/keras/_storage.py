"""Networks in files: Keras' own format, TensorFlow's SavedModel, and what both leave out as plain JSON."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from mlmagic.errors import ModelLoadingError
from mlmagic.executors._networks._preparation import write_preparation
from mlmagic.executors.keras import _backend
from mlmagic.executors.keras._outcome import KerasOutcome
from mlmagic.run_directory import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmagic.executors._base import Outcome

FORMAT = 1
BEST, LAST, SAVED_MODEL, ABOUT = "best_model.keras", "last_model.keras", "saved_model", "model.json"
WEIGHTS, NOT_EXPORTED = ".weights.h5", "saved_model_error.txt"


def save(outcome: Outcome, directory: Path, *, everything: bool) -> dict[str, Path]:
    """Write the best model and, with ``everything``, a SavedModel of it; files by the report's key."""
    assert isinstance(outcome, KerasOutcome)
    files = {"bestModel": write(outcome.model, directory / BEST)}
    files["modelInfo"] = write_about(directory, outcome.about)
    if everything and keras.backend.backend() == _backend.TENSORFLOW:
        files |= _exported(outcome, directory, files["bestModel"].name)
    if outcome.preparation is not None:
        files["preparation"] = write_preparation(directory, outcome.preparation)
    return files


def _exported(outcome: KerasOutcome, directory: Path, kept: str) -> dict[str, Path]:
    """A SavedModel, or why there is none: a class of the user's own may do what TensorFlow cannot export."""
    try:
        return {"savedModel": write_saved_model(outcome.model, outcome.about, directory / SAVED_MODEL)}
    except OSError:
        raise
    except Exception as error:
        missing = f"{SAVED_MODEL} was not written, for Keras cannot export this network"
        print(f"{missing}; {NOT_EXPORTED} says why, {kept} has the model")  # to the run's log
        reason = f"{missing}: {type(error).__name__}: {error}"
        return {"savedModelError": write_whole(directory / NOT_EXPORTED, f"{reason}\n".encode())}


def write(model: keras.Model, path: Path) -> Path:
    """Write a model whole, with the state of its optimizer: bare weights where Keras cannot write its config."""
    try:
        return write_whole(path, lambda temporary: model.save(temporary, overwrite=True))
    except (NotImplementedError, TypeError):  # arguments that are no plain data
        return write_whole(path.with_suffix(WEIGHTS), lambda temporary: _write_weights(model, temporary))


def _write_weights(model: keras.Model, path: Path) -> None:
    named = path.with_suffix(WEIGHTS)  # Keras insists
    model.save_weights(named, overwrite=True)
    named.replace(path)


def write_about(directory: Path, about: Mapping[str, Any]) -> Path:
    """Write what a model's file does not say: labels, what outputs mean, what its class was called with."""
    body = json.dumps({"format": FORMAT, **about}, indent=1)
    return write_whole(directory / ABOUT, body.encode())


def read_about(directory: Path) -> dict[str, Any] | None:
    """Read what :func:`write_about` wrote; None where there is nothing.

    Raises
    ------
    ModelLoadingError
        If it is damaged.
    """
    path = directory / ABOUT
    if not path.exists():
        return None
    try:
        body = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None
    if not isinstance(body, dict) or body.pop("format", None) != FORMAT:
        raise ModelLoadingError(f"{path.name} is nothing that this version of mlmagic wrote")
    return body


def write_saved_model(model: keras.Model, about: Mapping[str, Any], path: Path) -> Path:
    """Export a model as a directory that is there whole or not at all."""
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        with _QUIET.here():
            _export(model, about, temporary / "new")
        if path.exists():
            path.rename(temporary / "old")
        (temporary / "new").rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        _forget_generated()
    return path


def _export(model: keras.Model, about: Mapping[str, Any], path: Path) -> None:
    # A class of the user's own does not say what it takes: Keras would have it take floats.
    says = isinstance(model, keras.Sequential) or hasattr(model, "operations")
    row = keras.InputSpec(about["inputsDtype"], (None, *about["inputs"]))
    archive = keras.export.ExportArchive()
    archive.track(model)
    # ``model.export`` does not say that this is no training, and a layer such as RandomFlip then takes it for one.
    archive.add_endpoint("serve", partial(model, training=False), input_signature=model.inputs if says else [row])
    archive.write_out(str(path), verbose=False)


class _Quiet(logging.Filter):
    """Keeps what TensorFlow says in passing from the screen, in the threads that export.

    Its logger holds the stream that there was when TensorFlow was imported, so in a kernel it would write into
    whichever cell runs, past the run's log.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads: set[int | None] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or record.thread not in self._threads

    @contextmanager
    def here(self) -> Iterator[None]:
        # It stays where it is: to take it out while another thread logs could skip the filter next to it.
        logging.getLogger("tensorflow").addFilter(self)
        self._threads.add(threading.get_ident())
        try:
            yield
        finally:
            self._threads.discard(threading.get_ident())


_QUIET = _Quiet()


def _forget_generated() -> None:
    """Drop the modules that TensorFlow writes while it exports: they look like the user's own, and new each time."""
    for name in [name for name in sys.modules if name.startswith("__autograph_generated_file")]:
        del sys.modules[name]
