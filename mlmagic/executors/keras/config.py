"""The keys of ``train`` in Keras."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, field_validator

from mlmagic._suggest import closest
from mlmagic.config._complaint import Complaint
from mlmagic.config._model import Text, refuse
from mlmagic.config._reference import Reference
from mlmagic.config._values import show
from mlmagic.executors._networks.config import LOSSES, NetworkTrain

CALLBACKS = (
    "tensorboard",
    "model_checkpoint",
    "early_stopping",
    "reduce_lr_on_plateau",
    "csv_logger",
    "terminate_on_nan",
)
METRICS = ("accuracy", "precision", "recall", "f1", "auc", "r2", "rmse", "mae")
SUFFIXES = (".keras", ".h5", ".hdf5")


class KerasTrain(NetworkTrain):
    """A network, from a script, a file or the notebook, or built here, and how it is trained."""

    # Keras' own words for the same losses.
    losses: ClassVar[Mapping[str, str]] = dict(zip(LOSSES, LOSSES, strict=True)) | {
        "binary_crossentropy": "binary_cross_entropy",
        "categorical_crossentropy": "cross_entropy",
        "sparse_categorical_crossentropy": "cross_entropy",
        "mean_absolute_error": "mae",
        "mean_squared_error": "mse",
    }
    model_rule: ClassVar[str] = (
        "give `modelScript: file.py`, `compiledModel: file.keras`, `model: $net` or `architecture: mlp`"
    )

    compiled_model: Text | None = Field(
        None,
        description="A .keras or .h5 file to train on from. One that is compiled keeps its own optimizer and loss, "
        "unless the config names others. With `modelScript` beside it: the script defines its classes.",
        examples=["model.keras"],
    )
    callbacks: list[Text | Reference] = Field(
        default_factory=list,
        description=f"What happens beside training: {', '.join(CALLBACKS)}, or a callback of the notebook.",
        examples=[["tensorboard", "reduce_lr_on_plateau"]],
    )
    metrics: list[Text | Reference] = Field(
        default_factory=list,
        description=f"What is measured each epoch besides what the task always has: {', '.join(METRICS)}, or a metric "
        "of the notebook.",
        examples=[["precision", "recall"]],
    )

    @field_validator("compiled_model")
    @classmethod
    def _file_is_of_keras(cls, value: str | None) -> str | None:
        if value is not None and Path(value).suffix.lower() not in SUFFIXES:
            raise refuse(f"compiledModel must be a .keras or .h5 file, got {show(value)}")
        return value

    @field_validator("callbacks", "metrics")
    @classmethod
    def _names_are_known(cls, value: list[str | Reference], info: Any) -> list[str | Reference]:
        known = CALLBACKS if info.field_name == "callbacks" else METRICS
        for name in value:
            if isinstance(name, str) and name not in known:
                rule = f"one of {', '.join(known)} or an object of the notebook ($name)"
                raise refuse(f"each of {info.field_name} must be {rule}, got {show(name)}", closest(name, known))
        return value

    @classmethod
    def sources(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """See :meth:`NetworkTrain.sources`; beside a file the script only defines its classes."""
        script = () if "compiled_model" in given else ("model_script",)
        return (*script, "compiled_model", "model", "architecture")

    @classmethod
    def rules(cls, given: Mapping[str, Any]) -> Iterator[Complaint]:
        """See :meth:`NetworkTrain.rules`."""
        yield from super().rules(given)
        if "compiled_model" in given and "model_class" in given:
            message = "modelClass and compiledModel exclude each other: the file says which class it holds"
            yield Complaint(("model_class",), message, given["model_class"], on_key=True)
