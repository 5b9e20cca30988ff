"""The network that a user's script defines."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import keras

from mlmagic.executors._networks._script import MODULE, choose, run_script

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from mlmagic.executors._networks._script import Admit


def load_network(path: Path, name: str | None, admit: Admit) -> Any:
    """A model's class, a function that gives a model, or a model, from a script, which is run.

    Parameters
    ----------
    name
        What to take from it. None for the only ``keras.Model`` subclass defined there; where there is none, the only
        model that the script makes; where it makes none, the only function.
    admit
        Called with the script, the name and the code that is to run, before it runs; raises where it must not.

    Raises
    ------
    ModelLoadingError
        If the script is not there, raises, or has no such network.
    """
    script = run_script(path, name, admit)
    return choose(path, script, name, _networks(script), "keras.Model")


def _networks(script: ModuleType) -> dict[str, Any]:
    public = {name: value for name, value in vars(script).items() if not name.startswith("_")}
    classes = {
        name: value
        for name, value in public.items()
        if isinstance(value, type) and issubclass(value, keras.Model) and value.__module__ == MODULE
    }
    models = {name: value for name, value in public.items() if isinstance(value, keras.Model)}
    functions = {
        name: value for name, value in public.items() if inspect.isfunction(value) and value.__module__ == MODULE
    }
    return classes or models or functions
