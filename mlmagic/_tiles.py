"""The numbers at the top of a dashboard, and on the saved copy."""

from __future__ import annotations

from typing import Any

from mlmagic._run import Run
from mlmagic.config._reference import spread
from mlmagic.evaluation import METRICS, SPELLINGS, grows
from mlmagic.state import RunState

TILES = 6


def tiles(run: Run) -> list[dict[str, Any]]:
    """The numbers that matter most, first the ones that tell how good the model is."""
    state = run.state
    found = [*_final(run), *_asked(state), *_latest(state), *_rates(state)]
    first: dict[str, dict[str, Any]] = {}
    for tile in found:
        first.setdefault(tile["label"], tile)
    return list(first.values())


def _tile(label: str, value: Any, form: str = "metric", note: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"label": label, "value": value, "format": form, "note": note}


def _final(run: Run) -> list[dict[str, Any]]:
    state = run.state
    metrics = state.metrics or {}
    test, folds = metrics.get("test", {}), metrics.get("crossValidation", {})
    names = {METRICS[name].key if name in METRICS else name: f"test_{name}" for name in [*_wanted(run), *_USUAL]}
    note = {"text": f"{state.metadata['testSamples']} rows"} if "testSamples" in state.metadata else None
    found = [_tile(label, test[key], note=note) for key, label in names.items() if _is_number(test.get(key, ""))]
    for key, name in (("Accuracy", "accuracy"), ("R2", "r2"), ("Ndcg", "ndcg")):
        if f"mean{key}" in folds:
            around = {"text": "±", "value": folds[f"std{key}"], "format": "metric"}
            found.append(_tile(f"{len(folds[name])}-fold {name}", folds[f"mean{key}"], note=around))
    return found


_USUAL = ("accuracy", "f1", "r2", "rmse", "mae", "ndcg")


def _wanted(run: Run) -> list[str]:
    """Names of the metrics that a training asks for."""
    asked = getattr(run.config.config, "metrics", None) or ()
    return [SPELLINGS.get(str(item), str(item).lstrip("$")) for item in spread(asked)]


def _asked(state: RunState) -> list[dict[str, Any]]:
    """Every number of an evaluation, and how long a row took."""
    numbers = {key: value for key, value in (state.metrics or {}).items() if _is_number(value)}
    rows = state.metadata.get("samplesEvaluated")
    note = {"text": f"{rows} rows"} if rows is not None else None
    found = [
        _tile(key, value, "count" if isinstance(value, int) else "metric", note=note) for key, value in numbers.items()
    ]
    if (each := state.metadata.get("avgInferenceTimePerSample")) is not None:
        found.append(_tile("time / row", each, "text"))
    return found


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _latest(state: RunState) -> list[dict[str, Any]]:
    if not state.rows:
        return []
    unit, last = next(iter(state.rows[-1])), state.rows[-1]
    if unit == "fold":
        # Of one fold; in the end only their mean counts.
        note = {"text": f"fold {last[unit]}"}
        return [] if state.metrics else [_tile(name, value, note=note) for name, value in last.items() if name != unit]
    order = ("val_accuracy", "val_r2", "val_loss", "test_accuracy", "test_r2", "accuracy", "r2", "train_loss")
    names = [name for name in order if name in last] + [name for name in last if name not in order and name != unit]
    return [_tile(name, last[name], note=_best_note(state, name)) for name in names]


def _best_note(state: RunState, name: str) -> dict[str, Any] | None:
    best = (state.lowest if grows(name.partition("_")[2]) is False else state.highest).get(name)
    if not name.startswith(("val_", "test_")) or best is None:
        return None
    return {"text": f"best {{}} at {best[1]}", "value": best[0], "format": "metric"}


def _rates(state: RunState) -> list[dict[str, Any]]:
    found = []
    if state.plan.unit == "row" and not state.finished and state.time > state.plan_time:
        found.append(_tile("rows / s", state.done / (state.time - state.plan_time), "rate"))
    batch = state.metadata.get("batchSize")
    if (rate := state.steps_per_second) is not None and batch:
        found.append(_tile("samples / s", rate * batch, "rate", {"text": f"batch {batch}"}))
    if state.usage.memory:
        peak = {"text": "peak", "value": state.usage.peak, "format": "bytes"}
        found.append(_tile("memory", state.usage.memory, "bytes", peak))
    if "samples" in state.metadata:
        features = state.metadata.get("features")
        note = {"text": f"{features} features"} if features is not None else None
        found.append(_tile("rows", state.metadata["samples"], "count", note))
    if state.seconds is not None and state.began:
        found.append(_tile("duration", state.seconds, "seconds"))
    return found
