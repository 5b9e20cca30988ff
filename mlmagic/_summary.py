"""A run's state -> what its saved report shows."""

from __future__ import annotations

from typing import Any

from mlmagic import _view
from mlmagic._curve import Cursor
from mlmagic._html import Confusion, Curve, Failure, Series, Summary
from mlmagic._units import duration, size
from mlmagic.executors import EXECUTORS
from mlmagic.report import Run
from mlmagic.run_directory import shown
from mlmagic.state import CurveKey, RunState

PICTURED = ("loss", "accuracy", "r2")


def summary(run: Run) -> Summary:
    """All that the saved report shows of a run now."""
    state = run.state
    return Summary(
        name=run.name,
        action=run.config.action,
        framework=EXECUTORS[run.config.framework].title,
        subject=_view.subject(run),
        status=state.status,
        duration=duration(run.elapsed) if state.began else "",
        numbers=tuple(_number(tile) for tile in _view.tiles(run) if tile["label"] != "duration")[: _view.TILES],
        facts=tuple(_facts(state)),
        files=tuple((key, shown(run.path / item.path)) for key, item in state.artifacts.items()),
        directory=shown(run.path),
        confusion=_confusion(state),
        curve=_curve(state),
        error=_failure(state.error),
    )


def _number(tile: dict[str, Any]) -> tuple[str, str]:
    value, note = _text(tile["value"], tile["format"]), tile["note"]
    if note and note["text"] == "±":
        value += f" ± {_text(note['value'], 'metric')}"
    return tile["label"], value


def _text(value: Any, form: str) -> str:
    if not isinstance(value, (int, float)):
        return str(value)
    if form == "bytes":
        return size(value)
    if form in ("count", "rate"):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _facts(state: RunState) -> list[tuple[str, str]]:
    known = state.metadata
    found = []
    if "samples" in known:
        split = [f"{known[key]} {name}" for key, name in _SPLIT if known.get(key)]
        found.append(("rows", f"{known['samples']} ({', '.join(split)})"))
    if "targetColumn" in known:
        found.append(("target", str(known["targetColumn"])))
    for key, label in (("bestEpoch", "best epoch"), ("seed", "seed"), ("dataHash", "data"), ("modelSize", "model")):
        if known.get(key) is not None:
            found.append((label, str(known[key])[:12]))
    return found


_SPLIT = (("trainSamples", "train"), ("validationSamples", "validation"), ("testSamples", "test"))


def _confusion(state: RunState) -> Confusion | None:
    shown = _view.confusion(state)
    if shown is None:
        return None
    return Confusion(tuple(map(str, shown["labels"])), tuple(tuple(row) for row in shown["counts"]))


def _failure(error: dict[str, Any] | None) -> Failure | None:
    if error is None:
        return None
    return Failure(error["type"], error["message"], error.get("solution", ""), error.get("stderr", ""))


def _curve(state: RunState) -> Curve | None:
    for metric in PICTURED:
        lines = [_series(state, key) for key in state.curves if key.metric == metric and key.grain == "unit"]
        if any(len(line.points) > 1 for line in lines):
            # The line that matters comes last, and is drawn in blue.
            lines.sort(key=lambda line: line.label != "train")
            return Curve(metric, tuple(lines), state.axis.unit or "step")
    return None


def _series(state: RunState, key: CurveKey) -> Series:
    change = state.curves[key].since(Cursor())
    return Series(key.series, tuple(change.x), tuple(change.y))
