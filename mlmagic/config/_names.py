"""Which action and which framework a config names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic._suggest import closest, closest_of, listed
from mlmagic.config import _planned
from mlmagic.config._auto import AUTO, library
from mlmagic.config._complaint import Complaint
from mlmagic.config._values import show
from mlmagic.executors import EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.config._document import Path


def action_name(value: Any, place: Path) -> str | Complaint:
    """Return the action of a run, or what is wrong with it."""
    # The table names modules that import this package.
    from mlmagic.actions import ACTIONS

    if value is None:
        return Complaint(("action",), f"action is missing: add a line `action: {next(iter(ACTIONS))}`")
    if isinstance(value, str) and value in ACTIONS:
        return value
    return _unknown(
        "action", value, place, ACTIONS, closest(str(value), [*ACTIONS, *_planned.ACTIONS]), _planned.ACTIONS
    )


def framework_name(value: Any, place: Path) -> str | Complaint:
    """Return the framework of a run as EXECUTORS has it, or ``auto``, or what is wrong with it."""
    if value == AUTO:
        return AUTO
    if value is None:
        return Complaint(
            ("framework",),
            f"framework is missing: add a line `framework: {next(iter(EXECUTORS))}` ({listed([*EXECUTORS, AUTO])})",
        )
    names = {spelling: name for name, entry in EXECUTORS.items() for spelling in (name, *entry.aliases)}
    if isinstance(value, str) and (found := library(value)):
        return found
    return _unknown("framework", value, place, [*EXECUTORS, AUTO], closest_of(str(value), names | {AUTO: AUTO}))


def _unknown(
    key: str, value: Any, place: Path, known: Iterable[str], near: str | None, planned: Iterable[str] = ()
) -> Complaint:
    if isinstance(value, str) and value in planned:
        message = f"{key} {show(value)} is not available yet in this version, which knows {listed(known)}"
        return Complaint(place, message, value)
    message = f"{key} must be {'one of ' if len(list(known)) > 2 else ''}{listed(known)}, got {show(value)}"
    return Complaint(place, message, value, near if isinstance(value, str) else None)
