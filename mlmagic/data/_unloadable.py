"""What is wrong with a source of data; :func:`mlmagic.data.read` knows what the data was for."""

from __future__ import annotations


class Unloadable(Exception):
    """No table can be made of a source.

    Parameters
    ----------
    cause
        An exception's name and text, as Python shows them.
    solution
        The way out.
    """

    def __init__(self, cause: str, solution: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.solution = solution
