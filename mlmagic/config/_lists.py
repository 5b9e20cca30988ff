"""Lists of names: those in a variable of the notebook follow the same rule as those written in the cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import AfterValidator

from mlmagic.config._model import refuse
from mlmagic.config._reference import Reference
from mlmagic.errors import Fault


class Unknown(NamedTuple):
    """What is wrong with a name, and what was probably meant."""

    message: str
    suggestion: str | None


Rule = Callable[[str], Unknown | None]


def ruled(rule: Rule) -> AfterValidator:
    """Marks a text as a name that a rule knows."""

    def known(name: str) -> str:
        if wrong := rule(name):
            raise refuse(*wrong)
        return name

    return AfterValidator(known)


def unknown_within(items: Iterable[Any], rule: Rule) -> Iterator[Fault]:
    """What a rule does not know in the lists that bound variables hold; the fault's path is the variable's."""
    for item in items:
        if isinstance(item, Reference) and isinstance(item.value, (list, tuple)):
            for place, name in enumerate(item.value):
                if isinstance(name, str) and (wrong := rule(name)):
                    message = f"{item}[{place}]: {wrong.message}"
                    yield Fault(str(item), message, value=name, suggestion=wrong.suggestion)
