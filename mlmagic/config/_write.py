"""Plain data -> YAML that reads back as the same data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlmagic.config._scalars import scalar

_PLAIN = re.compile(r"[A-Za-z_$.][A-Za-z0-9_$./-]*")
# What the parser does not take raw, or might take for something else.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def dump(value: Mapping[str, Any]) -> str:
    """YAML of a mapping: blocks for mappings, one line for a list."""
    return "\n".join(_block(value, "")) + "\n"


def _block(mapping: Mapping[Any, Any], indent: str) -> Iterator[str]:
    for key, item in mapping.items():
        if isinstance(item, Mapping) and item:
            yield f"{indent}{_scalar(key)}:"
            yield from _block(item, indent + "  ")
        else:
            yield f"{indent}{_scalar(key)}: {flow(item)}"


def flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        return repr(value).replace("inf", ".inf").replace("nan", ".nan")
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and scalar(value) == value else _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
