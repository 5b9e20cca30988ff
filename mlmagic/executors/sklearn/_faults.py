"""What is wrong with hyperparameters, as scikit-learn's own validation finds it."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from mlmagic._suggest import closest
from mlmagic.data._shown import listing
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration
from mlmagic.executors import EXECUTORS
from mlmagic.executors.sklearn import _ranges
from mlmagic.executors.sklearn._build import blank, name_of
from mlmagic.executors.sklearn._fitted import deciding
from mlmagic.executors.sklearn._nested import chosen_columns, handing_arrays

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmagic.data import TrainingData
    from mlmagic.executors.sklearn.config import SklearnTrain


def unknown(train: SklearnTrain, estimator: Any, name: str, known: dict[str, Any]) -> Fault:
    """The fault of a hyperparameter that the estimator does not have."""
    meant = closest(name, known)
    what = _ranges.valid(estimator, meant) if meant else None
    hint = f" {meant} takes {what}." if what else ""
    others = "" if meant else f"; it has {', '.join(sorted(known))}"
    return Fault(
        f"config.hyperparameters.{name}",
        f"{name_of(train)} has no hyperparameter {name!r}{others}.{hint}",
        value=train.hyperparameters[name],
        suggestion=meant,
    )


def nameless(train: SklearnTrain, estimator: Any) -> list[Fault]:
    """The fault of a part that would look for its columns in an array."""
    name = handing_arrays(estimator)
    if name is None:
        return []
    message = (
        f"{name} hands what it wraps an array, whose columns have no names to choose by: put the ColumnTransformer "
        f"before it, make_pipeline(columns, {name}(estimator))"
    )
    return [Fault("config.model" if train.model is not None else "config.hyperparameters", message)]


def invalid(train: SklearnTrain, estimator: Any) -> list[Fault]:
    """The faults that the estimator's own validation finds, one for each value."""
    if not hasattr(estimator, "_parameter_constraints"):  # an estimator of the user's own has none
        return []
    faults: list[Fault] = []
    while True:
        try:
            estimator._validate_params()
        except ValueError as error:
            text = str(error)
            name = next((key for key in train.hyperparameters if f"'{key}'" in text), None)
            if name is None or any(fault.path.endswith(f".{name}") for fault in faults):
                return [*faults, Fault("config.hyperparameters", text)]
            faults.append(Fault(f"config.hyperparameters.{name}", text, value=train.hyperparameters[name]))
            # The default takes its place, so that the next fault shows.
            estimator.set_params(**{name: blank(train).get_params()[name]})
        else:
            return faults


def taken(train: SklearnTrain, estimator: Any, columns: Iterable[str]) -> list[Fault]:
    """The faults of columns that a part chooses by name and that a key of the run has taken out of the features.

    Parameters
    ----------
    columns
        The features.
    """
    keys = {"sampleWeight": train.sample_weight, "groups": train.groups}
    gone = {key: name for key, name in keys.items() if isinstance(name, str) and name not in columns}
    chosen = chosen_columns(estimator)
    message = "{own} chooses the column {name!r}, which {key}: {name} takes out of the features: leave it out of {own}"
    own = str(train.model or name_of(train))
    return [
        Fault("config.model", message.format(own=own, name=name, key=key), value=name)
        for key, name in gone.items()
        if name in chosen
    ]


def never_varies(data: TrainingData, error: IndexError) -> DataLoadingError | None:
    """The error of a discriminant analysis where no column varies within a class; None where it is another."""
    if Path(extract_tb(error.__traceback__)[-1].filename).stem != "discriminant_analysis":
        return None
    X = data.train.X
    what = f"none of the {X.shape[1]} does" if X.shape[1] > 1 else f"{X.columns[0]!r} does not"
    return DataLoadingError(
        f"A discriminant analysis learns from how columns vary within a class, and {what}",
        solution="Give columns whose values differ, or take an estimator that needs no spread: DecisionTreeClassifier",
    )


def label_refused(estimator: Any, data: TrainingData, error: ValueError) -> InvalidConfiguration | None:
    """The error of an estimator of another library whose fit takes no labels but 0 to k-1; None where it is no such."""
    last = deciding(estimator)
    library = type(last).__module__.partition(".")[0]
    if library == "sklearn" or data.classes is None or list(data.classes) == list(range(len(data.classes))):
        return None
    if "class" not in str(error) or not all(str(label) in str(error) for label in data.classes[:2]):
        return None
    name = type(last).__name__
    labels = listing(data.classes)
    alone = last is estimator and any(library == entry.module for entry in EXECUTORS.values())
    own = f"Write framework: {library}, which numbers the labels and names them again"
    numbered = f"Number them: df[{data.target!r}] = df[{data.target!r}].astype('category').cat.codes"
    return InvalidConfiguration(
        [Fault("config.model", f"{name} takes the labels 0 to k-1 only, and those of {data.target!r} are {labels}")],
        solution=own if alone else numbered,
    )
