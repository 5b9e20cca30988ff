"""A config as text: its values, and where each of them stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Path: TypeAlias = tuple[str | int, ...]
Position: TypeAlias = tuple[int, int]

_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Document:
    """The cell's text and what it says.

    Parameters
    ----------
    value
        Plain data: mappings, lists, text, numbers, booleans, None. A ``$name`` is still text here.
    text
        What was parsed.
    marks
        Positions of the key and of the value at each path; a value without a key has its own for both.
    """

    value: dict[str, Any]
    text: str
    marks: Mapping[Path, tuple[Position, Position]] = field(repr=False)

    def position(self, path: Path, *, key: bool = False) -> Position:
        """Line and column, from 1, of the value at a path, or of its key.

        Raises
        ------
        KeyError
            If the text has nothing at that path.
        """
        of_key, of_value = self.marks[path]
        return of_key if key else of_value


def locate(text: str, index: int) -> Position:
    """Line and column, from 1, of the character at an index."""
    breaks = [found.end() for found in _BREAK.finditer(text, 0, index)]
    return len(breaks) + 1, index - (breaks[-1] if breaks else 0) + 1


def dotted(path: Path) -> str:
    """Return a path as a person writes it: ``hyperparameters.hidden[1]``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")
