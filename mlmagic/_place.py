"""Where a run is shown in a notebook: the live dashboard, and beside it the copy that is saved.

They are two outputs, since a saved notebook keeps no widget: reopened without its kernel it shows the copy. The copy
of a background run is updated in place; a waiting cell writes it once, at the end, because headless clients drop
updates.
"""

from __future__ import annotations

import sys
import uuid
from typing import Any

from IPython.display import display

from mlmagic import jobs
from mlmagic._job import Job
from mlmagic.report import Report


def live(report: Report, *, waits: bool) -> None:
    """Show the dashboard, and below it the copy of a run whose cell returns at once."""
    from mlmagic.dashboard import Dashboard, subshells

    if "google.colab" in sys.modules:
        sys.modules["google.colab"].output.enable_custom_widget_manager()
    stop_by = "button" if not waits or subshells() else "interrupt"
    copy = None if waits else uuid.uuid4().hex
    dashboard = Dashboard(
        report.run,
        stop_by=stop_by,
        place=lambda: _place_in_queue(report),
        on_end=lambda: None if copy is None else _display(report, display_id=copy, update=True),
    )
    display(dashboard)
    if copy is not None:
        _display(report, display_id=copy)


def finished(report: Report) -> None:
    """Show the copy of a run that has ended, in the cell that waited for it."""
    _display(report)


def _display(report: Report, **place: Any) -> None:
    display({"text/plain": repr(report), "text/html": report._repr_html_()}, raw=True, **place)


def _place_in_queue(report: Report) -> dict[str, Any] | None:
    job = report.run
    position = jobs.QUEUE.position(job) if isinstance(job, Job) else None
    if position is None or not isinstance(job, Job):
        return None
    need = next((need.name for need in job.needs if not need.wait(0)), None)
    return {"position": position, "for": need}
