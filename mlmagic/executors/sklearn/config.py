"""The keys of ``train`` in scikit-learn."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, field_validator

from mlmagic._suggest import closest_of
from mlmagic.config._action import exactly_one
from mlmagic.config._complaint import Complaint
from mlmagic.config._model import Text, refuse
from mlmagic.config._reference import Reference
from mlmagic.config._train import TrainConfig
from mlmagic.config._values import show
from mlmagic.executors import EXECUTORS
from mlmagic.executors.sklearn._called import called
from mlmagic.executors.sklearn._estimators import LEFT_OUT, NAMED, TRANSFORMERS
from mlmagic.executors.sklearn._nested import prepares_itself

_KINDS = ("Classifier", "Regressor")


class SklearnTrain(TrainConfig):
    """An estimator, by name or from the notebook."""

    algorithm: Text | None = Field(
        None,
        description="The class name of a classifier, regressor, clusterer or detector of outliers of scikit-learn.",
        examples=["RandomForestClassifier"],
    )
    model: Reference | None = Field(
        None, description="An estimator or pipeline of the notebook; it is cloned.", examples=["$pipeline"]
    )
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Parameters of the estimator, spelt as scikit-learn spells them.",
        examples=[{"n_estimators": 300, "max_depth": 10}],
    )

    @property
    def prepares_itself(self) -> bool:
        """Whether the user's own estimator is or wraps a pipeline: its steps know the columns of the table as it is."""
        given = {"model": self.model, **self.hyperparameters}
        return prepares_itself({key: item.value for key, item in given.items() if isinstance(item, Reference)})

    @field_validator("algorithm", mode="before")
    @classmethod
    def _algorithm_is_known(cls, value: Any) -> Any:
        if isinstance(value, Reference):
            raise refuse(f"algorithm must be the name of an estimator, got the variable {value}", f"model: {value}")
        if not isinstance(value, str) or value in NAMED:
            return value
        if value in LEFT_OUT:
            why, instead = LEFT_OUT[value]
            raise refuse(f"{value} of scikit-learn {why}", f"algorithm: {instead}")
        if value in TRANSFORMERS:
            what = f"algorithm must be an estimator that predicts, got {value}, a transformer of scikit-learn"
            steps = f"pipe = make_pipeline({value}(), LogisticRegression())"
            raise refuse(f"{what}: make it a step of a pipeline in the notebook, {steps}", "model: $pipe")
        rule = "algorithm must be the name of an estimator of scikit-learn"
        raise refuse(f"{rule}, got {show(value)}", similar(value))

    @field_validator("model", mode="before")
    @classmethod
    def _model_is_a_variable(cls, value: Any) -> Any:
        if isinstance(value, str) and value in NAMED:
            raise refuse(f"model must be a variable of the notebook ($name), got {show(value)}", f"algorithm: {value}")
        return value

    @classmethod
    def called(cls, given: Mapping[str, Any]) -> Mapping[str, str | None]:
        """See :meth:`TrainConfig.called`."""
        return called(str(given.get("algorithm")))

    @classmethod
    def rules(cls, given: Mapping[str, Any]) -> Iterator[Complaint]:
        """See :meth:`TrainConfig.rules`."""
        yield from super().rules(given)
        yield from exactly_one(
            given, ("algorithm", "model"), "give `algorithm: RandomForestClassifier` or `model: $estimator`"
        )


def similar(name: str) -> str | None:
    """Return the estimator whose name is most like this one, with or without its last word, whosever it is."""
    # Sorted, so that a bare stem stands for the classifier where there are both.
    stems = {_stem(estimator): estimator for estimator in sorted(NAMED, reverse=True)}
    names = [estimator for entry in EXECUTORS.values() for estimator in entry.algorithms]
    return closest_of(name, {estimator: estimator for estimator in names} | stems)


def _stem(name: str) -> str:
    for kind in _KINDS:
        name = name.removesuffix(kind)
    return name
