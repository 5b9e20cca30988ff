"""The models that a config is made of, in the order in which help and schema show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlmagic.config._run import RunConfig
from mlmagic.config._train import TrainConfig
from mlmagic.executors import EXECUTORS, resolve

if TYPE_CHECKING:
    from mlmagic.config._model import Model


class Group(NamedTuple):
    """Keys that belong together."""

    title: str
    model: type[Model]
    names: tuple[str, ...]


def groups() -> list[Group]:
    """Run-wide keys, those of training in every framework, those that one framework adds, and the other actions'."""
    # The table names modules that import this package.
    from mlmagic.actions import ACTIONS

    shared = tuple(TrainConfig.model_fields)
    found = [
        Group("Every run", RunConfig, tuple(RunConfig.model_fields)),
        Group("train, every framework", TrainConfig, shared),
    ]
    for executor in EXECUTORS.values():
        model: type[TrainConfig] = resolve(executor.train)
        own = tuple(name for name in model.model_fields if name not in shared)
        found.append(Group(f"train, {executor.title}", model, own))
    for action, entry in ACTIONS.items():
        if entry.config is not None:
            keys = resolve(entry.config)
            found.append(Group(action, keys, tuple(keys.model_fields)))
    return found
