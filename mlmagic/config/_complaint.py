"""Something wrong at a path, before it is known on which line that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.config._document import Document, Path, Position, dotted
from mlmagic.errors import Fault, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Complaint:
    """A broken rule.

    Parameters
    ----------
    path
        Where in the source, in the user's own spelling.
    message
        The rule and the value received, in plain words.
    value
        The value received.
    suggestion
        What was probably meant.
    on_key
        Whether the key is at fault rather than its value.
    """

    path: Path
    message: str
    value: Any = None
    suggestion: str | None = None
    on_key: bool = False


def raise_all(complaints: Iterable[Complaint], document: Document | None) -> None:
    """Raise one error with every complaint in the order of the text; do nothing if there is none."""
    first: dict[tuple[Path, bool], Complaint] = {}
    for complaint in complaints:
        # What is wrong in itself breaks later rules as well; once is enough.
        first.setdefault((complaint.path, complaint.on_key), complaint)
    faults = [_fault(complaint, document) for complaint in first.values()]
    if faults:
        raise InvalidConfiguration(sorted(faults, key=lambda fault: (fault.line, fault.column)))


def _fault(complaint: Complaint, document: Document | None) -> Fault:
    line, column = _position(complaint, document) if document else (0, 0)
    return Fault(dotted(complaint.path), complaint.message, line, column, complaint.value, complaint.suggestion)


def _position(complaint: Complaint, document: Document) -> Position:
    path = complaint.path
    # What is missing stands nowhere: the nearest mapping around it does.
    while path not in document.marks:
        path = path[:-1]
    return document.position(path, key=complaint.on_key and path == complaint.path)
