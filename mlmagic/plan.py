"""``--dry-run``: everything that can be known of a run without training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlmagic._inputs import bind, hold, locate
from mlmagic.config import TrainConfig
from mlmagic.errors import MLError
from mlmagic.executors import EXECUTORS, load
from mlmagic.report import Report

if TYPE_CHECKING:
    from mlmagic.config import RunConfig


def plan(config: RunConfig, values: Mapping[str, Any], source: Any = None) -> str:
    """The resolved config, and what its data and model come to, as text. Runs nothing, writes nothing.

    Raises
    ------
    MLError
        What the run would fail with before training.
    """
    held = hold(config, values, source)
    lines = [config.to_yaml().rstrip(), ""]
    waiting = [value.run.id for value in held.values() if isinstance(value, Report) and not value.run.wait(0)]
    if waiting:
        return "\n".join([*lines, f"waits for {', '.join(waiting)}; its data is not there yet to be checked"])
    try:
        bound = bind(config, held)
        facts = _training(bound) if isinstance(config.config, TrainConfig) else _inference(bound)
    except MLError as error:
        raise locate(error, source) from None
    width = max(map(len, facts))
    return "\n".join([*lines, *(f"{name:<{width}}  {value}" for name, value in facts.items())])


def _training(config: RunConfig) -> dict[str, str]:
    from mlmagic.actions._scored import kind_of, require_fit
    from mlmagic.data import read, training_data

    executor = load(config.executor)
    versions = executor.versions()
    train = config.train
    data = training_data(read(train), train, config.seed, train.default_validation_split, executor.task(config))
    require_fit(train, kind_of(executor, config, data), data)
    executor.check(config, data)
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    facts = {
        "framework": f"{EXECUTORS[config.executor].title} {next(iter(versions.values()))}",
        "runs in": f"a {'child process' if executor.placement(config) == 'child' else 'thread'}",
        "task": f"{data.task} ({data.metadata['taskChosen']})",
        "target": f"{data.target} ({data.metadata['targetChosen']})".lstrip(),
        "features": ", ".join(map(str, data.train.X.columns)),
        "rows": ", ".join(f"{len(rows)} {name}" for name, rows in parts.items() if rows is not None),
    }
    if warnings := data.metadata.get("warnings"):
        facts["mind"] = "; ".join(warnings)
    return facts


def _inference(config: RunConfig) -> dict[str, str]:
    from mlmagic.actions._inference import ROWS, columns_for, named_as
    from mlmagic.config._inference import EvaluateConfig
    from mlmagic.data import read
    from mlmagic.executors._fitted import find

    fitted = find(config)
    versions = load(fitted.framework).versions()
    frame = named_as(read(config.config, ROWS), config, fitted)
    facts = {
        "framework": f"{EXECUTORS[fitted.framework].title} {next(iter(versions.values()))}",
        "runs in": "a thread",
        "model": fitted.name,
        "task": fitted.task or "found out from what the model gives",
    }
    target = None
    if isinstance(config.config, EvaluateConfig):
        from mlmagic.actions.evaluate import truth_of

        target = str(truth_of(config, fitted, frame).name)
        facts["target"] = target
    facts["columns"] = ", ".join(columns_for(fitted, frame, target or fitted.target))
    return facts | {"rows": str(len(frame))}
