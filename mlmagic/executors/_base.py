"""The seam between mlmagic and a framework: what an executor is given and what it gives back."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from mlmagic._suggest import closest_file
from mlmagic.errors import ModelLoadingError
from mlmagic.events import Emit

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, Task, TrainingData
    from mlmagic.state import RunState


# Cells of a batch: 8 MB as float64.
MOST_CELLS = 1_000_000


def how_to_trust(file: Path) -> str:
    """What a person who knows a run does, so that ``file`` of its directory may run code."""
    directory = str(file.parent)
    return (
        f"if you know who made it: trust: true in the cell that names it, %mlattach {shlex.quote(directory)} --trust, "
        f"or mlmagic.attach({directory!r}, trust=True)"
    )


def missing(path: Path) -> ModelLoadingError:
    """The error for a model file that is not there."""
    if path.is_dir():
        return ModelLoadingError(
            f"modelPath {str(path)!r} is a directory that holds no model",
            solution="Name the directory of a run, or a model's file",
            metadata={"modelPath": str(path)},
        )
    near = closest_file(path)
    hint = f". Did you mean {str(near)!r}?" if near else ""
    return ModelLoadingError(
        f"modelPath {str(path)!r} is not there{hint}",
        stderr=f"FileNotFoundError: {path.absolute()}",
        solution="Correct the path; it starts at the notebook's directory",
        metadata={"modelPath": str(path)},
    )


def refused(path: Path, why: str, instead: str) -> ModelLoadingError:
    """The error for a model file that would run code, with the two ways out: another format, or somebody's word."""
    return ModelLoadingError(
        f"{path.name} is refused: {why}",
        solution=f"{instead}; if you know who made it, write trust: true",
        metadata={"modelPath": str(path)},
    )


