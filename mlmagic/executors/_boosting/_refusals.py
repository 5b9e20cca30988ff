"""Which hyperparameters a library refuses. It tells of one at a time, and not always of which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic._failure import user_frames
from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors._boosting._estimator import METRIC
from mlmagic.executors._boosting._objectives import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.executors._boosting._estimator import Given


@dataclass(frozen=True)
class Refusals:
    """Finds what is wrong by fitting with some hyperparameters and without others.

    Parameters
    ----------
    complaint
        The words of an error.
    spellings
        Every spelling of a hyperparameter, and the estimator's own name.
    fit
        Fits with these hyperparameters, the others at their defaults.
    """

    complaint: Callable[[Exception], str]
    spellings: Mapping[str, str]
    fit: Callable[[Mapping[str, Given]], None]

    def find(self, given: Mapping[str, Given]) -> list[Fault]:
        """Every hyperparameter that is refused: what is complained of is left out, until the rest fits.

        Raises
        ------
        Exception
            What the user's own function raised, and what is raised without any hyperparameter too.
        """
        found: list[Fault] = []
        left = dict(given)
        while (error := self._error(left)) is not None:
            if isinstance(error, InvalidConfiguration) and METRIC in left:
                found += error.faults
                del left[METRIC]
                continue
            text = self.complaint(error)
            if user_frames(error) or self._fails_alike({}, text):
                raise error
            name = self._named(text, left) or self._alone(text, left) or self._spoiling(left)
            if name is None:
                return [*found, Fault(PATH, text)]
            item = left.pop(name)
            message = text if text.startswith(item.spelt) else f"{item.spelt}: {text}"
            found.append(Fault(f"{PATH}.{item.spelt}", message, value=item.value))
        return found

    def _error(self, given: Mapping[str, Given]) -> Exception | None:
        try:
            self.fit(given)
        except Exception as error:
            return error
        return None

    def _fails_alike(self, given: Mapping[str, Given], text: str) -> bool:
        error = self._error(given)
        return error is not None and self.complaint(error) == text

    def _named(self, text: str, left: Mapping[str, Given]) -> str | None:
        """The first that the library's words name."""
        return next(
            (self.spellings[word] for word in re.findall(r"\w+", text) if self.spellings.get(word) in left), None
        )

    def _alone(self, text: str, left: Mapping[str, Given]) -> str | None:
        """The first that is refused in the same words by itself."""
        return next((name for name, item in left.items() if self._fails_alike({name: item}, text)), None)

    def _spoiling(self, left: Mapping[str, Given]) -> str | None:
        """The first without which the others fit."""
        return next(
            (name for name in left if self._error({key: left[key] for key in left if key != name}) is None), None
        )
