"""Keys of the source -> fields of a model: either spelling, from either level, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmagic._suggest import closest
from mlmagic.config._complaint import Complaint
from mlmagic.config._document import Path, dotted
from mlmagic.config._model import Model, alias, nested, spellings
from mlmagic.config._values import show

if TYPE_CHECKING:
    from pydantic import BaseModel


class Entry(NamedTuple):
    """A key of the source, where it stands, and its value."""

    key: Any
    path: Path
    value: Any


@dataclass
class Checked:
    """What a mapping gave: where each field was found, and what is wrong."""

    places: dict[Path, Path] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)

    def place(self, path: Path) -> Path:
        """Where in the source a path of field names lies."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.places:
                return (*self.places[path[:end]], *path[end:])
        return self.places.get((), ()) + path


def entries(mapping: Mapping[Any, Any], path: Path = ()) -> list[Entry]:
    """Return the keys of a mapping at a path."""
    return [Entry(key, (*path, key), value) for key, value in mapping.items()]


def arrange(
    model: type[BaseModel],
    found: list[Entry],
    checked: Checked,
    unknown: Callable[[Entry], Complaint | None] | None = None,
    at: Path = (),
) -> dict[str, Any]:
    """Values by field name, inner models too; keys that are unknown or given twice are complained about."""
    values: dict[str, Any] = {}
    names = spellings(model)
    for entry in found:
        name = names.get(entry.key)
        if name is None:
            complaint = unknown(entry) if unknown else unknown_inside(entry, model)
            checked.complaints += [complaint] if complaint else []
        elif name in values:
            checked.complaints.append(_twice(checked.places[(*at, name)], entry))
        else:
            checked.places[(*at, name)] = entry.path
            values[name] = _inside(nested(model.model_fields[name]), entry, checked, (*at, name))
    return values


def _inside(model: type[Model] | None, entry: Entry, checked: Checked, at: Path) -> Any:
    if model is None or not isinstance(entry.value, Mapping):
        return entry.value
    return arrange(model, entries(entry.value, entry.path), checked, at=at)


def unknown_key(entry: Entry, known: Iterable[str]) -> Complaint:
    """Return the complaint about a key that is none of the known ones."""
    inside = named(entry.path[:-1])
    message = f"{show(entry.key)} is not a key" + (f" of {inside}" if inside else "")
    return Complaint(entry.path, message, entry.value, closest(entry.key, known), on_key=True)


def misplaced(entry: Entry) -> Complaint:
    """Return the complaint about a key that stands in a section and belongs beside it."""
    return Complaint(entry.path, one_level_up(entry.key, named(entry.path[:-1])), entry.value, on_key=True)


def one_level_up(key: Any, section: str) -> str:
    """Say where a key belongs that stands in this section."""
    return f"{show(key)} stands beside {section}, not in it: write it one level up"


def unknown_inside(entry: Entry, model: type[BaseModel], beside: Iterable[str] = ()) -> Complaint:
    """Return the complaint about a key that a section does not have, with those that it has.

    Parameters
    ----------
    beside
        Keys that the section has beside those of the model.
    """
    complaint = unknown_key(entry, [*spellings(model), *beside])
    keys = ", ".join([*beside, *(alias(model, name) for name in model.model_fields)])
    return replace(complaint, message=f"{complaint.message}; it has {keys}")


def _twice(first: Path, second: Entry) -> Complaint:
    message = f"{dotted(second.path)} says the same as {dotted(first)}: keep one of them"
    return Complaint(second.path, message, second.value, on_key=True)


def named(place: Path) -> str:
    """Return a place as a message names it."""
    return dotted(place[1:] if place[:1] == ("config",) else place)
