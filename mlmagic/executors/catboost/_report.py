"""What CatBoost measures each round, told to a listener."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from catboost.core import CatBoostError, is_maximizable_metric

from mlmagic.executors._boosting._library import Measure
from mlmagic.executors.catboost._objectives import POWERS

# Of a whole group, and a relevance gains itself, as in scikit-learn.
RANKING = "NDCG"
# CatBoost looks for Numba wherever something of the user's is called; nobody can do anything about it.
warnings.filterwarnings("ignore", message="Failed to import numba", module=r"catboost\.core")

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlmagic.executors._boosting._computed import Computed
    from mlmagic.executors._boosting._custom import CustomMetric
    from mlmagic.executors._boosting._library import Fitting, Listener


# Of each part name, value and whether more is better, of each metric.
Found: TypeAlias = "list[list[tuple[str, float, bool]]]"


def asked(fitting: Fitting) -> list[str]:
    """What is measured beside the objective's own metrics, as CatBoost spells it."""
    names = [metric for metric in fitting.metrics if isinstance(metric, str)]
    # By itself CatBoost would measure PFound of a ranking, on rows to validate only, and of no relevance above 1.
    return names if fitting.parts["train"].group is None else list(dict.fromkeys([*names, RANKING]))


def _interpreted(method: Any) -> Any:
    """Keep CatBoost from compiling a method with Numba, which cannot know what it calls."""
    method.no_jit = True
    return method


