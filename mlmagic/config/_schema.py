"""JSON Schema of a cell, for completion, hover and lint: both spellings, flat and nested, a branch a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.config._model import Model, alias, nested, spellings
from mlmagic.config._rules import choices, field_schema
from mlmagic.config._run import RunConfig
from mlmagic.executors import EXECUTORS, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.config._train import TrainConfig

Schema = dict[str, Any]


def json_schema() -> Schema:
    """Return the schema (draft 2020-12) of what ``resolve`` takes; the action may be missing, as a magic names it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mlmagic",
        "description": "A run, as written in a cell of %%ml or %%mltrain.",
        "type": "object",
        "anyOf": [_branch(framework) for framework in EXECUTORS],
    }


def _branch(framework: str) -> Schema:
    from mlmagic.actions import ACTIONS

    entry = EXECUTORS[framework]
    model: type[TrainConfig] = resolve(entry.train)
    keys: Schema = _object(RunConfig)["properties"] | _object(model)["properties"]
    del keys["config"]
    keys["action"] |= {"enum": list(ACTIONS)}
    keys["framework"] |= {"enum": [framework, *entry.aliases]}
    parts = list(_parts(model))
    level = _object(model) | {"properties": keys} | ({"allOf": parts} if parts else {})
    return {
        "title": entry.title,
        **level,
        "properties": keys | {"config": level | {"type": ["object", "null"]}},
        "anyOf": [
            {"required": ["framework"]},
            {"required": ["config"], "properties": {"config": {"type": "object", "required": ["framework"]}}},
        ],
    }


def _object(model: type[Model]) -> Schema:
    properties = {spelling: _property(model, name) for spelling, name in spellings(model).items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _property(model: type[Model], name: str) -> Schema:
    schema = dict(field_schema(model, name))
    inner = nested(model.model_fields[name])
    if inner and "anyOf" in schema:
        # The inner model's own schema knows one spelling only.
        schema["anyOf"] = [_object(inner) if "properties" in choice else choice for choice in schema["anyOf"]]
    return schema


def _parts(model: type[TrainConfig]) -> Iterator[Schema]:
    for name in model.model_fields:
        for choice in choices(field_schema(model, name)):
            for part, inner in model.parts({name: choice}).items():
                named = {"properties": {alias(model, name): {"const": choice}}, "required": [alias(model, name)]}
                yield {"if": named, "then": {"properties": {alias(model, part): _object(inner)}}}
