"""What a config and its estimator want to be measured each round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.executors._boosting import _estimator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.data import TrainingData
    from mlmagic.evaluation import Asked
    from mlmagic.executors._boosting._estimator import Given
    from mlmagic.executors._boosting._library import Library
    from mlmagic.executors._boosting.config import BoostingTrain, Kind


@dataclass(frozen=True)
class Wanted:
    """What is wanted.

    Attributes
    ----------
    spelt
        What the library is asked for, in its words: a name, a function or a list of both; None for nothing.
    named
        Scikit-learn's names, and functions of labels or numbers.
    custom
        Whether the objective is the user's own function.
    here
        Whether what scikit-learn names is measured here: the library would measure by the weights of rows, where to
        scikit-learn all count alike, or something else than predictions.
    """

    spelt: Any = None
    named: Sequence[Asked] = ()
    custom: bool = False
    here: bool = False

    @classmethod
    def of(
        cls,
        library: Library,
        kind: Kind,
        train: BoostingTrain,
        data: TrainingData,
        given: Mapping[str, Given],
        estimator: Any,
    ) -> Wanted:
        """What these hyperparameters, which the estimator was made with, and the rest of the config want."""
        # Of a classifier that gives no probabilities nothing is measured by name on the way.
        tells = kind != "classifier" or library.probabilities(estimator)
        weighed = any(rows is not None and rows.weight is not None for rows in (data.train, data.validation))
        return cls(
            spelt=_estimator.metrics(given, estimator),
            named=train.asked if tells else (),
            custom=library.own_objective(estimator),
            here=tells and kind != "ranker" and (weighed or not library.measures_predictions(estimator)),
        )
