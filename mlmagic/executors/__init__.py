"""One module or package a framework. The table is of strings: nothing is imported before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlmagic.executors._base import Executor


@dataclass(frozen=True)
class Entry:
    """Where an executor and its config model live, as "module:name", and what to install for it."""

    title: str
    executor: str
    train: str
    install: str
    module: str
    aliases: tuple[str, ...] = ()


EXECUTORS: dict[str, Entry] = {
    "sklearn": Entry(
        title="scikit-learn",
        executor="mlmagic.executors.sklearn.executor:SklearnExecutor",
        train="mlmagic.executors.sklearn.config:SklearnTrain",
        install="pip install scikit-learn",
        module="sklearn",
        aliases=("scikit-learn", "scikit_learn"),
    ),
    "pytorch": Entry(
        title="PyTorch",
        executor="mlmagic.executors.pytorch.executor:TorchExecutor",
        train="mlmagic.executors.pytorch.config:TorchTrain",
        install="pip install torch",
        module="torch",
        aliases=("torch",),
    ),
}


def load(framework: str) -> Executor:
    """The executor of a framework, by its name in the table."""
    executor: Executor = resolve(EXECUTORS[framework].executor)()
    return executor


def resolve(reference: str) -> Any:
    """The object that a "module:name" string names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
