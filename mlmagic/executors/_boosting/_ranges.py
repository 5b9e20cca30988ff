"""What a hyperparameter may be: by a table of the library's, else in its words, asked with too little or too much."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.errors import Fault
from mlmagic.executors._boosting._estimator import Given
from mlmagic.executors._boosting._objectives import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.executors._boosting._library import Library

# What scikit-learn calls the number of rounds, as every library does too. They are ours to refuse: see ``_check``.
ROUNDS = "n_estimators"
ROUNDS_RULE = "a whole number of at least 1"
_TOO_MUCH_OR_LITTLE = (-1, 2)
_NUMBERS = "numbers "
_FROM_TO = re.compile(r"whole numbers from (\d+) to (\d+)")


def outside(library: Library, given: Mapping[str, Given]) -> list[Fault]:
    """Refuse what would crash the library: whole numbers that its table does not have."""
    found = []
    for name, item in given.items() if library.fragile else ():
        bounds = _FROM_TO.fullmatch(library.ranges.get(name, ""))
        if bounds and isinstance(item.value, int) and not int(bounds[1]) <= item.value <= int(bounds[2]):
            message = f"{item.spelt} takes {bounds[0]}, got {item.value}."
            found.append(Fault(f"{PATH}.{item.spelt}", message, value=item.value))
    return found


def told(library: Library, fault: Fault, own: Mapping[str, str], fit: Callable[[Mapping[str, Given]], None]) -> Fault:
    """A fault with what the hyperparameter takes that is refused, or that was meant.

    Parameters
    ----------
    own
        Every spelling of a hyperparameter, and the estimator's own name.
    fit
        Fits with these hyperparameters, the others at their defaults.
    """
    spelt = fault.suggestion or fault.path.rpartition(".")[2]
    rule = _valid(library, spelt, own, fit) if spelt in own else None
    if rule is None or rule.removeprefix("whole ") == _rule(library, fault.message):
        return fault
    return replace(fault, message=f"{fault.message.rstrip('.')}. {spelt} takes {rule}.")


def _valid(
    library: Library, spelt: str, own: Mapping[str, str], fit: Callable[[Mapping[str, Given]], None]
) -> str | None:
    name = own[spelt]
    if name == own[ROUNDS]:
        return ROUNDS_RULE
    if name in library.ranges:
        return library.ranges[name]

    def answer(value: object) -> str | None:
        try:
            fit({name: Given(name, value)})
        except Exception as error:
            return _rule(library, library.complaint(error))
        return None

    # A library that a wrong number can crash is asked for the words that it knows only.
    values = () if library.fragile else _TOO_MUCH_OR_LITTLE
    bounds, words = _both([rule for rule in map(answer, values) if rule]), answer("?")
    return f"whole {bounds}" if bounds and words == "a value of type int" else bounds or words


def _rule(library: Library, complaint: str) -> str | None:
    """What the library says, numbers without a fraction that is 0: "numbers >= 0"."""
    rule = library.rule(complaint)
    return rule and re.sub(r"(\d)\.0\b", r"\1", rule)


def _both(rules: list[str]) -> str | None:
    """One rule of those for too little and for too much: "numbers > 0 and <= 1"."""
    found = list(dict.fromkeys(rules))
    return " and ".join([*found[:1], *(rule.removeprefix(_NUMBERS) for rule in found[1:])]) or None
