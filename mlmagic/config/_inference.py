"""The keys of ``evaluate`` and ``predict``: which model, which rows, what to give."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic.alias_generators import to_camel

from mlmagic.config._action import ActionConfig, exactly_one
from mlmagic.config._complaint import Complaint
from mlmagic.config._lists import unknown_within
from mlmagic.config._metrics import METRIC, Metrics
from mlmagic.config._model import Synonym, Text, refuse
from mlmagic.config._reference import Reference
from mlmagic.config._values import show
from mlmagic.errors import Fault


class InferenceConfig(ActionConfig):
    """A fitted model, and rows for it."""

    model: Reference | None = Field(
        None,
        description="A report of a training run, or a fitted model of the notebook.",
        examples=["$report", "$model"],
    )
    model_path: Text | None = Field(
        None,
        description="A run's directory, a file in it, or a model file of the framework.",
        examples=["runs/report-1", "models/run1/best_model.pt"],
    )
    model_script: Text | None = Field(
        None,
        description="A Python file with the network's class, where a file of bare weights needs it.",
        examples=["model.py"],
    )
    model_class: Text | None = Field(
        None, description="The class in `modelScript`. Unset: the only network there.", examples=["ResNet50"]
    )
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict, description="What that class is called with.", examples=[{"hidden": 128}]
    )
    feature_columns: list[Text] | None = Field(
        None,
        min_length=1,
        description="The columns to predict from. Unset: those that the model was trained on, else all but the target.",
        examples=[["age", "income"]],
    )
    task: Literal["classification", "regression"] | None = Field(
        None,
        description="What a model predicts that does not say it itself: of one number a row, the logit or the "
        "probability of the second of two classes, or the number as it is.",
        examples=["classification"],
    )
    batch_size: int | None = Field(
        None, ge=1, description="Rows predicted at a time. Unset: as many as memory takes lightly.", examples=[64]
    )

    @field_validator("model", mode="before")
    @classmethod
    def _model_is_a_variable(cls, value: Any) -> Any:
        if isinstance(value, str):
            meant = f"model: ${value}" if value.isidentifier() else f"modelPath: {value}"
            rule = "model must be a variable of the notebook ($name)"
            raise refuse(f"{rule}, got {show(value)}; a file goes in modelPath", meant)
        return value

    @field_validator("model_path", mode="before")
    @classmethod
    def _model_path_is_a_file(cls, value: Any) -> Any:
        if isinstance(value, Reference):
            raise refuse(f"modelPath must be the name of a file, got the variable {value}", f"model: {value}")
        return value

    @classmethod
    def rules(cls, given: Mapping[str, Any]) -> Iterator[Complaint]:
        """See :meth:`ActionConfig.rules`."""
        yield from exactly_one(given, ("model", "model_path"), "give `model: $report` or `modelPath: runs/report-1`")
        yield from super().rules(given)
        for name, needed in (("model_class", "model_script"), ("model_script", "model_path")):
            if name in given and needed not in given:
                message = f"{to_camel(name)} belongs to {to_camel(needed)}, which is missing"
                yield Complaint((name,), message, given[name], on_key=True)

    @property
    def fitted(self) -> Reference | None:
        """See :meth:`ActionConfig.fitted`."""
        return self.model


class EvaluateConfig(InferenceConfig):
    """Measure a model on rows whose target is known."""

    target: Annotated[Text | Reference | None, Synonym("target_column")] = Field(
        None,
        description="The column with the truth, or a variable that holds it. Unset: the one the model was trained for.",
        examples=["species"],
    )
    groups: Text | Reference | None = Field(
        None,
        description="What each row belongs to, for a model that ranks the rows of a group: a column, or a variable. "
        "Unset: the column that it was trained with.",
        examples=["query"],
    )
    metrics: Metrics | None = Field(
        None,
        description="What to measure: accuracy, precision, recall, f1, roc_auc, log_loss, confusion_matrix, "
        "classification_report, mae, mse, rmse, r2, ndcg (of a ranking), any scorer of scikit-learn, or a function "
        "`f(y_true, y_pred)`. Unset: what the task usually has.",
        examples=[["accuracy", "f1", "roc_auc"]],
    )

    def unknown_names(self) -> Iterator[Fault]:
        """See :meth:`ActionConfig.unknown_names`."""
        yield from super().unknown_names()
        yield from unknown_within(self.metrics or (), METRIC)


class PredictConfig(InferenceConfig):
    """Predict rows."""

    output_format: Literal["probabilities", "classes"] = Field(
        "probabilities",
        description="`probabilities` adds a confidence and a column a class, where the model has them.",
        examples=["classes"],
    )
