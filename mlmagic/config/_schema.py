"""JSON Schema of a cell, for completion, hover and lint: both spellings, flat and nested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.config._auto import AUTO
from mlmagic.config._model import Model, alias, nested, spellings
from mlmagic.config._rules import choices, field_schema
from mlmagic.config._run import RunConfig
from mlmagic.executors import EXECUTORS, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.config._action import ActionConfig

Schema = dict[str, Any]


def json_schema() -> Schema:
    """Return the schema (draft 2020-12) of what ``resolve`` takes; the action may be missing, as a magic names it."""
    from mlmagic.actions import ACTIONS

    training = [name for name, action in ACTIONS.items() if action.config is None]
    own = {name: action.config for name, action in ACTIONS.items() if action.config is not None}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mlmagic",
        "description": "A run, as written in a cell of %%ml, %%mltrain, %%mleval or %%mlpredict.",
        "type": "object",
        "anyOf": [
            *(_training(framework, training) for framework in EXECUTORS),
            *(_branch(name, resolve(model), [name], _frameworks()) for name, model in own.items()),
        ],
    }


def _training(framework: str, actions: list[str]) -> Schema:
    entry = EXECUTORS[framework]
    branch = _branch(entry.title, resolve(entry.train), actions, [framework, *entry.aliases, AUTO])
    # Training is told what it trains with; an action on a model that is there finds out.
    inside = {"required": ["config"], "properties": {"config": {"type": "object", "required": ["framework"]}}}
    return branch | {"anyOf": [{"required": ["framework"]}, inside]}


def _branch(title: str, model: type[ActionConfig], actions: list[str], frameworks: list[str]) -> Schema:
    keys: Schema = _object(RunConfig)["properties"] | _object(model)["properties"]
    del keys["config"]
    keys["action"] |= {"enum": actions}
    keys["framework"] |= {"enum": frameworks}
    parts = list(_parts(model))
    level = _object(model) | {"properties": keys} | ({"allOf": parts} if parts else {})
    return {"title": title, **level, "properties": keys | {"config": level | {"type": ["object", "null"]}}}


def _frameworks() -> list[str]:
    return [*(name for key, entry in EXECUTORS.items() for name in (key, *entry.aliases)), AUTO]


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


def _parts(model: type[ActionConfig]) -> Iterator[Schema]:
    for name in model.model_fields:
        for choice in choices(field_schema(model, name)):
            for part, inner in model.parts({name: choice}).items():
                named = {"properties": {alias(model, name): {"const": choice}}, "required": [alias(model, name)]}
                yield {"if": named, "then": {"properties": {alias(model, part): _object(inner)}}}