class Functions:
    """All functions that measure, as one metric of CatBoost's: it takes one, and calls it for each part of the rows.

    Parameters
    ----------
    metrics
        Which.
    loss
        The objective; it tells what the model's numbers mean.

    Attributes
    ----------
    raised
        What one of them raised; nothing is measured any more then.
    """

    def __init__(self, metrics: Sequence[CustomMetric | Computed], loss: str) -> None:
        self._metrics = metrics
        self._loss = loss
        self._found: Found = []
        self.raised: Exception | None = None

    @classmethod
    def of(cls, loss: Any, fitting: Fitting) -> Functions | None:
        """Those of a fitting; None without any."""
        found = [metric for metric in fitting.metrics if not isinstance(metric, str)]
        return cls(found, loss if isinstance(loss, str) else str(next(iter(fitting.own), ""))) if found else None

    def __deepcopy__(self, memo: Any) -> Functions:
        """Itself: CatBoost copies its parameters, and what is found shall come back here."""
        return self

    @_interpreted
    def evaluate(self, approxes: Sequence[np.ndarray], target: np.ndarray, weight: Any) -> tuple[float, float]:
        """Measure the next part of a round, and keep it."""
        try:
            given = [metric.measured(target, self._predicted(approxes), weight) for metric in self._metrics]
            self._found.append([item for several in given for item in several])
        except Exception as error:
            self.raised = error  # CatBoost would make a text of it
        return 0.0, 1.0

    def is_max_optimal(self) -> bool:
        """Nobody looks."""
        return False

    @_interpreted
    def get_final_error(self, error: float, weight: float) -> float:
        """Nothing."""
        return error

    def taken(self) -> Found:
        """What was measured of each part since it was asked last."""
        found, self._found = self._found, []
        return found

    def _predicted(self, approxes: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities where the objective makes them of the model's numbers, else what it predicts."""
        numbers = np.column_stack([np.asarray(approx) for approx in approxes])
        name = self._loss.partition(":")[0]
        if name == "MultiClass":
            powers = np.exp(numbers - numbers.max(axis=1, keepdims=True))
            shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
            return shares
        if name in ("Logloss", "CrossEntropy", "MultiClassOneVsAll", "Focal"):
            numbers = (1 + np.tanh(numbers / 2)) / 2
        elif name in POWERS:
            numbers = np.exp(numbers)
        return numbers[:, 0] if numbers.shape[1] == 1 else numbers


class Report:
    """Tells a listener of each round, and ends where it says so.

    CatBoost 1.2 copies the values of all rounds so far, twice, for whoever is called back after one, before anything
    here runs (``_CallbackAfterIteration`` in its ``_catboost.pyx``): about a microsecond a value, so that the cost of
    telling grows with the square of the rounds. There is no other way to end a training and keep its trees.

    Parameters
    ----------
    again
        Whether the training rows are the first to be validated by as well, for the functions to see.
    """

    def __init__(
        self, listener: Listener, fitting: Fitting, functions: Functions | None, *, again: bool = False
    ) -> None:
        self._listener = listener
        self._functions = functions
        self._asked = [*fitting.own, *asked(fitting)]
        self._parts = list(fitting.parts)
        self._again = again
        self._names = {"learn": "train"}
        if len(self._parts) > 1:
            self._names["validation_1" if again else "validation"] = self._parts[-1]
        self._begun = False
        self._raised: Exception | None = None

    def after_iteration(self, info: Any) -> bool:
        """Tell of a round; False ends the training."""
        self._raised = self._functions.raised if self._functions is not None else None
        try:
            measured = self._functions.taken()[self._again :] if self._functions is not None else []
            return self._raised is None and not self._round_ended(info.metrics, -1, measured)
        except Exception as error:
            self._raised = error  # CatBoost would make a text of it
            return False

    def raise_what_was_raised(self) -> None:
        """Raise what a function of the user's or a listener raised, once CatBoost has ended."""
        if self._raised is not None:
            raise self._raised

    def replay(self, metrics: Mapping[str, Mapping[str, list[float]]], measured: Iterator[Found]) -> None:
        """Tell of all rounds once they are over; what functions measure of each is asked for in turn."""
        lengths = {len(log) for by_name in metrics.values() for log in by_name.values()}
        for place in range(min(lengths, default=0)):
            found = next(measured, [])
            if self._functions is not None and self._functions.raised is not None:
                raise self._functions.raised
            self._round_ended(metrics, place, found)

    def _round_ended(self, metrics: Mapping[str, Mapping[str, list[float]]], place: int, measured: Found) -> bool:
        known = self._known(metrics)
        if not self._begun:
            self._begun = True
            own = [
                Measure(part, name, higher)
                for part, by_part in zip(self._parts, measured, strict=False)
                for name, _, higher in by_part
            ]
            told = [Measure(part, name, _grows(name)) for part, name in known]
            self._listener.begin([*told, *own])
        found = [value for by_part in measured for _, value, _ in by_part]
        return self._listener.round_ended([*(log[place] for log in known.values()), *found])

    def _known(self, metrics: Mapping[str, Mapping[str, list[float]]]) -> dict[tuple[str, str], list[float]]:
        """The logs by part and name; where rows have weights and CatBoost measures twice, those with them."""
        found: dict[tuple[str, str], list[float]] = {}
        for part, by_name in ((part, metrics[part]) for part in metrics if part in self._names):
            for name in sorted(by_name, key=len):
                if name != Functions.__name__ and ("use_weights=false" not in name or name in self._asked):
                    found.setdefault((self._names[part], self._spelt(name)), by_name[name])
        return found

    def _spelt(self, name: str) -> str:
        """The name as it was asked for; CatBoost adds what it takes for granted ("NDCG:type=Base")."""
        base, settings = _parsed(name)
        fitting = [asked for asked in self._asked if _parsed(asked)[0] == base and _parsed(asked)[1] <= settings]
        return max(fitting, key=len, default=name)


def _grows(metric: str) -> bool:
    """Whether more of a metric is better. CatBoost 1.2 does not know its own ``AUC:type=Mu`` for a metric."""
    try:
        return bool(is_maximizable_metric(metric))
    except CatBoostError:
        return bool(is_maximizable_metric(_parsed(metric)[0]))


def _parsed(metric: str) -> tuple[str, set[str]]:
    base, _, settings = metric.partition(":")
    return base, set(filter(None, settings.split(";")))
