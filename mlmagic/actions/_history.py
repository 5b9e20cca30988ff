"""The rows of a run as they pass by, for the files that are made of them."""

from __future__ import annotations

from typing import Any

from mlmagic.events import Emit, Event, Plan, Rounds, Row


class Recorder:
    """An ``emit`` that passes every event on and keeps the rows of history, by unit."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._unit = "row"
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def __call__(self, event: Event) -> None:
        """Pass one event on."""
        if isinstance(event, Plan):
            self._unit = event.unit or "row"
        elif isinstance(event, (Row, Rounds)):
            rows = [event] if isinstance(event, Row) else event.rows()
            found = self.rows.setdefault(self._unit, [])
            found += [{self._unit: row.index, **row.values} for row in rows]
        self._emit(event)

    @property
    def validated(self) -> bool:
        """Whether training measured the validation rows on its way."""
        rows = (row for unit, found in self.rows.items() if unit != "fold" for row in found)
        return any(name.startswith("val_") for row in rows for name in row)
