"""Help on the keys, as ``%mlhelp`` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic._suggest import closest
from mlmagic.config._complaint import Complaint, raise_all
from mlmagic.config._groups import Group, groups
from mlmagic.config._model import Model, alias, nested, spellings
from mlmagic.config._rules import field_schema, rule
from mlmagic.config._values import show
from mlmagic.config._write import flow

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def describe(key: str | None = None) -> str:
    """Explain a key, in either spelling, or list them all.

    Raises
    ------
    InvalidConfiguration
        If there is no such key.
    """
    if not key:
        return "\n\n".join(_overview(group) for group in groups())
    found = [(group, name) for group in groups() if (name := spellings(group.model).get(key, "")) in group.names]
    if not found:
        known = [spelling for group in groups() for spelling in spellings(group.model)]
        raise_all([Complaint((key,), f"{show(key)} is not a key", key, closest(key, known))], None)
    # What means the same in several groups is told once.
    titles: dict[tuple[str, str], list[str]] = {}
    for group, name in found:
        titles.setdefault((alias(group.model, name), _help(group.model, name)), []).append(group.title)
    return "\n\n".join(f"{name} ({'; '.join(of)})\n{text}" for (name, text), of in titles.items())


def _overview(group: Group) -> str:
    width = max(len(alias(group.model, name)) for name in group.names)
    lines = (
        f"  {alias(group.model, name):{width}}  {_meaning(group.model.model_fields[name])}" for name in group.names
    )
    return "\n".join((group.title, *lines))


def _help(model: type[Model], name: str) -> str:
    field, key = model.model_fields[name], alias(model, name)
    others = [spelling for spelling, of in spellings(model).items() if of == name and spelling != key]
    inner = nested(field)
    lines = [f"  {_meaning(field)}"]
    if name != "config":
        lines += [f"  must be: {rule(field_schema(model, name))}"]
    lines += [f"  default: {_default(field)}"]
    lines += [f"  example: {key}: {flow(example)}" for example in field.examples or ()]
    lines += [f"  also spelt: {', '.join(others)}"] if others else []
    return "\n".join(lines + (_inner(inner) if inner and name != "config" else []))


def _inner(model: type[Model]) -> list[str]:
    return [
        f"  - {alias(model, name)}: {_meaning(field)} Default: {_default(field)}"
        for name, field in model.model_fields.items()
    ]


def _meaning(field: FieldInfo) -> str:
    return field.description or ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "none, it is required"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    return "unset" if default is None else flow(default)
