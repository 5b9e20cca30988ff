"""``training.log``: a run as lines of text that grow as it goes."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from mlmagic._units import duration
from mlmagic.events import Began, Ended, Event, Log, Plan, Rounds, Row, Stopping


class TextLog:
    """Writes a line for what a person wants to read later: phases, rows of history, prints and warnings, the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unit = "row"
        self._file: TextIO | None = None

    def take(self, event: Event, time: float) -> None:
        """Append the event's lines, if it has any.

        Raises
        ------
        OSError
            If they cannot be written.
        """
        if isinstance(event, Plan):
            self._unit = event.unit or self._unit
        if text := self._text(event):
            if self._file is None:  # kept open: a run of short epochs writes hundreds of lines a second
                self._file = self.path.open("a", encoding="utf-8", errors="backslashreplace")
            self._file.write("".join(f"{duration(time):>9}  {line}\n" for line in text.splitlines()))
            self._file.flush()
        if isinstance(event, Ended) and self._file is not None:
            self._file.close()

    def _text(self, event: Event) -> str | None:
        match event:
            case Began():
                return "started"
            case Plan():
                return event.phase
            case Row():
                return self._row(event)
            case Rounds():
                return "\n".join(map(self._row, event.rows()))
            case Log():
                return event.text if event.level in ("info", "output") else f"{event.level}: {event.text}"
            case Stopping():
                return f"stop asked for by {event.by}"
            case Ended():
                return f"{event.status}: {event.error['message']}" if event.error else event.status
            case _:
                return None

    def _row(self, row: Row) -> str:
        values = "  ".join(f"{name} {value:.6g}" for name, value in row.values.items())
        return f"{self._unit} {row.index}  {values}"
