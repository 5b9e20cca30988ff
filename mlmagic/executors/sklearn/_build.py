"""The estimator that a config names."""

from __future__ import annotations

import inspect
from collections.abc import Container
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.executors.sklearn import _unsupervised
from mlmagic.executors.sklearn._estimators import NAMED

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.data import Task
    from mlmagic.executors.sklearn.config import SklearnTrain


def require_estimator(train: SklearnTrain) -> None:
    """Refuse a variable that holds no estimator; by its looks, since a module of somebody else's may lack a base class.

    Raises
    ------
    InvalidConfiguration
        If it cannot be fitted.
    """
    if train.model is None or not train.model.bound:
        return
    value = train.model.value
    if not isinstance(value, type) and callable(getattr(value, "fit", None)) and hasattr(value, "get_params"):
        return
    what = f"is the class {value.__name__}" if isinstance(value, type) else f"is of type {type(value).__name__}"
    message = f"model must be an estimator of scikit-learn, but {train.model} {what}"
    example = f"{value.__name__}()" if isinstance(value, type) else "make_pipeline(StandardScaler(), SVC())"
    raise InvalidConfiguration(
        [Fault("config.model", message)], solution=f"Give one that can be fitted, such as {example}"
    )


def require_prediction(train: SklearnTrain, task: Task | None) -> None:
    """Refuse an estimator of the notebook that predicts nothing, as a transformer does.

    Parameters
    ----------
    task
        What the estimator says that it is made for. A stack that is told so by name finds its ``predict`` in ``fit``.

    Raises
    ------
    InvalidConfiguration
        If it has nothing to predict with.
    """
    assert train.model is not None
    value = train.model.value
    if getattr(value, "refit", None) is False:
        message = f"{train.model} is a {type(value).__name__} with refit=False, which keeps no model to predict with"
        raise InvalidConfiguration([Fault("config.model", message)], solution="Leave refit=False out")
    if task in ("classification", "regression") or any(hasattr(value, name) for name in ("predict", "fit_predict")):
        return
    transforms = hasattr(value, "transform") or hasattr(value, "fit_transform")
    what = f"{type(value).__name__}, {'a transformer' if transforms else 'which does not predict'}"
    message = f"model must be an estimator that predicts, but {train.model} is a {what}"
    solution = "Make it a step of a pipeline that ends in one: make_pipeline(StandardScaler(), LogisticRegression())"
    if not transforms:
        solution = "Give one that has predict, such as LogisticRegression()"
    raise InvalidConfiguration([Fault("config.model", message)], solution=solution)


def name_of(train: SklearnTrain) -> str:
    """What the estimator is called."""
    return train.algorithm or type(train.model.value if train.model else None).__name__


def parameters(train: SklearnTrain) -> dict[str, Any]:
    """Hyperparameters as far as they are known without importing scikit-learn."""
    own = train.model.value.get_params(deep=False) if train.model is not None else {}
    return {**own, **train.hyperparameters}


def blank(train: SklearnTrain) -> Any:
    """The estimator without the config's hyperparameters, never the user's own object."""
    from sklearn.base import clone

    if train.model is not None:
        return clone(train.model.value)
    assert train.algorithm is not None
    kind = getattr(import_module(NAMED[train.algorithm]), train.algorithm, None)
    if kind is None:
        raise InvalidConfiguration(f"{train.algorithm} is not in this version of scikit-learn")
    return kind(**_required(train, kind))


def _required(train: SklearnTrain, kind: type) -> dict[str, Any]:
    """Arguments that an estimator cannot be made without: another estimator, or a list of them."""
    parameters = list(inspect.signature(kind).parameters.values())
    needed = [item.name for item in parameters if item.default is item.empty and item.kind is not item.VAR_KEYWORD]
    missing = [name for name in needed if name not in train.hyperparameters]
    if missing:
        given = ", ".join(f"{name}: ${name}" for name in missing)
        raise InvalidConfiguration(
            [
                Fault(
                    "config.hyperparameters",
                    f"{train.algorithm} needs the hyperparameter {name!r}, which has no default",
                )
                for name in missing
            ],
            solution=f"Make it in the notebook and pass it by name: hyperparameters: {{{given}}}",
        )
    return {name: _value(train.hyperparameters[name]) for name in needed}


def build(config: RunConfig, known: Container[str] | None = None) -> Any:
    """The estimator to fit: the user's hyperparameters, the run's seed, all cores where that changes nothing.

    With ``known`` the hyperparameters that are not in it are left out.
    """
    train: SklearnTrain = config.config  # type: ignore[assignment]
    given = {key: _value(item) for key, item in train.hyperparameters.items() if known is None or key in known}
    estimator = blank(train).set_params(**{**_unsupervised.defaults(train.algorithm or ""), **given})
    if estimator.get_params().get("random_state", config.seed) is None:
        estimator.set_params(random_state=config.seed)
    return estimator


def _value(item: Any) -> Any:
    from mlmagic.config import Reference

    return item.value if isinstance(item, Reference) else item
