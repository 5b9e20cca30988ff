"""``$name``: a variable of the notebook, passed as the object itself and never pasted as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

PATTERN = r"^\$[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"
_REFERENCE = re.compile(PATTERN)


class _Unbound(Enum):
    # An enum member stays itself through pickle and copy, on the way to a child process too.
    UNBOUND = "unbound"

    def __repr__(self) -> str:
        return "UNBOUND"


UNBOUND = _Unbound.UNBOUND


@dataclass(frozen=True)
class Reference:
    """A variable of the notebook, with attributes followed in order; ``$report.model`` is one.

    Parameters
    ----------
    name
        The variable.
    attributes
        Attributes to follow from it.
    value
        The object once it is bound. Two references are equal when they name the same thing, whatever they are
        bound to.
    """

    name: str
    attributes: tuple[str, ...] = ()
    value: Any = field(default=UNBOUND, compare=False, repr=False)

    def __str__(self) -> str:
        return "$" + ".".join((self.name, *self.attributes))

    @property
    def bound(self) -> bool:
        """Whether it has its object."""
        return self.value is not UNBOUND

    def bind(self, value: Any) -> Reference:
        """Return the same reference with its object."""
        return replace(self, value=value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": PATTERN}


def spread(items: Iterable[Any]) -> Iterator[Any]:
    """The items of a list; in place of a variable that holds a list or a text what it holds, as if written there."""
    return (item for _, item in placed(items))


def placed(items: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """The same, each item after what a message calls it: the text in the cell, or ``$name[1]`` within a variable."""
    for item in items:
        if isinstance(item, Reference) and isinstance(item.value, (list, tuple)):
            yield from ((f"{item}[{place}]", _written(item, place, value)) for place, value in enumerate(item.value))
        else:
            yield str(item), item.value if isinstance(item, Reference) and isinstance(item.value, str) else item


def _written(reference: Reference, place: int, value: Any) -> str | Reference:
    if isinstance(value, str):
        return value
    name = getattr(value, "__name__", "")
    return Reference(name if name.isidentifier() else f"{reference.name}_{place}", value=value)


def read(text: str) -> str | Reference:
    """Return the reference that a text is, else the text; ``$$x`` is the text ``$x``.

    Raises
    ------
    ValueError
        If an attribute starts with an underscore: what is private stays private.
    """
    if text.startswith("$$"):
        return text[1:]
    if not _REFERENCE.fullmatch(text) or text.endswith("\n"):
        return text
    name, *attributes = text[1:].split(".")
    for attribute in attributes:
        if attribute.startswith("_"):
            raise ValueError(f"{text} is refused: attributes that start with an underscore are private")
    return Reference(name, tuple(attributes))


def write(text: str) -> str:
    """Return the text that :func:`read` reads as this text."""
    return "$" + text if text.startswith("$$") or _REFERENCE.fullmatch(text) else text
