"""Values against a model: pydantic's errors in our own words, each at its place in the source."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from mlmagic._suggest import closest
from mlmagic.config._arrange import Checked, named
from mlmagic.config._complaint import Complaint
from mlmagic.config._hints import spaceless
from mlmagic.config._model import Model, nested
from mlmagic.config._rules import choices, field_schema, rule
from mlmagic.config._scalars import scalar
from mlmagic.config._values import show

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from mlmagic.config._document import Path

_SWITCHES = dict.fromkeys(("yes", "y", "on", "true"), "true") | dict.fromkeys(("no", "n", "off", "false"), "false")

# Keys whose words are columns of the data.
_COLUMNS = {"target", "featureColumns", "sampleWeight", "groups"}

# Where a schema says what the items of a list are, and the values of a mapping.
_INSIDE = ("items", "additionalProperties")


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
    found: dict[Path, ErrorDetails] = {}
    for details in error.errors(include_url=False):
        # A union complains once a branch.
        found.setdefault(_existing(details["loc"], values), details)
    for path, details in found.items():
        # The branch that comes furthest knows best.
        if not any(other[: len(path)] == path for other in found if other != path):
            yield _complaint(model, details, checked.place((*at, *path)), path)


def _complaint(model: type[Model], details: ErrorDetails, place: Path, path: Path) -> Complaint:
    value = details["input"]
    if details["type"] == "refused":
        context = details["ctx"]
        return Complaint(place, context["message"], value, context["suggestion"])
    schema = _schema_at(model, path)
    message = f"{named(place)} must be {rule(schema)}, got {show(value)}"
    return Complaint(place, message, value, meant(value, schema, place))


def meant(value: Any, schema: Mapping[str, Any], place: Path) -> str | None:
    """Return what was probably meant by a wrong value."""
    if choices(schema):
        return closest(value, choices(schema)) if isinstance(value, str) else None
    parts = [schema, *schema.get("anyOf", ())]
    kinds = {part.get("type") for part in parts}
    word = None
    if "boolean" in kinds and isinstance(value, str):
        word = _SWITCHES.get(value.casefold())
    elif "object" in kinds and isinstance(value, str) and spaceless(value, 0):
        return value.replace(":", ": ", 1)
    elif kinds & {"integer", "number"}:
        word = _number(value, parts, whole="integer" in kinds)
    elif isinstance(value, int) and not isinstance(value, bool) and _names_columns(place):
        word = f"'{value}'"  # a table without names has numbers
    elif "object" in kinds:
        word = _as_mapping(value, schema)
    return f"{place[-1]}: {word}" if word and isinstance(place[-1], str) else word


def _names_columns(place: Path) -> bool:
    return any(to_camel(str(part)) in _COLUMNS for part in place)


def _number(value: Any, parts: Iterable[Mapping[str, Any]], *, whole: bool) -> str | None:
    # "10" and 10.0 for a whole number, "1e-3" and "1_000" for any.
    short = isinstance(value, str) and len(value) < 40
    number = scalar(value.replace("_", "").strip()) if short else value
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int if whole else (int, float)):
        return None
    fits = type(number) is not type(value) and any(_within(number, part) for part in parts)
    return str(number) if fits else None


def _within(number: float, part: Mapping[str, Any]) -> bool:
    least, most = part.get("minimum", -math.inf), part.get("maximum", math.inf)
    above, below = part.get("exclusiveMinimum", -math.inf), part.get("exclusiveMaximum", math.inf)
    return part.get("type") in ("integer", "number") and least <= number <= most and above < number < below


def _as_mapping(value: Any, schema: Mapping[str, Any]) -> str | None:
    # `crossValidation: 5` means 5 folds and true as many as there are without a word; `logging: wandb` switches it on.
    parts = [part["properties"] for part in (schema, *schema.get("anyOf", ())) if "properties" in part]
    keys: Mapping[str, Any] = next(iter(parts), {})
    if isinstance(value, str):
        return f"{{{value}: true}}" if keys.get(value, {}).get("type") == "boolean" else None
    if not keys:
        return None
    key, takes = next(iter(keys.items()))
    number = takes.get("default") if value is True else value
    fits = takes.get("type") == "integer" and isinstance(number, int) and not isinstance(number, bool)
    return f"{{{key}: {number}}}" if fits and number >= takes.get("minimum", number) else None


def _existing(path: Path, values: Any) -> Path:
    # pydantic adds the branches of a union to the place; the values tell what is none.
    found: Path = ()
    for part in path:
        if isinstance(part, int) if isinstance(values, list) else isinstance(values, Mapping) and part in values:
            found, values = (*found, part), values[part]
    return found or path[:1]


def _schema_at(model: type[Model], path: Path) -> Mapping[str, Any]:
    name, *inner = path
    found = nested(model.model_fields[str(name)])
    if inner and found and inner[0] in found.model_fields:
        return _schema_at(found, tuple(inner))
    schema = field_schema(model, str(name))
    for _ in inner:
        parts = [part.get(key) for part in (schema, *schema.get("anyOf", [])) for key in _INSIDE]
        schema = next((part for part in parts if isinstance(part, Mapping)), {})
    return schema
