"""The choice that was probably meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# The share of letters in common from which on a word may be misspelt rather than another one.
LIKENESS = 0.7


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like a word, whatever the case of either; None if none is much like it."""
    return closest_of(word, {choice: choice for choice in choices})


def closest_of(word: str, choices: Mapping[str, str]) -> str | None:
    """Return what the key most like a word stands for."""
    folded: dict[str, str] = {}
    for spelling, choice in choices.items():
        folded.setdefault(_fold(spelling), choice)
    matches = get_close_matches(_fold(word), folded, n=1, cutoff=LIKENESS)
    return folded[matches[0]] if matches else None


def closest_file(path: Path, pattern: str = "*") -> Path | None:
    """Return the file beside one that is not there whose name is most like its own."""
    near = closest(path.name, sorted(item.name for item in path.parent.glob(pattern)))
    return path.parent / near if near else None


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: ``a, b or c``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _fold(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter not in "_- ")
