"""What a training run is measured by: what its task always has, and what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic._failure import user_frames
from mlmagic.config._metrics import places
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._base import Ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from mlmagic.config import RunConfig
    from mlmagic.config._train import TrainConfig
    from mlmagic.data import Rows, TrainingData
    from mlmagic.evaluation import Asked, Comparison
    from mlmagic.evaluation._metrics import Measured
    from mlmagic.executors._base import Executor, Outcome, Predictions


@dataclass(frozen=True)
class Scored:
    """Measures predictions.

    Parameters
    ----------
    task
        What is measured: the run's task, or a ranking.
    asked
        Metrics beside those that every report of the task has.
    """

    task: Measured
    asked: Sequence[Asked] = ()

    def look_at_decision(self, outcome: Outcome) -> bool:
        """Whether what was asked for looks at decision values, where the model has them."""
        from mlmagic.evaluation import looks_at_decision

        return looks_at_decision(self.asked, outcome.classes)

    def scores(self, rows: Rows, given: Predictions, outcome: Outcome) -> dict[str, float]:
        """One number each, under the names of the history."""
        from mlmagic.evaluation import point, scores

        compared = self._compared(rows, given, outcome)
        usual = scores(compared)
        more = [item for item in self.asked if item not in usual]
        return {**usual, **(point(more, compared) if more else {})}

    def report(self, rows: Rows, given: Predictions, outcome: Outcome) -> dict[str, Any]:
        """All of it, as the report shows it; ``undefined`` says why a metric is None."""
        from mlmagic.evaluation import METRICS, evaluate, named

        compared = self._compared(rows, given, outcome)
        found = evaluate(compared)
        if not self.asked:
            return found
        by_name = named(self.asked, compared)
        keys = {name: METRICS[name].key if name in METRICS else name for name in by_name.values}
        more = {keys[name]: value for name, value in by_name.values.items() if keys[name] not in found}
        reasons = {keys[name]: why for name, why in by_name.reasons.items()} | found.pop("undefined", {})
        return {**found, **more, **({"undefined": reasons} if reasons else {})}

    def remarks(self, report: dict[str, Any]) -> list[str]:
        """Why what was asked for has no value."""
        from mlmagic.evaluation import METRICS

        names = [item if isinstance(item, str) else item[0] for item in self.asked]
        keys = [METRICS[name].key if name in METRICS else name for name in names]
        reasons = report.get("undefined", {})
        return [f"{key} has no value: {reasons[key]}" for key in keys if key in reasons]

    def _compared(self, rows: Rows, given: Predictions, outcome: Outcome) -> Comparison:
        from mlmagic.evaluation import Comparison

        parts = truth(rows), given.values, given.probabilities, outcome.classes
        group = None if rows.group is None else rows.group.to_numpy()
        return Comparison(self.task, *parts, decision=given.decision, group=group)


def kind_of(executor: Executor, config: RunConfig, data: TrainingData) -> Measured:
    """What a run is measured as: its task, or the ranking that an estimator makes of a regression."""
    return "ranking" if isinstance(executor, Ranks) and executor.ranks(config) else data.task


def require_fit(train: TrainConfig, task: Measured, data: TrainingData) -> None:
    """Look for what is wrong with the metrics before anything trains.

    Raises
    ------
    InvalidConfiguration
        With every name of another task, and every function that fails on a few rows of the target.
    """
    asked, called = train.asked, places(train.metrics)
    if not asked:
        return
    from mlmagic.evaluation import misplaced

    faults, frames = misplaced(asked, task), []
    for item in asked:
        if not isinstance(item, str) and (error := _failing(item, data)) is not None:
            place, cause = called[item[0]], f"{type(error).__name__}: {error}".splitlines()[0]
            message = f"{place} gives no number for a few rows of the target: {cause}"
            faults.append(Fault("config.metrics", message, value=place))
            frames.append(user_frames(error))
    if faults:
        solution = "A metric is f(y_true, y_pred) of labels or numbers, or a scorer of scikit-learn" if frames else None
        raise InvalidConfiguration(faults, stderr="\n".join(filter(None, frames)) or None, solution=solution)


def _failing(item: Any, data: TrainingData) -> Exception | None:
    from mlmagic.evaluation import tried

    try:
        tried(item[1], truth(data.train), data.classes)
    except Exception as error:
        return error
    return None


def truth(rows: Rows) -> np.ndarray:
    """Labels or numbers of rows that have them, shape (n,)."""
    assert rows.y is not None
    return rows.y.to_numpy()
