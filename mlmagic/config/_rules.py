"""A field's rule in plain words, from the schema of its model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from mlmagic._suggest import listed
from mlmagic.config._model import alias

if TYPE_CHECKING:
    from pydantic import BaseModel

Schema = Mapping[str, Any]

_KINDS = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_PLURALS = {
    "text": "texts",
    "a whole number": "whole numbers",
    "a number": "numbers",
    "a mapping": "mappings",
    "a variable": "variables",
}


@cache
def schema_of(model: type[BaseModel]) -> Schema:
    """Return a model's JSON Schema, by alias."""
    return model.model_json_schema(by_alias=True, mode="validation")


def field_schema(model: type[BaseModel], name: str) -> Schema:
    """Return the JSON Schema of one field, with its reference to another model followed."""
    schema = schema_of(model)
    found: Schema = schema["properties"][alias(model, name)]
    return _followed(found, schema.get("$defs", {}))


def rule(schema: Schema) -> str:
    """Return what a value must be: ``a whole number of at least 1``."""
    if "anyOf" in schema:
        return listed(dict.fromkeys(rule(choice) for choice in schema["anyOf"] if choice.get("type") != "null"))
    if "enum" in schema or "const" in schema:
        choices = schema.get("enum", [schema.get("const")])
        return ("one of " if len(choices) > 2 else "") + listed(map(str, choices))
    kind = schema.get("type")
    if kind == "array":
        return "a list of " + _several(schema.get("items", {}))
    if kind == "object":
        keys = schema.get("properties")
        return f"a mapping with the keys {listed(keys).replace(' or ', ' and ')}" if keys else "a mapping"
    if "pattern" in schema:
        return "a variable of the notebook ($name)"
    if schema.get("format") == "path":
        return "a path"
    return _KINDS.get(str(kind), "a value") + _bounds(schema)


def choices(schema: Schema) -> list[str]:
    """Return the words that a value may be."""
    inner = [choice for part in schema.get("anyOf", []) for choice in choices(part)]
    return [*inner, *schema.get("enum", [])] + ([schema["const"]] if "const" in schema else [])


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high}"
    parts = [f"of at least {low:g}"] if low is not None else []
    parts += [f"above {above:g}"] if above is not None else []
    parts += [f"of at most {high:g}"] if high is not None else []
    parts += [f"below {below:g}"] if below is not None else []
    return " " + " and ".join(parts) if parts else ""


def _several(schema: Schema) -> str:
    if "anyOf" in schema:
        return listed(dict.fromkeys(_several(choice) for choice in schema["anyOf"]))
    one = rule(schema)
    for singular, plural in _PLURALS.items():
        if one.startswith(singular):
            return plural + one.removeprefix(singular)
    return one


def _followed(schema: Schema, definitions: Mapping[str, Any]) -> Schema:
    if "$ref" in schema:
        return _followed(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    followed = dict(schema)
    if "anyOf" in schema:
        followed["anyOf"] = [_followed(choice, definitions) for choice in schema["anyOf"]]
    if "items" in schema:
        followed["items"] = _followed(schema["items"], definitions)
    return followed
