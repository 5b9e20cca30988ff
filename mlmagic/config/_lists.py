"""Lists of names: those in a variable of the notebook follow the same rule as those written in the cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import AfterValidator

from mlmagic.config._model import refuse
from mlmagic.config._reference import Reference, placed, spread
from mlmagic.config._values import show
from mlmagic.errors import Fault


class Unknown(NamedTuple):
    """What is wrong with a name, and what was probably meant."""

    message: str
    suggestion: str | None


Rule = Callable[[str], Unknown | None]


class Entries(NamedTuple):
    """What a list takes.

    Attributes
    ----------
    rule
        What is wrong with a name.
    takes
        Whether an object of the notebook may stand there.
    what
        The rule for it, as a message says it.
    needed
        Whether there must be one.
    """

    rule: Rule
    takes: Callable[[Any], bool]
    what: str
    needed: bool = False

    def wrong(self, value: Any) -> Unknown | None:
        """Return what is wrong with an item that a variable holds; None if nothing is."""
        if isinstance(value, str):
            return self.rule(value)
        return None if self.takes(value) else Unknown(f"{self.what}, got {show(value)}", None)


def ruled(rule: Rule) -> AfterValidator:
    """Marks a text as a name that a rule knows."""

    def known(name: str) -> str:
        if wrong := rule(name):
            raise refuse(*wrong)
        return name

    return AfterValidator(known)


def unknown_within(items: Iterable[Any], entries: Entries) -> Iterator[Fault]:
    """What a list does not take of what its bound variables hold; the fault's path is the variable's."""
    items = [*items]
    bound = [item for item in items if isinstance(item, Reference) and item.bound]
    if entries.needed and bound and not any(True for _ in spread(items)):
        yield Fault(str(bound[0]), f"{bound[0]}: {entries.what}, got an empty list", value=str(bound[0]))
    for reference in bound:
        for place, item in placed([reference]):
            value = item.value if isinstance(item, Reference) else item
            if wrong := entries.wrong(value):
                told = value if isinstance(value, str) else place
                yield Fault(str(reference), f"{place}: {wrong.message}", value=told, suggestion=wrong.suggestion)
