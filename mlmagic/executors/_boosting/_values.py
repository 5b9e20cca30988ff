"""What is wrong with the hyperparameters of a config, all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.errors import Fault
from mlmagic.executors._boosting import _objectives, _ranges
from mlmagic.executors._boosting._estimator import METRIC
from mlmagic.executors._boosting._objectives import PATH
from mlmagic.executors._boosting._refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmagic.executors._boosting._estimator import Given
    from mlmagic.executors._boosting._library import Library
    from mlmagic.executors._boosting.config import BoostingTrain


@dataclass(frozen=True)
class Values:
    """How hyperparameters are tried.

    Parameters
    ----------
    spellings
        Every spelling of a hyperparameter, and the estimator's own name.
    fit
        Fits with these hyperparameters, the others at their defaults.
    classes
        How many labels are told apart; 0 for numbers.
    """

    library: Library
    train: BoostingTrain
    spellings: Mapping[str, str]
    fit: Callable[[Mapping[str, Given]], None]
    classes: int

    def faults(self, given: Mapping[str, Given], unknown: Sequence[Fault]) -> list[Fault]:
        """Every fault, of names and of values.

        Parameters
        ----------
        given, unknown
            Hyperparameters that the estimator has, and faults of others.

        Raises
        ------
        Exception
            What the user's own function raised, and what is raised without any hyperparameter too.
        """
        named = [_ranges.told(self.library, fault, self._rule(fault)) for fault in unknown]
        found = [*_wrong_rounds(given.get(self.spellings[_ranges.ROUNDS])), *_ranges.outside(self.library, given)]
        wrong = {fault.path for fault in found}
        left = {key: item for key, item in given.items() if f"{PATH}.{item.spelt}" not in wrong}
        try:
            return [*named, *found, *self._refused(left, sure=bool(unknown))]
        except Exception:
            if not named:
                raise
            return [*named, *found]

    def _refused(self, given: Mapping[str, Given], *, sure: bool) -> list[Fault]:
        """What the library refuses; ``sure`` for nothing that a name which is not known may be the reason of."""
        found = []
        for fault in Refusals(self.library.complaint, self.spellings, self.fit).find(given):
            known = _objectives.told(self.library, self.train, fault, self.classes)
            rule = None if known.suggestion else self._rule(known)
            alone = known != fault or known.path == f"{PATH}.{METRIC}" or _ranges.is_outside(rule, known.value)
            if alone or not sure:
                found.append(_ranges.told(self.library, known, rule))
        return found

    def _rule(self, fault: Fault) -> str | None:
        """What the hyperparameter takes that is refused, or that was meant."""
        spelt = fault.suggestion or fault.path.rpartition(".")[2]
        return _ranges.rule(self.library, spelt, self.spellings, self.fit) if spelt in self.spellings else None


def _wrong_rounds(item: Given | None) -> list[Fault]:
    """Complain of a number of rounds that is none; XGBoost would train nothing and say nothing."""
    if item is None or (isinstance(item.value, int) and not isinstance(item.value, bool) and item.value >= 1):
        return []
    message = f"{item.spelt} must be {_ranges.ROUNDS_RULE}, got {item.value!r}."
    return [Fault(f"{PATH}.{item.spelt}", message, value=item.value)]
