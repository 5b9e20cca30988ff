"""The network that a user's script defines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from mlmagic import _known_scripts
from mlmagic.executors._networks._script import MODULE, choose, run_script

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.executors._networks._script import Admit


def load_class(path: Path, name: str | None, admit: Admit = _known_scripts.note) -> Any:
    """The network's class (or a function that builds one) in a script.

    Parameters
    ----------
    path
        The script; it is run.
    name
        What to take from it. None for the only ``torch.nn.Module`` defined there.
    admit
        Called with the script, the name and the code that is to run, before it runs; raises where it must not.

    Raises
    ------
    ModelLoadingError
        If the script is not there, raises, or has no such class.
    """
    script = run_script(path, name, admit)
    defined = {
        key: value
        for key, value in vars(script).items()
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == MODULE
    }
    return choose(path, script, name, defined, "torch.nn.Module")
