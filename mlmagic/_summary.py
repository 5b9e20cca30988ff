"""A run's state -> what its saved report shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mlmagic import _tiles, _view
from mlmagic._curve import Cursor
from mlmagic._format import duration, grouped, metric, rate, size
from mlmagic._html import Confusion, Curve, Failure, Preview, Series, Summary
from mlmagic._run import Run
from mlmagic.executors import EXECUTORS
from mlmagic.run_directory import shown
from mlmagic.state import SERIES, CurveKey, RunState

PICTURED = ("loss", "accuracy", "r2")


def summary(run: Run) -> Summary:
    """All that the saved report shows of a run now."""
    state = run.state
    return Summary(
        name=run.name,
        action=run.config.action,
        framework=EXECUTORS[run.config.executor].title,
        subject=_view.subject(run),
        status=state.status,
        duration=duration(run.elapsed) if state.began else "",
        numbers=tuple(_number(tile) for tile in _tiles.tiles(run) if tile["label"] != "duration")[: _tiles.TILES],
        facts=tuple(_facts(state)),
        files=tuple((key, shown(run.path / item.path)) for key, item in state.artifacts.items()),
        directory=shown(run.path),
        confusion=_confusion(state),
        curve=_curve(state),
        preview=_preview(run),
        error=_failure(state.error),
    )


def _number(tile: dict[str, Any]) -> tuple[str, str]:
    value, note = _text(tile["value"], tile["format"]), tile["note"]
    if note and note["text"] == "±":
        value += f" ± {_text(note['value'], 'metric')}"
    return tile["label"], value


def _text(value: Any, form: str) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return metric(None)
    write = _FORMS.get(form, metric)
    return write(value)


def _facts(state: RunState) -> list[tuple[str, str]]:
    known = state.metadata
    found = []
    if isinstance(model := known.get("model"), dict):
        found.append(("model", str(model["name"])))
    if "samples" in known:
        split = [f"{known[key]} {name}" for key, name in _SPLIT if known.get(key)]
        found.append(("rows", f"{known['samples']} ({', '.join(split)})" if split else str(known["samples"])))
    if "targetColumn" in known:
        classes = f", {known['classes']} classes" if known.get("classes") else ""
        found.append(("target", f"{known['targetColumn']}{classes}"))
    prepared = [f"{_listed(known[key])} {verb}" for key, verb in _PREPARED if known.get(key)]
    if prepared:
        found.append(("prepared", "; ".join(prepared)))
    for key, label in (("bestEpoch", "best epoch"), ("seed", "seed"), ("dataHash", "data"), ("modelSize", "model")):
        if known.get(key) is not None:
            found.append((label, str(known[key])[:12]))
    return found


def _listed(names: Iterable[str]) -> str:
    shown = list(map(str, names))
    return ", ".join(shown) if len(shown) <= 3 else f"{len(shown)} columns"


_FORMS: dict[str, Callable[[float], str]] = {"bytes": size, "count": grouped, "rate": rate, "seconds": duration}
# Folds are no line: they do not follow from each other.
_LINES = frozenset(SERIES.values())
_PREPARED = (("encoded", "encoded"), ("filled", "with gaps filled"))
_SPLIT = (("trainSamples", "train"), ("validationSamples", "validation"), ("testSamples", "test"))


def _confusion(state: RunState) -> Confusion | None:
    shown = _view.confusion(state)
    if shown is None:
        return None
    return Confusion(tuple(map(str, shown["labels"])), tuple(tuple(row) for row in shown["counts"]))


def _preview(run: Run) -> Preview | None:
    shown = _view.preview(run)
    if shown is None:
        return None
    return Preview(tuple(shown["columns"]), tuple(map(tuple, shown["rows"])), shown["of"])


def _failure(error: dict[str, Any] | None) -> Failure | None:
    if error is None:
        return None
    return Failure(error["type"], error["message"], error.get("solution", ""), error.get("stderr", ""))


def _curve(state: RunState) -> Curve | None:
    for name in PICTURED:
        keys = [key for key in state.curves if key.metric == name and key.grain == "unit" and key.series in _LINES]
        lines = [_series(state, key) for key in keys]
        if any(len(line.points) > 1 for line in lines):
            # The line that matters comes last, and is drawn in blue.
            lines.sort(key=lambda line: line.label != "train")
            return Curve(name, tuple(lines), state.axis.unit or "step", _best(state, name))
    return None


def _best(state: RunState, name: str) -> tuple[float, float] | None:
    """The kept unit, where the pictured metric is the one that decided."""
    best = state.best
    return (best.index, best.value) if best and best.metric in (name, f"val_{name}") else None


def _series(state: RunState, key: CurveKey) -> Series:
    change = state.curves[key].since(Cursor())
    return Series(key.series, tuple(change.x), tuple(change.y))
