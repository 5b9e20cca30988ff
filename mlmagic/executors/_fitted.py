"""A model to predict with, wherever it came from, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import Fault, InvalidConfiguration, ModelLoadingError
from mlmagic.executors import EXECUTORS, load
from mlmagic.executors._base import Outcome, Places, Predictions, most_probable
from mlmagic.executors._decided import predict_decided

if TYPE_CHECKING:
    import numpy as np

    from mlmagic.config import RunConfig
    from mlmagic.data import Rows, Task


@dataclass(frozen=True)
class Fitted:
    """A fitted model, and the facts of its training as far as they are known.

    Attributes
    ----------
    framework
        Whose executor predicts with it.
    outcome
        The model itself.
    name
        Where it came from, as a person calls it: "report-1", "$model", "models/churn.skops".
    target, task
        What it predicts; None where nobody knows.
    features
        The columns that it takes, in order, and the dtype that each had in training (None where nobody knows); None
        where they are not known either.
    encoded
        The labels that it knows of each column of text or categories.
    groups
        The column that said in training what each row belongs to; None where there was none.
    trained_on
        The ``dataHash`` of the table whose rows trained it; None where nobody knows.
    """

    framework: str
    outcome: Outcome
    name: str
    target: str | None = None
    task: Task | None = None
    features: Mapping[str, str | None] | None = None
    encoded: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: str | None = None
    trained_on: str | None = None

    def predict(self, rows: Rows, *, asked: bool | None = None) -> Predictions:
        """Predict raw rows, which have the model's columns.

        Parameters
        ----------
        asked
            Whether a metric that was asked for looks at decision values, or the usual ones measure alone; None where
            none measures. What they look at is there, if need be by a second pass.
        """
        executor = load(self.framework)
        if asked is None:
            return executor.predict(self.outcome, rows)
        return predict_decided(executor, self.outcome, rows, asked=asked)

    def placed(self, config: RunConfig) -> Fitted:
        """The same model on the device that the config wants."""
        executor = load(self.framework)
        return replace(self, outcome=executor.place(self.outcome, config)) if isinstance(executor, Places) else self

    def settled(self, given: Predictions) -> Predictions:
        """Predictions for all rows, read as the task says.

        A network or a booster may give one number a row and not say what it is. Where it is known to classify, that is
        the probability of the second of two classes, or its logit where one of all is not between 0 and 1.
        """
        numbers = given.probabilities is None and given.values.dtype.kind == "f"
        return _of_two(given) if numbers and self.task == "classification" and self.outcome.classes is None else given

    def classes(self, given: Predictions) -> np.ndarray | None:
        """The labels in the order of the probabilities, shape (k,): their numbers where the model knows no other."""
        if self.outcome.classes is not None or given.probabilities is None:
            return self.outcome.classes
        import numpy as np

        return np.arange(given.probabilities.shape[1])

    def describe(self) -> dict[str, Any]:
        """What is known of it, as plain data for a report."""
        return {
            "name": self.name,
            "framework": self.framework,
            "target": self.target,
            "task": self.task,
            "features": dict(self.features) if self.features is not None else None,
        }


def find(config: RunConfig) -> Fitted:
    """The model that a bound config names.

    Raises
    ------
    ModelLoadingError
        If it cannot be had, or is none.
    InvalidConfiguration
        If it is another framework's than the config says.
    """
    wanted: Any = config.config
    found = _given(config) if wanted.model is not None else _read(config, Path(wanted.model_path).expanduser())
    if found.framework != config.executor and not _share_algorithms(found.framework, config.executor):
        title = EXECUTORS[found.framework].title
        message = f"framework is {config.framework}, but {found.name} was trained with {title}"
        raise InvalidConfiguration([Fault("framework", message, value=config.framework)])
    if wanted.feature_columns is not None:
        known = found.features or {}
        _require_all(known, wanted.feature_columns, found.name)
        found = replace(found, features={name: known.get(name) for name in wanted.feature_columns})
    return replace(found, task=found.task or wanted.task)


def _require_all(known: Mapping[str, Any], names: Sequence[str], who: str) -> None:
    """Refuse a choice among a model's columns: it takes all of them."""
    lacking = [name for name in known if name not in names]
    if lacking and len(set(names)) < len(known):
        message = f"featureColumns leaves out {', '.join(map(repr, lacking))}, which {who} was trained on"
        way_out = "Leave featureColumns out: the model knows its columns; to do without some, train another"
        raise InvalidConfiguration([Fault("featureColumns", message, value=list(names))], solution=way_out)


def _share_algorithms(*frameworks: str) -> bool:
    """Whether an algorithm named under one of these is trained by another: what trained it need not be known."""
    return all(EXECUTORS[name].algorithms for name in frameworks)


def _given(config: RunConfig) -> Fitted:
    reference = config.config.fitted
    assert reference is not None
    if isinstance(reference.value, Fitted):
        return reference.value
    outcome = load(config.executor).adopt(reference.value)
    if outcome is None:
        title, value = EXECUTORS[config.executor].title, reference.value
        what = f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
        raise ModelLoadingError(
            f"{reference} is {what}, which is no fitted model of {title}",
            solution="Give a fitted model, or the report of a training run: model: $report",
        )
    return _bare(config.executor, outcome, str(reference))


def _read(config: RunConfig, path: Path) -> Fitted:
    return _bare(config.executor, load(config.executor).read(path, config), str(path))


def _bare(framework: str, outcome: Outcome, name: str) -> Fitted:
    """What is known of a model that comes without its training's facts."""
    features = None if outcome.features is None else dict.fromkeys(outcome.features)
    return Fitted(framework, outcome, name, None, "classification" if outcome.classes is not None else None, features)


def _of_two(given: Predictions) -> Predictions:
    import numpy as np

    values = given.values.astype(np.float64)
    likely = (values >= 0).all() and (values <= 1).all()
    second = values if likely else (1 + np.tanh(values / 2)) / 2
    found = np.column_stack([1 - second, second])
    return replace(given, values=most_probable(found), probabilities=found)
