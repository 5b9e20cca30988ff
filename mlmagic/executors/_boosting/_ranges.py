"""What a hyperparameter may be, in the library's own words: it is asked by giving what hardly any takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlmagic.executors._boosting._estimator import Given

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmagic.errors import Fault
    from mlmagic.executors._boosting._library import Library

_HARDLY_VALID = (-1, "?")


def told(library: Library, fault: Fault, own: Mapping[str, str], fit: Callable[[Mapping[str, Given]], None]) -> Fault:
    """The fault of an unknown hyperparameter, with what the one that was meant takes where the library says so.

    Parameters
    ----------
    own
        Every spelling of a hyperparameter, and the estimator's own name.
    fit
        Fits with these hyperparameters, the others at their defaults.
    """
    meant = fault.suggestion
    rule = _valid(library, own[meant], fit) if meant is not None and meant in own else None
    return replace(fault, message=f"{fault.message} {meant} takes {rule}.") if rule else fault


def _valid(library: Library, name: str, fit: Callable[[Mapping[str, Given]], None]) -> str | None:
    for value in _HARDLY_VALID:
        try:
            fit({name: Given(name, value)})
        except Exception as error:
            if rule := library.rule(library.complaint(error)):
                return rule
    return None
