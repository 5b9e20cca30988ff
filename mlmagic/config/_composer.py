"""PyYAML's events -> values of the 1.2 core schema, with positions; what a config may not hold is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from mlmagic.config._document import Path, Position, dotted
from mlmagic.config._hints import spaceless
from mlmagic.config._scalars import scalar
from mlmagic.config._values import MAX_DEPTH, key_rule, show, whole_text
from mlmagic.errors import Fault, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = "framework: sklearn\nconfig: {algorithm: RandomForestClassifier, data: $df}"


class Composer:
    """Composes one document.

    Attributes
    ----------
    faults
        What was refused so far, in the order of the text.
    marks
        Positions of the key and of the value at each path.
    """

    def __init__(self, text: str) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.faults: list[Fault] = []
        self.marks: dict[Path, tuple[Position, Position]] = {}

    def document(self) -> dict[str, Any]:
        """Return the mapping that the text is; an empty one, and faults, if it is none."""
        next(self._events)
        start = next(self._events)
        # No document at all: the stream ends where one would start.
        root = start if isinstance(start, yaml.StreamEndEvent) else next(self._events)
        if _is_empty(root):
            raise InvalidConfiguration([Fault("", "the cell is empty", 1, 1)], solution=f"Write, say:\n{EXAMPLE}")
        value = self._node(root, (), None)
        next(self._events)
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            self._refuse((), _at(after), "a cell holds one document: take out what is below this line")
        if not isinstance(value, dict) and not self.faults:
            self.faults.append(_no_mapping(value, _at(root)))
        return value if isinstance(value, dict) else {}

    def _refuse(self, path: Path, position: Position, message: str, value: Any = None) -> None:
        self.faults.append(Fault(dotted(path), message, *position, value=value))

    def _node(self, event: yaml.Event, path: Path, key: Position | None) -> Any:
        here = _at(event)
        self.marks[path] = (key or here, here)
        self._check(event, path, here)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path, here)
        if isinstance(event, yaml.AliasEvent):
            return None
        if len(path) >= MAX_DEPTH:
            fault = Fault(dotted(path), f"a config may be at most {MAX_DEPTH} levels deep", *here)
            raise InvalidConfiguration([*self.faults, fault])
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _check(self, event: yaml.Event, path: Path, here: Position) -> None:
        anchor, tag = _marked(event)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(path, here, f"aliases are not allowed, got *{anchor}: write the value again, or quote it")
        elif anchor is not None:
            self._refuse(path, here, f"anchors are not allowed, got &{anchor}: leave it out, or quote the value")
        if tag is not None:
            short = tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(path, here, f"tags are not allowed, got {short}: leave it out, or quote the value")

    def _scalar(self, event: yaml.ScalarEvent, path: Path, here: Position) -> Any:
        try:
            return scalar(event.value) if event.style is None else whole_text(event.value)
        except ValueError as error:
            self._refuse(path, here, str(error))
            return None

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), None))
        return items

    def _mapping(self, path: Path) -> dict[Any, Any]:
        items: dict[Any, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            here = _at(event)
            key = self._key(event, path, here)
            if key in items:
                self._refuse_twice((*path, key), self.marks[(*path, key)][0], here)
                key = _Refused()
            items[key] = self._node(next(self._events), (*path, key), here)
        return items

    def _key(self, event: yaml.Event, path: Path, here: Position) -> Any:
        refused = _Refused()
        known = len(self.faults)
        key = self._node(event, (*path, refused), here)
        if len(self.faults) > known:
            return refused
        merge = isinstance(event, yaml.ScalarEvent) and event.style is None and key == "<<"
        wrong = "merge keys are not allowed, got <<: write the keys out" if merge else key_rule(key, path)
        if wrong:
            self._refuse(path, here, wrong, key)
        return refused if wrong else key

    def _refuse_twice(self, path: Path, first: Position, second: Position) -> None:
        places = " and at ".join(f"line {line}, column {column}" for line, column in (first, second))
        self._refuse(path, second, f"the key {show(path[-1])} is given twice, at {places}: keep one of them", path[-1])


class _Refused(str):
    """Stands for a key that cannot be kept, while its value is read for the faults in it; no other key equals it."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def _no_mapping(value: Any, here: Position) -> Fault:
    return (spaceless(value, here[0]) if isinstance(value, str) else None) or Fault(
        "", f"a config is a mapping, lines of `key: value`, got {show(value)}", *here, value=value
    )


def _is_empty(event: yaml.Event) -> bool:
    plain = isinstance(event, yaml.ScalarEvent) and event.style is None and event.value == ""
    return isinstance(event, yaml.StreamEndEvent) or (plain and _marked(event) == (None, None))


def _marked(event: yaml.Event) -> tuple[str | None, str | None]:
    return getattr(event, "anchor", None), getattr(event, "tag", None)


def _at(event: yaml.Event) -> Position:
    mark = event.start_mark
    # Only events that are built by hand have none.
    assert mark is not None
    return mark.line + 1, mark.column + 1
