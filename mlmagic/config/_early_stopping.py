"""When training ends before its last epoch or round, in every framework alike."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mlmagic.config._metrics import name_of
from mlmagic.config._model import Model, Text, refuse
from mlmagic.config._reference import Reference


def _written(value: Any) -> Any:
    if isinstance(value, Reference):
        name = name_of(value)
        raise refuse(
            f"earlyStopping.metric is a name of the history, got {value}: list {value} under metrics, and write "
            f"val_{name} here, with `mode: max` or `mode: min` beside it"
        )
    return value


class EarlyStopping(Model):
    """Stop when the model has not improved for a while."""

    patience: int = Field(10, ge=1, description="Epochs or rounds to wait for an improvement.", examples=[5])
    metric: Annotated[Text, BeforeValidator(_written)] = Field(
        "val_loss", description="What must improve: the loss, or any metric by name.", examples=["val_accuracy"]
    )
    mode: Literal["min", "max"] | None = Field(
        None,
        description="Whether less or more of it is better. Unset: as its name says, which a function's may not.",
        examples=["max"],
    )
    min_delta: float = Field(0.0, ge=0, description="The least change that counts as one.", examples=[1e-4])


def _switch(value: Any) -> Any:
    return ({} if value else None) if isinstance(value, bool) else value


# A mapping, or a switch: `true` takes the defaults.
EarlyStoppingOrSwitch = Annotated[
    EarlyStopping | None, BeforeValidator(_switch, json_schema_input_type=bool | EarlyStopping | None)
]
