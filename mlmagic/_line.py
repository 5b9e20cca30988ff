"""The line of ``%mlpredict``, read as a config."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

USAGE = "usage: %mlpredict MODEL DATA [-o NAME] [--trust]; %mlpredict? tells more"


def read(line: str, names: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The name after ``-o``, and the keys of a config that ``MODEL DATA`` stands for.

    Parameters
    ----------
    names
        The variables of the notebook.

    Raises
    ------
    UsageError
        If there are not two words beside the options, or one is an expression.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:  # a quote that is not closed
        raise UsageError(f"{error}; {USAGE}") from None
    name = None
    if "-o" in words[:-1]:
        at = words.index("-o")
        name = words[at + 1]
        del words[at : at + 2]
    given = [word for word in words if word != "--trust"]
    if len(given) != 2 or any(word.startswith("-") for word in given):
        raise UsageError(USAGE)
    model = _named(given[0], "model", "modelPath", names)
    data = _named(given[1], "data", "dataPath", names)
    return name, {**model, **data, "trust": len(given) < len(words)}


def _named(word: str, variable: str, path: str, names: Mapping[str, Any]) -> dict[str, str]:
    """A word as a variable if it can be one, else as a path; ``$`` makes it a variable in any case.

    A variable that holds a path stands for it.
    """
    bare = word.removeprefix("$")
    first, *attributes = bare.split(".")
    if isinstance(value := names.get(bare), str | PathLike):
        return {path: str(value)}
    if word != bare:
        return {variable: word}
    is_name = first.isidentifier() and all(part.isidentifier() for part in attributes)
    is_file = Path(word).expanduser().exists()
    if is_name and not is_file and (first in names or not attributes):  # a bare word that is neither was misspelt
        return {variable: f"${bare}"}
    if is_name and not attributes and first in names:
        return {variable: f"${bare}"}
    if first.partition("(")[0].partition("[")[0] in names and not is_file:
        raise UsageError(f"{word} is an expression: give it a name in a line before, and name that; {USAGE}")
    return {path: word}
