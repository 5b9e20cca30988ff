"""What the page shows of a run, as plain data: a pure function of its state.

In two parts, since the page is told ten times a second: what moves all the time, and what only a fact changes, which
reads files too.
"""

from __future__ import annotations

import csv
import json
from typing import Any

from mlmagic._execution_report import to_dict
from mlmagic._run import Run
from mlmagic._tiles import TILES, tiles
from mlmagic.events import plain
from mlmagic.executors import EXECUTORS
from mlmagic.run_directory import CONFIG, shown
from mlmagic.state import RunState

MATRIX_CLASSES = 60
IMPORTANCES = 30
PREVIEW_CLASSES = 10
# What the table of predictions calls what the report calls so.
COLUMNS = {"sample_id": "index", "predicted_class": "predicted", "predicted_value": "predicted"}
MOST_ITEMS = 200


def moving(run: Run, stop_by: str, place: dict[str, Any] | None = None) -> dict[str, Any]:
    """What changes while a run trains; with :func:`settled` the ``RunState`` of ``widgets/src/protocol.ts``.

    Parameters
    ----------
    run
        The run.
    stop_by
        How it can be stopped from where it is shown: "button" or "interrupt".
    place
        Place in the queue, for a run that waits.
    """
    state = run.state
    parts: dict[str, Any] = plain(
        {
            "status": state.status,
            "stopping": state.stopping is not None and not state.finished,
            "stopBy": "none" if state.finished else stop_by,
            "phase": state.phase,
            "progress": _progress(run),
            "waiting": place if state.status == "queued" else None,
            "tiles": tiles(run)[:TILES],
            "axis": {"unit": state.axis.unit or "step", "total": state.axis.total, "steps": state.axis.steps},
            "device": device(state),
            "best": _best(state),
        }
    )
    return parts


def settled(run: Run) -> dict[str, Any]:
    """What stays as it is until ``run.state.facts`` counts on."""
    state = run.state
    parts: dict[str, Any] = plain(
        {
            "id": run.id,
            "name": run.name,
            "action": run.config.action,
            "framework": EXECUTORS[run.config.executor].title,
            "subject": subject(run),
            "threads": state.metadata.get("threads"),
            "notice": notice(run),
            "outputDir": shown(run.path),
            "seed": run.config.seed,
            "dataHash": state.metadata.get("dataHash"),
            "confusion": confusion(state),
            "classification": classification(state),
            "importance": importance(run),
            "preview": preview(run),
            "config": _config(run),
            "report": json.dumps(_shortened(to_dict(run)), indent=2, ensure_ascii=False) if state.finished else None,
            "error": state.error,
        }
    )
    return parts


def subject(run: Run) -> str:
    """What is trained or used: the estimator, the network, the architecture, the run that trained it."""
    used = run.state.metadata.get("model")
    if used is not None:
        return str(used["name"])
    train = run.config.config
    for key in ("algorithm", "model_class", "architecture"):
        if value := getattr(train, key, None):
            return str(value)
    facts = run.state.metadata
    known = facts.get("algorithm") or facts.get("modelClass") or facts.get("network")
    model = getattr(train, "model", None)
    return str(known or model or getattr(train, "model_script", None) or "")


def device(state: RunState) -> dict[str, Any] | None:
    """The accelerator that trains: its name, how busy it is in per cent, its memory in bytes; None on a processor.

    What nobody measured is None.
    """
    told = state.usage.device or {}
    name = state.metadata.get("gpuModel") or told.get("name")
    if name is None:
        return None
    return {"name": name, **{key: told.get(key) for key in ("utilisation", "memoryUsed", "memoryTotal")}}


def notice(run: Run) -> str | None:
    """What is not as it was asked for, and what a stop has kept; None where there is nothing to say."""
    state = run.state
    if run.config.gpu_enabled and state.metadata.get("gpuUsed") is False:
        return "GPU asked for, none found: CPU"
    if state.status != "stopped" or run.config.action != "train":
        return None
    if not state.artifacts.keys() & {"model", "bestModel"}:
        return f"Stopped before there was a model to keep, in: {state.stopped_in}" if state.began else None
    return f"Kept the model of {_kept(state)}" if _kept(state) else None


