"""What the keys of every action have in common."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic.alias_generators import to_camel

from mlmagic.config._complaint import Complaint
from mlmagic.config._model import Model, Synonym, Text, refuse
from mlmagic.config._reference import Reference
from mlmagic.config._values import show
from mlmagic.errors import Fault


class ActionConfig(Model):
    """The keys of one action, and where its rows come from."""

    data: Reference | None = Field(
        None,
        description="A variable of the notebook that holds the table: a DataFrame, or a run that gives one.",
        examples=["$df"],
    )
    data_path: Annotated[Text | None, Synonym("input_data")] = Field(
        None,
        description="The file that holds the table, instead of `data`; or a folder of images, with a folder a class. A "
        "CSV, Parquet or TFRecord file that would fill more than a quarter of the memory is read from disk instead.",
        examples=["data/train.csv"],
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

    def unknown_names(self) -> Iterator[Fault]:
        """Tell of names in lists of the notebook that are not known, once variables are bound; a path is a variable."""
        yield from ()

    @property
    def fitted(self) -> Reference | None:
        """The variable whose model is used as it is, fitted; None where a model of the notebook is only a pattern."""
        return None

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
