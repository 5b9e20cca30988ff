"""A notebook cell of YAML becomes a training run that you can watch, stop and keep, and open again later.

In a notebook: ``%load_ext mlmagic``, then ``%mlhelp``. From Python: :func:`run` and :func:`submit`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlmagic.api import attach, run, submit
    from mlmagic.errors import MLError
    from mlmagic.magics import load_ipython_extension, unload_ipython_extension
    from mlmagic.model import Model, load_model
    from mlmagic.report import Report
    from mlmagic.trainer import ModelTrainer

__version__ = "0.1.0"

# Names are looked up when they are first used, so that the import costs nothing.
_HOMES = {
    "MLError": "errors",
    "Model": "model",
    "ModelTrainer": "trainer",
    "Report": "report",
    "attach": "api",
    "load_ipython_extension": "magics",
    "load_model": "model",
    "run": "api",
    "submit": "api",
    "unload_ipython_extension": "magics",
}

__all__ = [
    "MLError",
    "Model",
    "ModelTrainer",
    "Report",
    "attach",
    "load_ipython_extension",
    "load_model",
    "run",
    "submit",
    "unload_ipython_extension",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
