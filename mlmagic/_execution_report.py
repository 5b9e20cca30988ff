"""A run in the form of the seed documents: their ``executionReport``, and the one number that stands for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlmagic._units import duration
from mlmagic.events import plain
from mlmagic.run_directory import shown
from mlmagic.state import flatten

if TYPE_CHECKING:
    from mlmagic._run import Run
    from mlmagic.state import RunState

# The one number of a run that its repr shows: the first of these that its metrics have.
HEADLINES = (
    "test.accuracy",
    "test.r2",
    "test.ndcg",
    "crossValidation.meanAccuracy",
    "crossValidation.meanR2",
    "crossValidation.meanNdcg",
    "accuracy",
    "r2",
    "ndcg",
    "silhouette",
    "outlierShare",
)


def headline(state: RunState) -> tuple[str, float] | None:
    """The one number that tells how good a run is, and its name; None while there is none."""
    flat = flatten(state.metrics or {})
    key = next((key for key in HEADLINES if key in flat), None)
    return (key.replace(".", " "), flat[key]) if key else None


def to_dict(run: Run) -> dict[str, Any]:
    """The report of a run as the seed documents shape it; what is not finite is None."""
    state = run.state
    if state.error is not None:
        return {"error": plain(state.error)}
    body = {
        "timestamp": _timestamp(state.began),
        "action": run.config.action,
        "framework": run.config.framework,
        "exitCode": 0,
        "duration": duration(run.elapsed),
        "status": state.status,
        "gpuUsed": bool(state.metadata.get("gpuUsed", False)),
        "outputDir": shown(run.path),
        "metadata": {key: value for key, value in state.metadata.items() if key not in ("gpuUsed", "gpuModel")},
        # What has a section of its own, as predictions have, measures nothing.
        **({} if state.sections and not state.metrics else {"metrics": state.metrics or {}}),
        **state.sections,
        "artifacts": {key: shown(run.path / item.path) for key, item in state.artifacts.items()},
    }
    if "gpuModel" in state.metadata:
        body["gpuModel"] = state.metadata["gpuModel"]
    return {"executionReport": plain(body)}


def _timestamp(began: float | None) -> str | None:
    if began is None:
        return None
    return datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
