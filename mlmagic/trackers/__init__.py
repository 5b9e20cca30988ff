"""Sinks of a run's events: one file each, and none that an executor knows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mlmagic.errors import FrameworkNotFound
from mlmagic.trackers._beside import Beside

# What `logging` may name: the class, and the package that it needs.
TRACKERS = {
    "tensorboard": ("mlmagic.trackers.tensorboard:TensorBoard", "tensorboard"),
    "wandb": ("mlmagic.trackers.wandb:WandB", "wandb"),
}


def trackers(
    wanted: Collection[str], path: Path, config: dict[str, Any], complain: Callable[[str], None]
) -> list[Beside]:
    """Trackers of a run that has just begun, by name.

    Parameters
    ----------
    path
        The run's directory.
    config
        The run's config, as plain data.
    complain
        Takes what goes wrong in them, in words.

    Raises
    ------
    FrameworkNotFound
        If the package of one is not installed.
    """
    for name in wanted:
        package = TRACKERS[name][1]
        if find_spec(package) is None:
            raise FrameworkNotFound(
                f"logging: {name} needs the package {package}, which is not installed",
                stderr=f"ModuleNotFoundError: No module named {package!r}",
                solution=f"Install it: pip install {package}; or leave {name} out: the dashboard shows the same curves",
            )
    return [
        Beside(partial(_make, name, path, config), lambda text, name=name: complain(f"logging: {name} gave up: {text}"))  # type: ignore[misc]
        for name in wanted
    ]


def _make(name: str, path: Path, config: dict[str, Any]) -> Any:
    module, kind = TRACKERS[name][0].split(":")
    return getattr(import_module(module), kind)(path, config)
