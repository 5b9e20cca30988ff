"""Train, measure and save in three calls: the same runs as a cell's, for scripts that already have their data."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import InvalidConfiguration

if TYPE_CHECKING:
    import pandas as pd

    from mlmagic.model import Model
    from mlmagic.report import Report


class ModelTrainer:
    """Trains as a config says.

    Parameters
    ----------
    config
        A mapping, YAML or JSON text, or the path of a file of it: the keys of ``action: train``, flat or in the
        sections ``model``, ``training``, ``augmentation`` and ``logging``.
    debug
        Print how training goes, log data and layers, and look at every step for the number that is none first.

    Attributes
    ----------
    report
        The report of the last training; None before it.
    """

    def __init__(self, config: Mapping[str, Any] | str | Path, debug: bool = False) -> None:
        self._config = _plain(config)
        self._debug = debug
        self.report: Report | None = None
        self._reports: dict[str, Report] = {}

    def train(self, train_data: Any = None, val_data: Any = None, **names: Any) -> Model:
        """Train a model and wait for it; an interrupt stops training and keeps the best model so far.

        Parameters
        ----------
        train_data
            A table with its target, a pair of features and target, or a path. All of it is trained on, unless the
            config has ``testSplit`` or ``validationSplit``. None: the config names its data.
        val_data
            Rows that pick the best epoch or round, of the same form.
        **names
            The objects that the config's ``$names`` stand for.

        Raises
        ------
        MLError
            What is wrong with config or data, or why training failed.
        """
        from mlmagic.model import load_model

        config, values, remarks = dict(self._config), dict(names), list[str]()
        _refuse_target_alone(val_data)
        if train_data is not None:
            config |= _named("train_data", train_data, values, remarks=remarks)
            config.setdefault("testSplit", 0)
        if val_data is not None:
            config |= _named("val_data", val_data, values, config.get("target"), remarks)
        self.report = self._run(config, values, remarks)
        self._reports[self.report.id] = self.report
        return load_model(self.report)

    def evaluate(self, model: Model | Report, test_data: Any = None) -> dict[str, Any]:
        """Measure a model.

        Parameters
        ----------
        test_data
            As in :meth:`train`. None: the test rows of the last training.

        Returns
        -------
        dict
            Metrics by name; further ones are named by ``metrics`` in the config.
        """
        model = _model(model, "evaluate(model, test_data)")
        if test_data is None:
            return self._metrics_of_training(model)
        values, remarks = dict[str, Any](model=model), list[str]()
        named = _named("test_data", test_data, values, model.target, remarks)
        config = {"action": "evaluate", "model": "$model", **named}
        if "metrics" in self._config:
            config["metrics"] = self._config["metrics"]
        metrics: dict[str, Any] = self._run(config, values, remarks).metrics
        return metrics

    def save(self, model: Model | Report, path: str | Path) -> Path:
        """Save a model that this trainer has trained, with all that it needs to predict.

        Parameters
        ----------
        path
            A folder that is not there yet, for any framework; or a file, for models that fit in one: ``.pt`` and
            ``.pth`` of PyTorch, ``.skops`` of scikit-learn. :func:`mlmagic.load_model` and ``modelPath:`` take both.

        Raises
        ------
        OutputError
            If a file of this suffix cannot hold the model, or the path cannot be written.
        """
        from mlmagic._saved import save

        model = _model(model, "save(model, path)")
        return save(model, self._reports.get(model.name), Path(path).expanduser())

    def _metrics_of_training(self, model: Model) -> dict[str, Any]:
        found = self.report.metrics.get("test") if self.report is not None else None
        if self.report is None or model.name != self.report.id or found is None:
            raise InvalidConfiguration(
                "evaluate needs test_data: the last training kept no test rows of this model",
                solution="Give test_data, or let the config keep rows: testSplit: 0.2",
            )
        metrics: dict[str, Any] = found
        return metrics

    def _run(self, config: Mapping[str, Any], values: Mapping[str, Any], remarks: Iterable[str] = ()) -> Report:
        from mlmagic._text import tell
        from mlmagic.api import queued

        report = queued({**config, **({"debug": True} if self._debug else {})}, values, remarks)
        try:
            with tell(report.run, sys.stdout) if self._debug else nullcontext():
                return report.wait()
        finally:
            if not self._debug:  # which has printed them
                _warn(report)


def _warn(report: Report) -> None:
    """Warn of what the run's log warns of: nobody reads the log of a script that went well."""
    for (_, level), lines in groupby(report.run.state.log, lambda line: (line.time, line.level)):
        if level == "warning":
            warnings.warn("\n".join(line.text for line in lines), stacklevel=4)  # the caller of train or evaluate


def _plain(config: Mapping[str, Any] | str | Path) -> dict[str, Any]:
    from mlmagic.api import read
    from mlmagic.config import Document

    found = read(config)
    body = dict(found.value if isinstance(found, Document) else found)
    inner = body.pop("config", None)
    if inner is not None and not isinstance(inner, Mapping):
        raise InvalidConfiguration(f"config must be a mapping, got {type(inner).__name__}")
    return {"action": "train", **body, **(inner or {})}


def _model(model: Any, call: str) -> Model:
    from mlmagic.model import Model, load_model
    from mlmagic.report import Report

    if isinstance(model, Report):
        return load_model(model)
    if isinstance(model, Model):
        return model
    raise InvalidConfiguration(
        f"{call} takes the model that train returned, got {type(model).__name__}",
        solution=f"model = trainer.train(...), then trainer.{call}",
    )


def _refuse_target_alone(val_data: Any) -> None:
    if getattr(val_data, "ndim", None) == 1:
        raise InvalidConfiguration(
            f"val_data is a table, a path, or a pair of features and target, got one {type(val_data).__name__}",
            solution="Give features and target as a pair: train((X, y))",
        )


def _named(
    key: str, data: Any, values: dict[str, Any], name: Any = None, remarks: list[str] | None = None
) -> dict[str, Any]:
    """The keys that name data; objects are put among the values, a pair as one table.

    ``name`` is what the model's target is called, where that is known: a pair's target gets it. ``remarks`` gets what
    the user should know of a pair.
    """
    table, file = ("validationData", "validationData") if key == "val_data" else ("data", "dataPath")
    if isinstance(data, (str, Path)):
        return {file: str(data)}
    target = {}
    if isinstance(data, tuple):
        data, told = _joined(key, data, name if isinstance(name, str) and not name.startswith("$") else None)
        if remarks is not None:
            remarks += told
        target = {} if key == "val_data" else {"target": str(data.columns[-1])}
    values[key] = data
    return {table: f"${key}", **target}


def _joined(key: str, pair: tuple[Any, ...], name: str | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Features and target as one table, the target last, and what to say of it.

    A column of the target's name is left out of the features.
    """
    from mlmagic.config import Reference
    from mlmagic.data._given import about_target, given
    from mlmagic.data._source import read_table

    if len(pair) != 2:
        raise InvalidConfiguration(f"{key} must be a table, a path, or a pair of features and target")
    frame = read_table(Reference(key, value=pair[0]))
    target = given(frame, Reference("y", value=pair[1]), f"the target of {key}")
    name = str(target.name) if name is None else name
    whole = frame.drop(columns=name, errors="ignore").assign(**{name: target})
    called = "y" if key == "train_data" else f"y of {key}"
    return whole, about_target(frame, Reference(called, value=pair[1]), name)
