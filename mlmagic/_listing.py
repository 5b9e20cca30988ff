"""The runs of this kernel as a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mlmagic._text import how_far
from mlmagic._units import duration
from mlmagic.run_directory import shown

if TYPE_CHECKING:
    from mlmagic._job import Job
    from mlmagic.jobs import Queue

COLUMNS = ("run", "status", "what", "progress", "time", "directory")


class Listing:
    """What ``%mljobs`` shows: one run a row, as it is when it is shown."""

    def __init__(self, queue: Queue) -> None:
        self.rows = [_row(job) for job in queue.jobs]

    def __repr__(self) -> str:
        if not self.rows:
            return "no runs yet"
        table = [COLUMNS, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(COLUMNS))]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)

    def _repr_html_(self) -> str:
        if not self.rows:
            return "no runs yet"
        head = "".join(f'<th style="text-align:left">{name}</th>' for name in COLUMNS)
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(job: Job) -> tuple[str, ...]:
    state = job.state
    progress = how_far(state) or state.phase
    time = duration(job.elapsed) if state.began else ""
    return (
        job.id,
        state.status,
        f"{job.config.action} {job.config.framework}",
        "" if progress == state.status else progress,
        time,
        shown(job.path),
    )
