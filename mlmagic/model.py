"""A fitted model of any framework, as plain Python uses it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import ModelLoadingError

if TYPE_CHECKING:
    import numpy as np

    from mlmagic.executors._base import Predictions
    from mlmagic.executors._fitted import Fitted
    from mlmagic.report import Report


class Model:
    """Predicts raw rows, with the preparation that the model was trained with.

    Attributes
    ----------
    name
        Where it came from.
    task
        "classification" or "regression"; None where nobody knows.
    target
        The column that it was trained to predict; None where nobody knows.
    features
        The columns that it takes, in order; None where nobody knows.
    classes
        Its labels, shape (k,), in the order of the probabilities; None for a regression, and where it does not tell.
    fitted
        The same, as the actions take it.
    """

    def __init__(self, fitted: Fitted) -> None:
        self.fitted = fitted
        self.name = fitted.name
        self.task = fitted.task
        self.target = fitted.target
        self.features = None if fitted.features is None else list(fitted.features)
        self.classes = fitted.outcome.classes

    @property
    def estimator(self) -> Any:
        """The framework's own object."""
        return self.fitted.outcome.model

    def predict(self, data: Any) -> np.ndarray:
        """Labels, or numbers of a regression, shape (n,); of a series one a window, in order of their last rows.

        Parameters
        ----------
        data
            A table as ``data: $df`` takes it, or the path of a file: n rows with the model's columns, and maybe others.

        Raises
        ------
        DataLoadingError
            If columns are missing, or are not what the model was trained on.
        """
        return self._predictions(data).values

    def predict_proba(self, data: Any) -> np.ndarray:
        """Probabilities, shape (n, k), columns in the order of ``classes``; rows as in :meth:`predict`.

        Raises
        ------
        ModelLoadingError
            If the model gives none.
        """
        found = self._predictions(data).probabilities
        if found is None:
            raise ModelLoadingError(f"{self.name} gives no probabilities", solution="Use predict")
        return found

    def __repr__(self) -> str:
        target = f", predicts {self.target}" if self.target else ""
        return f"<Model {self.name}: {self.fitted.framework} {self.task or 'model'}{target}>"

    def _predictions(self, data: Any) -> Predictions:
        from mlmagic.actions._blocks import predict
        from mlmagic.actions._inference import ROWS, columns_for, renamed
        from mlmagic.config import Reference
        from mlmagic.data import samples
        from mlmagic.data._source import read_table

        is_path = isinstance(data, (str, Path))
        frame = read_table(str(data) if is_path else Reference("data", value=data), ROWS)
        frame = renamed(frame, None if is_path else data, self.fitted)
        columns = columns_for(self.fitted, frame, self.target)
        if (how := self.fitted.outcome.windows) is not None:
            frame, _ = samples(frame, columns, how)
            columns = list(frame.columns)
        answers = predict(self.fitted, frame, columns, None, lambda event: None, threading.Event())
        assert answers.predictions is not None
        return self.fitted.settled(answers.predictions)


def load_model(model: str | Path | Report | Any, *, trust: bool = False, **keys: Any) -> Model:
    """Load a model to predict with, of whatever framework it is.

    Parameters
    ----------
    model
        A run's directory, a file in it, a model file of the framework, a report, or a fitted model.
    trust
        Whether code in a file may run: a pickle, TorchScript, a script that no run of yours ran. Say so only if you
        know who made it.
    **keys
        Further keys as ``action: predict`` has them: ``model_script`` and ``model_class`` of a file of bare weights,
        ``framework`` where the file does not tell it.

    Raises
    ------
    ModelLoadingError
        If it cannot be had, or would run code that nobody has trusted.
    """
    from mlmagic._inputs import bind, hold, resolve_with
    from mlmagic.executors._fitted import find

    is_path = isinstance(model, (str, Path))
    named = {"modelPath": str(model)} if is_path else {"model": "$model"}
    values = {"model": model, "rows": None}
    config = resolve_with({"action": "predict", **named, "data": "$rows", "trust": trust, **keys}, values)
    return Model(find(bind(config, hold(config, values))))
