"""What of a user's own estimator a file without a pickle cannot hold: found before it trains, by its looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlmagic.errors import Fault
from mlmagic.executors.sklearn._estimators import UNSTORED

if TYPE_CHECKING:
    from mlmagic.executors.sklearn.config import SklearnTrain


def unstored(train: SklearnTrain, estimator: Any) -> list[Fault]:
    """The fault of each estimator in it that only a pickle stores."""
    kinds = (type(part) for part in _parts(estimator))
    names = {kind.__name__ for kind in kinds if kind.__name__ in UNSTORED and kind.__module__.startswith("sklearn.")}
    path = "config.model" if train.model is not None else "config.hyperparameters"
    return [
        Fault(path, f"{name} cannot be stored without a pickle, and so would train in vain: take another estimator")
        for name in sorted(names)
    ]


def remark(estimator: Any) -> str | None:
    """Why no other process can load what is stored; None where it can.

    A file names functions and classes by their modules, and what a notebook defines is in none.
    """
    names = dict.fromkeys(name for part in _parts(estimator) if (name := _of_notebook(part)))
    if not names:
        return None
    return (
        f"The stored model names {', '.join(names)} of the notebook, which no other process has: it cannot be "
        "loaded there, not even with trust: true. Define it in a module (steps.py), import it and train again"
    )


def _of_notebook(part: Any) -> str | None:
    """What a function, or the class of an object, is called, if it cannot be imported by that name."""
    named = part if hasattr(part, "__qualname__") else type(part)
    name: str = named.__qualname__
    return name if getattr(named, "__module__", None) == "__main__" or "<" in name else None


def _parts(estimator: Any) -> Iterator[Any]:
    """It and all that it holds, to any depth."""
    yield estimator
    if hasattr(estimator, "get_params") and not isinstance(estimator, type):
        yield from estimator.get_params(deep=True).values()
