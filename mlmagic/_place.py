"""Where a run is shown in a notebook: the live dashboard, and beside it the copy that is saved.

They are two outputs, since a saved notebook keeps no widget: reopened without its kernel it shows the copy. The copy
of a background run is updated in place, when the run begins and when it ends; a waiting cell writes it once, at the
end, because headless clients drop updates.

Nothing here holds a report for longer than a call: a run's model lives as long as a report of it.
"""

from __future__ import annotations

import sys
import uuid
from typing import Any

from IPython.display import clear_output, display

from mlmagic import jobs
from mlmagic._job import Job
from mlmagic._run import Run
from mlmagic.report import Report


def live(run: Run, *, waits: bool) -> None:
    """Show the dashboard, and below it the copy of a run whose cell returns at once."""
    from mlmagic.dashboard import Dashboard, subshells

    if "google.colab" in sys.modules:
        sys.modules["google.colab"].output.enable_custom_widget_manager()
    stop_by = "button" if not waits or subshells() else "interrupt"
    copy = None if waits else uuid.uuid4().hex
    dashboard = Dashboard(
        run,
        stop_by=stop_by,
        place=lambda: _place_in_queue(run),
        on_stage=lambda: None if copy is None else _display(run, display_id=copy, update=True),
    )
    display(dashboard)
    if copy is not None:
        _display(run, display_id=copy)


def finished(run: Run, *, instead: bool) -> None:
    """Show the copy of a run that has ended, in the cell that waited for it, or instead of what the cell has shown."""
    if instead:
        clear_output(wait=True)
    _display(run)


def _display(run: Run, **place: Any) -> None:
    report = Report(run)
    display({"text/plain": repr(report), "text/html": report._repr_html_()}, raw=True, **place)


def _place_in_queue(run: Run) -> dict[str, Any] | None:
    position = jobs.QUEUE.position(run) if isinstance(run, Job) else None
    if position is None or not isinstance(run, Job):
        return None
    need = next((need.name for need in run.needs if not need.wait(0)), None)
    return {"position": position, "for": need, "behind": [job.id for job in jobs.QUEUE.running]}
