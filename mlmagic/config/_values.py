"""What may stand in a config: plain data and references, not too deep, not too long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Integral, Real
from os import PathLike, fspath
from typing import Any

from mlmagic.config._complaint import Complaint
from mlmagic.config._document import Path, dotted
from mlmagic.config._reference import Reference, read

MAX_DEPTH = 20
MAX_LENGTH = 100_000
# YAML looks 1024 characters ahead for the colon, and each of these may take six as an escape.
MAX_KEY = 150

_HALF_PAIR = re.compile("[\ud800-\udfff]")


def whole_text(text: str) -> str:
    """Return the text with its surrogate pairs joined: JSON writes one emoji as two escapes.

    Raises
    ------
    ValueError
        If half of a pair is left over.
    """
    if not _HALF_PAIR.search(text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("the text has half of a surrogate pair (\\ud800 to \\udfff), which is no character") from None


def key_rule(key: Any, path: Path) -> str | None:
    """Return what is wrong with a key of the mapping at a path; None if nothing is."""
    if isinstance(key, str):
        return None if len(key) <= MAX_KEY else f"a key may have at most {MAX_KEY} characters, got {len(key)}"
    # The labels of classWeight: {0: 1, 1: 5} are whole numbers.
    of_labels = "hyperparameters" in path[:-1] or (path and path[-1] in ("classWeight", "class_weight"))
    if isinstance(key, int) and not isinstance(key, bool) and of_labels:
        return None
    return f"a key must be text, got {show(key)}: put it in quotes"


def clean(value: Any, complaints: list[Complaint], path: Path = ()) -> Any:
    """Return a value as plain data with its references read; complain about what may not stand there."""
    try:
        return _clean(value, complaints, path)
    except ValueError as error:
        complaints.append(Complaint(path, str(error), value))
        return value


def _clean(value: Any, complaints: list[Complaint], path: Path) -> Any:
    if value is None or isinstance(value, (bool, Reference)):
        return value
    if isinstance(value, str):
        return read(whole_text(str(value)))
    if isinstance(value, (Mapping, list, tuple)):
        # A key written flat lies one level deeper in the nested form that a run keeps.
        if len(path) + (path[:1] != ("config",)) > MAX_DEPTH:
            raise ValueError(f"a config may be at most {MAX_DEPTH} levels deep, `config:` among them")
        return _clean_inside(value, complaints, path)
    # numpy registers its numbers here, so it need not be imported.
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, PathLike):
        return str(fspath(value))
    raise ValueError(f"{dotted(path)} must be plain data, got {show(value)}: pass it by name, as $name")


def _clean_inside(value: Any, complaints: list[Complaint], path: Path) -> Any:
    if not isinstance(value, Mapping):
        return [clean(item, complaints, (*path, index)) for index, item in enumerate(value)]
    cleaned: dict[Any, Any] = {}
    for key, item in value.items():
        wrong = key_rule(key, path)
        if wrong:
            complaints.append(Complaint((*path, key), wrong, key, on_key=True))
        else:
            cleaned[key] = clean(item, complaints, (*path, key))
    return cleaned


def show(value: Any) -> str:
    """Return a value as a message shows it: short, in the words of YAML."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:59] + "…")
    if isinstance(value, (int, float)):
        return str(value)[:60]
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
