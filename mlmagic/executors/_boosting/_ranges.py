"""What a hyperparameter may be: by a table of the library's, else in its words, asked with too little or too much."""

from __future__ import annotations

import re
from dataclasses import replace
from numbers import Real
from operator import ge, gt, le, lt
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
_NUMBERS, _WHOLE = "numbers ", "whole "
_BOUND = re.compile(r"(>=|<=|>|<) (-?[\d.]+)")
_BETWEEN = re.compile(r"(from|in [(\[]) ?([\d.]+)(?: to |, ?)([\d.]+)([)\]]?)")
_HOLDS = {">=": ge, "<=": le, ">": gt, "<": lt}


def outside(library: Library, given: Mapping[str, Given]) -> list[Fault]:
    """Refuse numbers that a fragile library's table does not have: some crash it, with others it trains to no good."""
    found = []
    for name, item in given.items() if library.fragile else ():
        rule = library.ranges.get(name)
        if rule and isinstance(item.value, Real) and is_outside(rule, item.value):
            found.append(_refused(Fault(f"{PATH}.{item.spelt}", "", value=item.value), rule))
    return found


def is_outside(rule: str | None, value: object) -> bool:
    """Whether a value is none that a rule allows; False where the rule is not about numbers."""
    if rule is None or not rule.removeprefix(_WHOLE).startswith("numbers"):
        return False
    if isinstance(value, bool) or not isinstance(value, Real):
        return True
    if rule.startswith(_WHOLE) and not float(value).is_integer():
        return True
    bounds = _BOUND.findall(rule)
    for opened, low, high, closed in _BETWEEN.findall(rule):
        bounds += [(">" if "(" in opened else ">=", low), ("<" if closed == ")" else "<=", high)]
    return not all(_HOLDS[sign](float(value), float(bound)) for sign, bound in bounds)


def told(library: Library, fault: Fault, rule: str | None) -> Fault:
    """A fault with the rule of the hyperparameter that is refused, or that was meant."""
    if rule is not None and not fault.suggestion and is_outside(rule, fault.value):
        return _refused(fault, rule)
    said = _rule(library, fault.message)
    if said is not None and not fault.suggestion and is_outside(said, fault.value):  # narrower for this objective
        return _refused(fault, said)
    if rule is None or rule.removeprefix(_WHOLE) == said:
        return fault
    spelt = fault.suggestion or fault.path.rpartition(".")[2]
    return replace(fault, message=f"{fault.message.rstrip('.')}. {spelt} takes {rule}.")


def rule(
    library: Library, spelt: str, own: Mapping[str, str], fit: Callable[[Mapping[str, Given]], None]
) -> str | None:
    """What a hyperparameter takes; None where nobody knows.

    Parameters
    ----------
    own
        Every spelling of a hyperparameter, and the estimator's own name.
    fit
        Fits with these hyperparameters, the others at their defaults.
    """
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


def _refused(fault: Fault, rule: str) -> Fault:
    return replace(fault, message=f"{fault.path.rpartition('.')[2]} takes {rule}, got {fault.value!r}.")


def _both(rules: list[str]) -> str | None:
    """One rule of those for too little and for too much: "numbers > 0 and <= 1"."""
    found = list(dict.fromkeys(rules))
    return " and ".join([*found[:1], *(rule.removeprefix(_NUMBERS) for rule in found[1:])]) or None
