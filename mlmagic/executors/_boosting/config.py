"""The keys of ``train`` that every boosting library has."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from mlmagic._suggest import closest, listed
from mlmagic.config._complaint import Complaint
from mlmagic.config._early_stopping import EarlyStoppingOrSwitch
from mlmagic.config._model import Text, refuse
from mlmagic.config._reference import Reference
from mlmagic.config._train import TrainConfig
from mlmagic.config._values import show

Kind = Literal["classifier", "regressor", "ranker"]

VALIDATION_SPLIT = 0.2


class BoostingTrain(TrainConfig):
    """An estimator of a boosting library, by name or from the notebook."""

    # What each estimator of the library is, by class name.
    estimators: ClassVar[Mapping[str, Kind]] = {}

    algorithm: Text | None = Field(
        None,
        description="The class name of an estimator. Unset: the library's classifier or regressor, as the task is.",
        examples=["XGBClassifier", "LGBMRegressor"],
    )
    model: Reference | None = Field(
        None, description="An estimator of the notebook; it is cloned.", examples=["$estimator"]
    )
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Parameters of the estimator, in any spelling that the library knows. `eval_metric` takes names "
        "and a function of the notebook: f(y_true, y_pred) gives a number, or (name, number, is_higher_better). "
        "`objective` takes one too, which gives gradient and hessian of each row.",
        examples=[{"n_estimators": 500, "learning_rate": 0.05, "eval_metric": "auc"}],
    )
    early_stopping: EarlyStoppingOrSwitch = Field(
        None,
        description="Stop when `metric` has not improved for `patience` rounds; `true` takes the defaults.",
        examples=[{"patience": 50, "metric": "val_loss"}],
    )
    validation_data: Text | Reference | None = Field(
        None,
        description="Rows that pick the best round, in place of a share of the others: a file or a variable.",
        examples=["data/val.csv", "$val"],
    )
    device: Literal["cpu", "cuda"] | None = Field(
        None, description="Where it trains. Unset: as gpuEnabled says.", examples=["cuda"]
    )

    @property
    def default_validation_split(self) -> float:  # type: ignore[override]
        """A share where early stopping looks at validation rows, else none: every row trains."""
        return VALIDATION_SPLIT if self.early_stopping and _validates(self.early_stopping.metric) else 0.0

    @field_validator("algorithm", mode="before")
    @classmethod
    def _algorithm_is_known(cls, value: Any) -> Any:
        if isinstance(value, Reference):
            raise refuse(f"algorithm must be the name of an estimator, got the variable {value}", f"model: {value}")
        if isinstance(value, str) and value not in cls.estimators:
            rule = f"algorithm must be {listed(cls.estimators)}, got {show(value)}"
            raise refuse(rule, closest(value, cls.estimators))
        return value

    @field_validator("model", mode="before")
    @classmethod
    def _model_is_a_variable(cls, value: Any) -> Any:
        if isinstance(value, str) and value in cls.estimators:
            raise refuse(f"model must be a variable of the notebook ($name), got {show(value)}", f"algorithm: {value}")
        return value

    @classmethod
    def called(cls, given: Mapping[str, Any]) -> Mapping[str, str | None]:
        """See :meth:`TrainConfig.called`; every library knows these spellings."""
        return {
            "epochs": "n_estimators",
            "learning_rate": "learning_rate",
            "loss_function": "objective",
            "batch_size": None,
        }

    @classmethod
    def rules(cls, given: Mapping[str, Any]) -> Iterator[Complaint]:
        """See :meth:`TrainConfig.rules`."""
        yield from super().rules(given)
        if "algorithm" in given and "model" in given:
            message = "algorithm and model exclude each other: model is an estimator already"
            yield Complaint(("algorithm",), message, given["algorithm"], on_key=True)
        yield from _without_rows(given, cls.model_fields["test_split"].default)


def _without_rows(given: Mapping[str, Any], test_split: float) -> Iterator[Complaint]:
    """Complain where early stopping has no rows to look at."""
    early = given.get("early_stopping")
    metric = early.get("metric", "val_loss") if isinstance(early, Mapping) else "val_loss"
    if not early or not isinstance(metric, str) or not _validates(metric) or "validation_data" in given:
        return
    if given.get("validation_split") == 0:
        message = f"earlyStopping looks at {metric}, but validationSplit: 0 leaves no validation rows: leave it out"
        yield Complaint(("validation_split",), message, 0, on_key=True)
    test = given.get("test_split", test_split)
    if "validation_split" not in given and isinstance(test, (int, float)) and 1 > test >= 1 - VALIDATION_SPLIT:
        message = (
            f"earlyStopping takes {VALIDATION_SPLIT} of the rows to validate, which testSplit: {test} leaves no room "
            "for: lower it, or give validationSplit"
        )
        yield Complaint(("test_split",), message, test, on_key=True)


def _validates(metric: str) -> bool:
    return metric.startswith("val_")
