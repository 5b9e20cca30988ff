"""Model files of Keras: read without running code that came with them."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any

import keras

from mlmagic._capture import without
from mlmagic.errors import ModelLoadingError
from mlmagic.executors.keras import _saved_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What a person does who names the file in a cell.
BY_KEY = "if you know who made it: trust: true"
# What Keras says of each file that was saved straight after compile: neither changes what the model does.
_HARMLESS = re.compile(
    r"the compiled metrics have yet to be built|Skipping variable loading .* the saved optimizer has 2 variables\."
)
_UNSAFE = ("lambda", "unsafe", "safe_mode", "arbitrary code")


def read(
    path: Path, objects: Mapping[str, Any], *, way_to_trust: str, trust: bool = False, compiled: bool = False
) -> keras.Model:
    """Read a .keras or .h5 file, or the directory of a SavedModel.

    Parameters
    ----------
    objects
        Classes and functions of the user's own that the file may name.
    way_to_trust
        What a person does who knows the file's maker, where it holds code.
    trust
        Whether code in the file may run.
    compiled
        Whether optimizer and loss are wanted.

    Raises
    ------
    ModelLoadingError
        If it is not there, damaged, holds code, or names a class that nobody gave.
    """
    if not path.exists():
        raise ModelLoadingError(
            f"{path} is not there", stderr=f"FileNotFoundError: {path.absolute()}", solution="Correct the path"
        )
    if path.is_dir():
        return _saved_model.read(path, way_to_trust=way_to_trust, trust=trust)
    try:
        with without(_HARMLESS):
            model: keras.Model = keras.saving.load_model(
                path, custom_objects=dict(objects), compile=compiled, safe_mode=not trust
            )
    except Exception as error:  # a damaged file fails in any way
        raise _refusal(path, error, way_to_trust) from None
    return model


def _refusal(path: Path, error: Exception, way_to_trust: str) -> ModelLoadingError:
    text = f"{type(error).__name__}: {error}"
    missing = re.search(r"Could not locate \w+ '([^']+)'|Unknown \w+: '([^']+)'", text)
    if missing:
        what = missing[1] or missing[2]
        return ModelLoadingError(
            f"{path.name} needs {what!r}, which Keras does not have",
            stderr=missing[0],
            solution=f"Give the script that defines {what}: modelScript: file.py",
        )
    if isinstance(error, ValueError) and any(word in text.lower() for word in _UNSAFE):
        return ModelLoadingError(
            f"{path.name} is refused: reading it would run code that it holds",
            stderr=text.splitlines()[0][:300],
            solution=f"Build its network anew without Lambda layers, or, {way_to_trust}",
        )
    damaged = path.suffix == ".keras" and not zipfile.is_zipfile(path)
    first = text.splitlines()[0][:300]
    return ModelLoadingError(f"Failed to load {path.name}" + (": it is damaged" if damaged else ""), stderr=first)
