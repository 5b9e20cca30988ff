"""Warnings of Keras, each told once."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlmagic._capture import captured, sink

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of the rows that Keras looks at just then: a few, a batch, or as many as there may be.
_SHAPE = re.compile(r"\((?:(?:None|\d+),? ?)*\)")


@contextmanager
def once(told: set[str]) -> Iterator[None]:
    """Keep back what this thread was warned of before: Keras warns anew each time that it traces a network.

    Parameters
    ----------
    told
        What was warned of, shapes aside; it grows.
    """
    outer = sink()
    if outer is None:  # nobody keeps a log
        yield
        return

    def heard(text: str, level: str) -> None:
        what = _SHAPE.sub("", text)
        if level != "warning" or what not in told:
            outer(text, level)
        if level == "warning":
            told.add(what)

    with captured(heard):
        yield