class Stop(Protocol):
    """How an executor learns that it shall stop and keep its best; a ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """Whether somebody asked. Cheap enough to call every step."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What training gave.

    Attributes
    ----------
    model
        The fitted object that the user gets: the best one, else the last.
    preparation
        The fitted transformer from raw columns to what ``model`` takes; None where the model holds it itself.
    classes
        The labels in the order of the model's outputs; None for a regression.
    metrics
        What training itself measured, nested as the report shows it.
    metadata
        Facts for the report, under the report's keys.
    tables
        Tables by name, for panels and figures ("feature_importances", ...).
    artifacts
        Files written below the run's directory, by the report's key. The first of them is the model.
    features
        The columns that the model takes, in order, where it knows them itself; None where it does not.
    ranks
        Whether its numbers only rank the rows of a group.
    """

    model: Any
    preparation: Any = None
    classes: np.ndarray | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    artifacts: Mapping[str, Path] = field(default_factory=dict)
    features: tuple[str, ...] | None = None
    ranks: bool = False

    @property
    def windows(self) -> Mapping[str, Any] | None:
        """Where a sample is several rows: their ``window``, its ``horizon`` and the column of ``groups``; else None."""
        return None

    @property
    def reads_text(self) -> bool:
        """Whether the only column that it takes is one of text."""
        return False


def batch_rows(columns: int) -> int:
    """How many rows of so many columns are predicted at a time: 1024, fewer where a row is wide; a power of two.

    It depends on nothing else: which rows a library multiplies together decides the last digit of a sum, and a model
    predicts the same in every process.
    """
    return 1 << (max(1, min(MOST_CELLS // max(1, columns), 1024)).bit_length() - 1)


def most_probable(probabilities: np.ndarray) -> np.ndarray:
    """The place of the greatest probability of each row, shape (n,); of equal ones the first.

    Parameters
    ----------
    probabilities
        Shape (n, classes).
    """
    # Of two, which is what most models have, argmax takes ten times as long.
    two = probabilities.shape[1] == 2
    places: np.ndarray = probabilities[:, 1] > probabilities[:, 0] if two else probabilities.argmax(axis=1)
    return places.astype("intp", copy=False)


@dataclass(frozen=True)
class Predictions:
    """Predictions for rows, in their order.

    Attributes
    ----------
    values
        Labels or numbers, shape (n,).
    probabilities
        Shape (n, classes), columns in the order of ``Outcome.classes``, or of the classes' numbers where the model
        does not know their labels; None for a regression or where the model has none.
    metadata
        How it was predicted, under the report's keys: ``gpuUsed``, ``gpuModel``.
    decision
        How far the model is for the second of two classes, shape (n,), or for each of more, shape (n, classes), on a
        scale of its own; None where it does not tell, or was not asked.
    """

    values: np.ndarray
    probabilities: np.ndarray | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    decision: np.ndarray | None = None


@runtime_checkable
class Executor(Protocol):
    """One framework. Stateless: everything about a run is in the arguments."""

    def placement(self, config: RunConfig) -> Literal["thread", "child"]:
        """Where it runs: in a thread if it can be asked to stop there, else in a child, which can be killed.

        Called before the framework is imported; must not import it.
        """
        ...

    def versions(self) -> dict[str, str]:
        """Versions of the libraries that shape the result, by distribution. Imports the framework.

        Raises
        ------
        FrameworkNotFound
            If the framework is not installed.
        """
        ...

    def task(self, config: RunConfig) -> Task | None:
        """The task that the estimator or the loss settles; None where the target decides. Imports nothing."""
        ...

    def check(self, config: RunConfig, data: TrainingData) -> None:
        """Find what only the framework can: unknown hyperparameters, classes that scripts lack, wrong shapes.

        Raises
        ------
        InvalidConfiguration
            With every fault at once.
        """
        ...

    def run(self, config: RunConfig, data: TrainingData, emit: Emit, stop: Stop) -> Outcome:
        """Fit a model. On ``stop`` return soon, with the best model so far; ``Outcome.model`` is None if there is none.

        Raises
        ------
        MLError
            With the cause and the way out; anything else that escapes is the user's code failing.
        """
        ...

    def predict(self, outcome: Outcome, rows: Rows) -> Predictions:
        """Predict raw rows with a fitted model."""
        ...

    def save(self, outcome: Outcome, config: RunConfig) -> dict[str, Path]:
        """Write the model below ``config.output_dir``, whole or not at all; the files by the report's key."""
        ...

    def load(self, path: Path, config: RunConfig, state: RunState) -> Outcome | None:
        """The model that a run saved in ``path``, as :meth:`run` gave it; None where it saved none.

        Raises
        ------
        ModelLoadingError
            If the file cannot be read without running code that nobody has trusted.
        """
        ...

    def adopt(self, model: Any) -> Outcome | None:
        """What predicts with a fitted model of the notebook; None where it is not one of this framework's.

        Raises
        ------
        ModelLoadingError
            If it is one, but is not fitted.
        """
        ...

    def read(self, path: Path, config: RunConfig) -> Outcome:
        """The model in a file that no run of ours wrote. What the config says of it: script, class, trust.

        Raises
        ------
        ModelLoadingError
            If it is not there, is damaged, or cannot be read without running code that nobody has trusted.
        """
        ...


@runtime_checkable
class Exports(Protocol):
    """What an executor has beside :class:`Executor` whose models fit in one file, all that they need in it.

    Attributes
    ----------
    whole
        The suffixes of such files.
    """

    whole: tuple[str, ...]

    def export(self, outcome: Outcome, path: Path) -> None:
        """Write the model so that :meth:`Executor.read` gives it back, its columns too."""
        ...


@runtime_checkable
class Places(Protocol):
    """What an executor has beside :class:`Executor` whose models predict on one device or another."""

    def place(self, outcome: Outcome, config: RunConfig) -> Outcome:
        """The model on the device that ``gpuEnabled`` says, a copy if it is elsewhere; where it is if it says none."""
        ...


@runtime_checkable
class Decides(Protocol):
    """What an executor has beside :class:`Executor` whose models may order rows by more than probabilities."""

    def decision(self, outcome: Outcome, rows: Rows) -> np.ndarray | None:
        """``Predictions.decision`` of raw rows, where :meth:`Executor.predict` would have to ask twice for it."""
        ...

    def orders_alike(self, outcome: Outcome) -> bool:
        """Whether the probabilities of two classes are known to order rows as the decision values do."""
        ...


@runtime_checkable
class Ranks(Protocol):
    """What an executor has beside :class:`Executor` that may train a model which ranks the rows of a group."""

    def ranks(self, config: RunConfig) -> bool:
        """Whether this run trains one: its scores have no scale, and are measured by their order only."""
        ...