def _kept(state: RunState) -> str:
    facts = state.metadata
    if "bestEpoch" in facts:
        return f"epoch {facts['bestEpoch']}, the best of {facts.get('finalEpoch', facts['bestEpoch'])}"
    return f"{facts['trees']} trees" if "trees" in facts else ""


def _shortened(value: Any) -> Any:
    """Long lists as the seed documents show them, for the page; the report itself has them whole."""
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list) and len(value) > MOST_ITEMS:
        return [*map(_shortened, value[:3]), "...", _shortened(value[-1])]
    return [_shortened(item) for item in value] if isinstance(value, list) else value


def measured(state: RunState) -> dict[str, Any]:
    """The metrics of rows that the model was not trained on: a training run's test rows, or all that were evaluated."""
    metrics: dict[str, Any] = state.metrics or {}
    found: dict[str, Any] = metrics.get("test", metrics)
    return found


def confusion(state: RunState) -> dict[str, Any] | None:
    """Counts of true classes (rows) against predicted ones (columns) on the rows that were measured."""
    test = measured(state)
    counts = test.get("confusionMatrix")
    if counts is None or len(counts) > MATRIX_CLASSES:
        return None
    rows = sum(map(sum, counts))
    of = f"test, {rows} rows" if "test" in (state.metrics or {}) else f"{rows} rows"
    return {"labels": _labels(test), "counts": counts, "of": of}


def classification(state: RunState) -> dict[str, Any] | None:
    """Precision, recall, F1 and rows of each class on the rows that were measured."""
    test = measured(state)
    table = test.get("classificationReport")
    if not table:
        return None
    columns = {name: [row.get(name) for row in table.values()] for name in ("precision", "recall", "f1")}
    support = [sum(row) for row in test.get("confusionMatrix", [])]
    return {"labels": list(table), **columns, "support": support, "accuracy": test.get("accuracy")}


def preview(run: Run) -> dict[str, Any] | None:
    """The first rows that were predicted, as text, and what the table of all is called; None where there are none."""
    told = run.state.sections.get("predictions")
    if told is None or not told["samplePredictions"]:
        return None
    samples, classes = told["samplePredictions"], told.get("classes", [])
    columns = [name for name in samples[0] if name != "probabilities"]
    rows = [
        [*(_cell(row[name], share=name == "confidence") for name in columns)]
        + [_cell(share, share=True) for share in row.get("probabilities", [])[:PREVIEW_CLASSES]]
        for row in samples
    ]
    heads = [COLUMNS.get(name, name) for name in columns] + classes[:PREVIEW_CLASSES]
    return {"columns": heads, "rows": rows, "of": told["shape"][0], "table": run.table}


def _cell(value: Any, *, share: bool) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if share else f"{value:.4g}"
    return str(value)


def importance(run: Run) -> dict[str, Any] | None:
    """The most important features, read from the file that the run wrote."""
    item = run.state.artifacts.get("featureImportances")
    if item is None:
        return None
    try:
        with (run.path / item.path).open(encoding="utf-8", newline="") as file:
            every = list(csv.DictReader(file))
    except OSError:
        return None
    rows = every[:IMPORTANCES]
    spread = [float(row["std"]) for row in rows] if rows and "std" in rows[0] else None
    return {
        "features": [row["feature"] for row in rows],
        "values": [float(row["importance"]) for row in rows],
        "spread": spread,
        "method": "drop of the score when shuffled" if spread else run.state.metadata.get("importances", ""),
        "count": len(every),
    }


def _labels(test: dict[str, Any]) -> list[str]:
    return list(test.get("classificationReport", {}))


def _progress(run: Run) -> dict[str, Any]:
    state = run.state
    return {
        "unit": state.plan.unit,
        "done": state.done,
        "total": state.plan.total,
        "fraction": state.fraction,
        "elapsed": run.elapsed,
        "remaining": state.remaining,
    }


def _best(state: RunState) -> dict[str, Any] | None:
    best = state.best
    return {"index": best.index, "metric": best.metric, "value": best.value} if best else None


def _config(run: Run) -> str:
    try:
        return (run.path / CONFIG).read_text(encoding="utf-8")
    except OSError:
        return run.config.to_yaml()
