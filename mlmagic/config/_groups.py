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
    """Run-wide keys, those of every framework, and those that one framework adds."""
    shared = tuple(TrainConfig.model_fields)
    found = [
        Group("Every run", RunConfig, tuple(RunConfig.model_fields)),
        Group("train, every framework", TrainConfig, shared),
    ]
    for entry in EXECUTORS.values():
        model: type[TrainConfig] = resolve(entry.train)
        own = tuple(name for name in model.model_fields if name not in shared)
        found.append(Group(f"train, {entry.title}", model, own))
    return found
