"""How well a model's answers match the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd

    from mlmagic.config import RunConfig
    from mlmagic.config._inference import EvaluateConfig
    from mlmagic.data import Task
    from mlmagic.executors._base import Predictions
    from mlmagic.executors._fitted import Fitted

# What panels and figures show of a classification, whatever metrics were asked for.
SHOWN = ("averaging", "positiveClass", "labels", "confusionMatrix", "classificationReport")


class Measured:
    """The task, the truth in the model's own words, and the metrics.

    Parameters
    ----------
    actual
        The truth beside the rows, shape (n,), without gaps.
    given
        What the model said of them.
    group
        What each row belongs to, shape (n,), where the model ranks the rows of a group.

    Attributes
    ----------
    labels
        Of the probabilities, shape (k,); None where there are none.
    classes
        What the model can answer, shape (k,); of one that does not tell, what it answered and what is true. None for a
        regression.
    compared
        The truth and what was predicted, as metrics are measured of them.
    remarks
        What the user should know: labels that the model never knew, metrics without a value.

    Raises
    ------
    DataLoadingError
        If the truth is nothing that the model predicts.
    """

    def __init__(
        self, config: RunConfig, fitted: Fitted, actual: pd.Series, given: Predictions, group: pd.Series | None = None
    ) -> None:
        from mlmagic.data import truth
        from mlmagic.evaluation import Comparison

        if fitted.task == "outliers":
            actual, given = _called(actual, given)
        self.given = given
        self.labels = fitted.classes(given)
        self.task = _task(fitted, given, self.labels)
        self.classes = _known(fitted, actual, given, self.labels) if self.task == "classification" else None
        self.actual = truth(actual, self.classes, fitted.name)
        self.compared = Comparison(
            "ranking" if fitted.outcome.ranks else self.task,
            self.actual.to_numpy(),
            given.values,
            given.probabilities,
            self.classes,
            decision=given.decision,
            group=None if group is None else group.to_numpy(),
        )
        self.metrics = self._metrics(config.config)  # type: ignore[arg-type]
        self.remarks = [*self._unknown(fitted.name), *self._undefined(), *self._unsaid(fitted)]

    def _metrics(self, wanted: EvaluateConfig) -> dict[str, Any]:
        from mlmagic.config._metrics import asked
        from mlmagic.evaluation import METRICS, evaluate, named

        found = evaluate(self.compared)
        if wanted.metrics is None:
            return found
        by_name = named(asked(wanted.metrics), self.compared)
        keys = {name: METRICS[name].key if name in METRICS else name for name in by_name.values}
        undefined = {keys[name]: reason for name, reason in by_name.reasons.items()}
        return {
            **{keys[name]: value for name, value in by_name.values.items()},
            **{key: found[key] for key in SHOWN if key in found},
            **({"undefined": undefined} if undefined else {}),
        }

    def _unknown(self, who: str) -> Iterator[str]:
        if self.classes is None:
            return
        strange = self.actual[~self.actual.isin(list(self.classes))]
        if len(strange):
            counts = ", ".join(f"{label!r} ({count})" for label, count in strange.value_counts().head(5).items())
            yield f"{len(strange)} rows have labels that {who} does not know, so it cannot be right there: {counts}"

    def _unsaid(self, fitted: Fitted) -> Iterator[str]:
        """A number a row may be the probability of a label, where neither the model nor the config says what it is."""
        if fitted.task is None and self.compared.task == "regression" and self.actual.nunique() == 2:
            yield (
                f"{fitted.name} gives one number a row, which was measured as a regression, but {self.actual.name!r} "
                "has two values: where it is a probability or a logit of the second, write task: classification"
            )

    def _undefined(self) -> Iterator[str]:
        for name, reason in self.metrics.get("undefined", {}).items():
            yield f"{name} has no value: {reason}"


def _task(fitted: Fitted, given: Predictions, labels: np.ndarray | None) -> Task:
    if fitted.task == "outliers":
        return "classification"  # of what is one, and what is none
    if fitted.task is not None:
        return fitted.task
    return "classification" if labels is not None or given.values.dtype.kind != "f" else "regression"


def _called(actual: pd.Series, given: Predictions) -> tuple[pd.Series, Predictions]:
    """The truth and the findings of a detector, by the names that training gives them."""
    import pandas as pd

    from mlmagic.evaluation._outliers import NAMES, flags

    named = pd.Series(NAMES[flags(actual).astype(int)], index=actual.index, name=actual.name)
    return named, replace(given, values=NAMES[given.values.astype(bool).astype(int)])


def _known(fitted: Fitted, actual: pd.Series, given: Predictions, labels: np.ndarray | None) -> np.ndarray:
    import numpy as np

    from mlmagic.evaluation._outliers import NAMES

    if fitted.task == "outliers":
        return NAMES
    if labels is not None:
        return labels
    return np.array([False, True]) if given.values.dtype == bool else _distinct(actual, given.values)


def _distinct(actual: pd.Series, values: np.ndarray) -> np.ndarray:
    """The labels of a model that does not tell them: those it gave, and those of the truth."""
    import numpy as np
    import pandas as pd

    both = pd.unique(np.concatenate([actual.to_numpy(dtype=object), values.astype(object)]))
    try:
        return np.array(sorted(both), dtype=values.dtype if values.dtype.kind in "biu" else object)
    except (TypeError, ValueError):  # labels of several kinds
        return np.array(sorted(both, key=str), dtype=object)
