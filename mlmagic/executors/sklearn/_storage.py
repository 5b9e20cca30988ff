"""Estimators in files that run no code when they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlmagic.errors import ModelLoadingError, TrainingFailure
from mlmagic.executors._base import how_to_trust, missing, refused
from mlmagic.executors._skops import skops_io
from mlmagic.executors.sklearn._drawn import storable
from mlmagic.executors.sklearn._dump import dump
from mlmagic.executors.sklearn._trusted import trusted
from mlmagic.run_directory import write_whole

PICKLES = (".pkl", ".pickle", ".joblib")


def save(model: Any, path: Path) -> Path:
    """Write a model whole.

    Raises
    ------
    TrainingFailure
        If it holds what skops cannot store.
    """
    try:
        return write_whole(path, lambda temporary: dump(storable(model), temporary))
    except (OSError, MemoryError):
        raise
    except Exception as error:  # skops has an error of its own for some, and others fail in any way
        raise TrainingFailure(
            f"The model is trained, but {path.name} cannot hold it without a pickle",
            stderr=f"{type(error).__name__}: {error}",
            solution="Take what the line above names out of the estimator; until the kernel ends, report.model has it",
        ) from None


def read(path: Path, *, trust: bool) -> Any:
    """Read a model file that somebody else wrote: skops, or a pickle where a person trusts it.

    Raises
    ------
    ModelLoadingError
        If it is not there, is damaged, or would run code that nobody has trusted.
    """
    if not path.is_file():
        raise missing(path)
    if path.suffix == ".skops":
        return load(path, trust=trust)
    if path.suffix not in PICKLES:
        raise ModelLoadingError(
            f"{path.name} is no model file of scikit-learn: those end in .skops, {', '.join(PICKLES)}",
            solution="Name the framework that wrote it: framework: pytorch",
        )
    if not trust:
        why = "it is a pickle, and reading one runs whatever code is in it"
        raise refused(path, why, "Save the model again with skops.io.dump(model, 'model.skops')")
    import joblib

    try:
        return joblib.load(path)
    except Exception as error:  # a damaged file fails in any way
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None


def load(path: Path, *, trust: bool) -> Any:
    """Read a model.

    Raises
    ------
    ModelLoadingError
        If the file is damaged, or holds a type that nobody trusted.
    """
    io = skops_io()
    try:
        unknown = io.get_untrusted_types(file=path)
        safe = unknown if trust else trusted(unknown)
        if strange := sorted(set(unknown) - set(safe)):
            raise _strange(path, strange)
        return io.load(path, trusted=safe)
    except ModelLoadingError:
        raise
    except Exception as error:  # a damaged file fails in any way
        raise ModelLoadingError(f"Failed to load {path.name}", stderr=f"{type(error).__name__}: {error}") from None


def _strange(path: Path, names: list[str]) -> ModelLoadingError:
    """The error for a file with types that nobody trusted; trust does not help where no module has them."""
    nowhere = [name for name in names if "<" in name]
    return ModelLoadingError(
        f"{path.name} holds types that are not known to be safe: {', '.join(names)}",
        solution=f"Nothing can load it: no module has {', '.join(nowhere)}. Define it in one, import it and train again"
        if nowhere
        else f"Load it only {how_to_trust(path)}",
    )
