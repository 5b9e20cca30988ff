"""The keys of ``train`` that every framework has."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator
from pydantic.alias_generators import to_camel

from mlmagic.config._complaint import Complaint
from mlmagic.config._model import Model, Synonym, Text, refuse
from mlmagic.config._reference import Reference
from mlmagic.config._values import show

Share = Annotated[float, Field(ge=0, lt=1)]


class CrossValidation(Model):
    """Folds to measure the model on, before the final fit."""

    folds: int = Field(5, ge=2, description="How many parts the training rows are cut into.", examples=[5])
    stratified: bool | None = Field(
        None,
        description="Keep the share of each class in every fold. Unset: yes when classifying.",
        examples=[True],
    )


class TrainConfig(Model):
    """What is trained, and on which rows and columns."""

    default_validation_split: ClassVar[float] = 0.0

    data: Reference | None = Field(
        None,
        description="A variable of the notebook that holds the table: a DataFrame, or a run that gives one.",
        examples=["$df"],
    )
    data_path: Text | None = Field(
        None, description="The file that holds the table, instead of `data`.", examples=["data/train.csv"]
    )
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
    task: Literal["classification", "regression"] | None = Field(
        None, description="What the target is. Unset: found out from its values.", examples=["classification"]
    )
    test_split: Share = Field(0.2, description="The share of the rows kept for the final measurement.", examples=[0.25])
    validation_split: Share | None = Field(
        None,
        description="The share of the rows that picks the best epoch. Unset: 0.2 in PyTorch, none in scikit-learn.",
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
    cross_validation: CrossValidation | None = Field(
        None,
        description="Measure on folds of the training rows as well.",
        examples=[{"folds": 5, "stratified": True}],
    )

    @field_validator("data", mode="before")
    @classmethod
    def _data_is_a_variable(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith("$"):
            raise refuse(f"data must be a variable, got {show(value)}: make it in a cell first, then name it")
        meant = f"data: ${value}" if value.isidentifier() else f"dataPath: {value}"
        raise refuse(
            f"data must be a variable of the notebook ($name), got {show(value)}; a file goes in dataPath", meant
        )

    @field_validator("data_path", mode="before")
    @classmethod
    def _path_is_a_file(cls, value: Any) -> Any:
        if isinstance(value, Reference):
            raise refuse(f"dataPath must be the name of a file, got the variable {value}", f"data: {value}")
        return value

    @classmethod
    def rules(cls, given: Mapping[str, Any]) -> Iterator[Complaint]:
        """Find what is wrong between keys; ``resolve`` asks, so that faulty fields do not hide it.

        Parameters
        ----------
        given
            Values by field name, without those that are None. Some may be of the wrong type.

        Yields
        ------
        Complaint
            Its path starts with a field name.
        """
        yield from exactly_one(given, ("data", "data_path"), "give `data: $frame` or `dataPath: file.csv`")
        test = given.get("test_split", cls.model_fields["test_split"].default)
        validation = given.get("validation_split", cls.default_validation_split)
        if _is_share(test) and _is_share(validation) and test + validation >= 1:
            at = "validation_split" if "validation_split" in given else "test_split"
            rule = "testSplit and validationSplit must together be below 1, to leave rows to train on"
            yield Complaint((at,), f"{rule}; got {test} and {validation}, defaults among them", given.get(at))

    @classmethod
    def parts(cls, given: Mapping[str, Any]) -> Mapping[str, type[Model]]:
        """Models of mappings whose keys depend on other keys, by field name."""
        return {}


def exactly_one(given: Mapping[str, Any], names: tuple[str, ...], rule: str) -> Iterator[Complaint]:
    """Complain unless one of several fields is given, and only one."""
    found = [name for name in given if name in names]
    if not found:
        yield Complaint((names[0],), f"{to_camel(names[0])} is missing: {rule}")
    for extra in found[1:]:
        both = f"{to_camel(found[0])} and {to_camel(extra)}"
        yield Complaint((extra,), f"{both} exclude each other: {rule}", given[extra], on_key=True)


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1
