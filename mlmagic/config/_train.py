"""The keys of ``train`` that every framework has."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mlmagic.config._action import ActionConfig
from mlmagic.config._complaint import Complaint
from mlmagic.config._lists import unknown_within
from mlmagic.config._metrics import METRIC, Metrics, asked
from mlmagic.config._model import Model, Synonym, Text
from mlmagic.config._reference import Reference
from mlmagic.errors import Fault

Share = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0)]


class CrossValidation(Model):
    """Folds to measure the model on, before the final fit."""

    folds: int = Field(5, ge=2, description="How many parts the training rows are cut into.", examples=[5])
    stratified: bool | None = Field(
        None,
        description="Keep the share of each class in every fold. Unset: yes when classifying.",
        examples=[True],
    )


class TrainConfig(ActionConfig):
    """What is trained, and on which rows and columns."""

    default_validation_split: ClassVar[float] = 0.0
    # Whether a column of free text, alone, is something to learn from.
    reads_text: ClassVar[bool] = False

    target: Annotated[Text | Reference | None, Synonym("target_column")] = Field(
        None,
        description="The column to predict, or a variable that holds its values. Unset: a column called label, target "
        "or y, else the last one.",
        examples=["species"],
    )
    feature_columns: list[Text] | None = Field(
        None,
        min_length=1,
        description="The columns to predict from. Unset: all but the target.",
        examples=[["age", "income"]],
    )
    task: Literal["classification", "regression", "clustering", "outliers"] | None = Field(
        None,
        description="What is learned. Unset: what the estimator is made for, else found out from the target's values.",
        examples=["classification"],
    )
    test_split: Share = Field(0.2, description="The share of the rows kept for the final measurement.", examples=[0.25])
    validation_split: Share | None = Field(
        None,
        description="The share of the rows that picks the best epoch. Unset: 0.2 for networks, none in scikit-learn.",
        examples=[0.1],
    )
    prepare: Literal["auto", "none"] = Field(
        "auto",
        description="`auto` encodes text that stands for categories and fills gaps, fitted on training rows only; "
        "`none` leaves the table as it is.",
        examples=["none"],
    )
    feature_scaling: Literal["none", "standard", "minmax", "robust"] | None = Field(
        None, description="How numbers are scaled. Unset: as the framework needs it.", examples=["standard"]
    )
    class_weight: Literal["balanced"] | dict[Any, Weight] | None = Field(
        None,
        description="How much each label counts in training: a weight a label, 1 where none is given, or `balanced`, "
        "which makes all labels count alike. It counts in train_loss and not in val_loss, so that the two curves "
        "differ by more than fit.",
        examples=["balanced", {"yes": 5, "no": 1}],
    )
    sample_weight: Text | Reference | None = Field(
        None,
        description="How much each row counts: a column, which is no feature then, or a variable. The loss of all "
        "parts is the mean of what rows count for; metrics such as accuracy count each row once.",
        examples=["weight"],
    )
    groups: Text | Reference | None = Field(
        None,
        description="What each row belongs to: a column, which is no feature then, or a variable. No split and no fold "
        "parts the rows of a group; in a ranking it is the query.",
        examples=["patient"],
    )
    metrics: Metrics | None = Field(
        None,
        description="What is measured besides what the task always has, in the curves where there are some and on the "
        "test rows: accuracy, precision, recall, f1, roc_auc, log_loss, mae, mse, rmse, r2, ndcg and ndcg@5 (of a "
        "ranking), any scorer of scikit-learn, or a function `f(y_true, y_pred)`.",
        examples=[["accuracy", "f1", "roc_auc"]],
    )
    cross_validation: CrossValidation | None = Field(
        None,
        description="Measure on folds of the training rows as well.",
        examples=[{"folds": 5, "stratified": True}],
    )

    @property
    def prepares_itself(self) -> bool:
        """Whether the model prepares the columns itself, and so takes the table as it is."""
        return False

    @property
    def asked(self) -> list[str | tuple[str, Callable[..., Any]]]:
        """The metrics by name, and functions with theirs, of a config whose variables are bound."""
        return asked(self.metrics)

    def unknown_names(self) -> Iterator[Fault]:
        """See :meth:`ActionConfig.unknown_names`."""
        yield from super().unknown_names()
        yield from unknown_within(self.metrics or (), METRIC)

    @classmethod
    def called(cls, given: Mapping[str, Any]) -> Mapping[str, str | None]:
        """Tell what keys of other frameworks are called here: hyperparameters, by field name.

        None stands for the size of a batch where all rows are always seen at once.
        """
        return {}

    @classmethod
    def rules(cls, given: Mapping[str, Any]) -> Iterator[Complaint]:
        """See :meth:`ActionConfig.rules`."""
        yield from super().rules(given)
        own_rows = "validation_data" in given
        if own_rows and given.get("validation_split"):
            message = "validationSplit and validationData exclude each other: the rows that validate come from one"
            yield Complaint(("validation_data",), message, given["validation_data"], on_key=True)
        test = given.get("test_split", cls.model_fields["test_split"].default)
        validation = given.get("validation_split", 0 if own_rows else cls.default_validation_split)
        if _is_share(test) and _is_share(validation) and test + validation >= 1:
            at = "validation_split" if "validation_split" in given else "test_split"
            rule = "testSplit and validationSplit must together be below 1, to leave rows to train on"
            yield Complaint((at,), f"{rule}; got {test} and {validation}, defaults among them", given.get(at))


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1
