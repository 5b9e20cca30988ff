"""A mapping against a model: every fault at once, each at its place in the user's own spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ValidationError

from mlmagic.config._complaint import Complaint
from mlmagic.config._document import Path, dotted
from mlmagic.config._model import Model, nested, spellings
from mlmagic.config._rules import choices, field_schema, rule
from mlmagic.config._scalars import scalar
from mlmagic.config._suggest import closest
from mlmagic.config._values import show

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SWITCHES = dict.fromkeys(("yes", "y", "on", "true"), "true") | dict.fromkeys(("no", "n", "off", "false"), "false")


class Entry(NamedTuple):
    """A key of the source, where it stands, and its value."""

    key: Any
    path: Path
    value: Any


@dataclass
class Checked:
    """What a mapping gave: values by field name, where each was found, and what is wrong."""

    values: dict[str, Any] = field(default_factory=dict)
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
            complaint = unknown(entry) if unknown else unknown_key(entry, names)
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


def _twice(first: Path, second: Entry) -> Complaint:
    message = f"{dotted(second.path)} says the same as {dotted(first)}: keep one of them"
    return Complaint(second.path, message, second.value, on_key=True)


def validate(model: type[Model], checked: Checked, values: dict[str, Any], at: Path = ()) -> Any:
    """Return the model of arranged values; None, and complaints, if they break its rules."""
    try:
        made: Any = model(**values)
    except ValidationError as error:
        made = None
        checked.complaints += _worded(model, error, checked, values, at)
    return made


def _worded(
    model: type[Model], error: ValidationError, checked: Checked, values: dict[str, Any], at: Path
) -> Iterator[Complaint]:
    seen: set[Path] = set()
    for details in error.errors(include_url=False):
        path = _existing(details["loc"], values)
        # An error without a place is a rule between keys; those are found apart from the fields, all at once.
        if path in seen or not path:
            continue
        seen.add(path)
        yield _complaint(model, details, checked.place((*at, *path)), path)


def _complaint(model: type[Model], details: ErrorDetails, place: Path, path: Path) -> Complaint:
    value = details["input"]
    if details["type"] == "refused":
        context = details["ctx"]
        return Complaint(place, context["message"], value, context["suggestion"])
    if details["type"] == "missing":
        return Complaint(place, f"{named(place)} is missing")
    schema = _schema_at(model, path)
    message = f"{named(place)} must be {rule(schema)}, got {show(value)}"
    return Complaint(place, message, value, meant(value, schema, place))


def meant(value: Any, schema: Mapping[str, Any], place: Path) -> str | None:
    """Return what was probably meant by a wrong value."""
    if choices(schema):
        return closest(value, choices(schema)) if isinstance(value, str) else None
    kinds = {schema.get("type"), *(choice.get("type") for choice in schema.get("anyOf", ()))}
    if "boolean" in kinds and isinstance(value, str):
        word = _SWITCHES.get(value.casefold())
    else:
        word = _number(value, whole="integer" in kinds) if kinds & {"integer", "number"} else None
    return word and f"{place[-1]}: {word}" if isinstance(place[-1], str) else word


def _number(value: Any, *, whole: bool) -> str | None:
    # "10" and 10.0 for a whole number, "1e-3" and "1_000" for any.
    number = scalar(value.replace("_", "").strip()) if isinstance(value, str) else value
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    fits = isinstance(number, int if whole else (int, float)) and not isinstance(number, bool)
    return str(number) if fits and not (isinstance(value, int) or number is value) else None


def named(place: Path) -> str:
    """Return a place as a message names it."""
    return dotted(place[1:] if place[:1] == ("config",) else place)


def _existing(path: Path, values: Any) -> Path:
    # pydantic adds the branch of a union to the place; the values tell where it ends.
    for end, part in enumerate(path):
        inside = isinstance(values, Mapping) or (isinstance(values, list) and isinstance(part, int))
        if not inside or (isinstance(values, Mapping) and part not in values):
            return path[: end + (end == 0)]
        values = values[part]
    return path


def _schema_at(model: type[Model], path: Path) -> Mapping[str, Any]:
    name, *inner = path
    found = nested(model.model_fields[str(name)])
    if inner and found and inner[0] in found.model_fields:
        return _schema_at(found, tuple(inner))
    schema = field_schema(model, str(name))
    for _ in inner:
        lists = [part for part in (schema, *schema.get("anyOf", [])) if "items" in part]
        schema = lists[0]["items"] if lists else {}
    return schema
