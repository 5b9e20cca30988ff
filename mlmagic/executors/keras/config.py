"""The keys of ``train`` in Keras."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from mlmagic._suggest import closest, listed
from mlmagic.config._complaint import Complaint
from mlmagic.config._lists import Entries, Unknown, ruled, unknown_within
from mlmagic.config._model import Text, one_or_more, refuse
from mlmagic.config._reference import Reference, spread
from mlmagic.config._values import show
from mlmagic.errors import Fault
from mlmagic.executors._networks.config import LOSSES, NetworkTrain

CALLBACKS = (
    "tensorboard",
    "model_checkpoint",
    "early_stopping",
    "reduce_lr_on_plateau",
    "csv_logger",
    "terminate_on_nan",
)
SUFFIXES = (".keras", ".h5", ".hdf5")


def unknown_callback(name: str) -> Unknown | None:
    """Return what is wrong with a callback's name; None if nothing is."""
    if name in CALLBACKS:
        return None
    message = f"no callback is called {show(name)}: it may be {listed(CALLBACKS)}, or one of the notebook ($name)"
    return Unknown(message, closest(name, CALLBACKS))


def _is_callback(value: Any) -> bool:
    kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
    return any(kind.__name__ == "Callback" and _is_of_keras(kind) for kind in kinds)


# What a list of callbacks takes.
CALLBACK = Entries(unknown_callback, _is_callback, "a callback is its name or a keras.callbacks.Callback")
CallbackName = Annotated[Text, ruled(unknown_callback)]


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
    architectures: ClassVar[tuple[str, ...]] = ("mlp", "cnn", "resnet18", "resnet50", "text_transformer")
    model_rule: ClassVar[str] = (
        "give `modelScript: file.py`, `compiledModel: file.keras`, `model: $net` or `architecture: mlp`"
    )

    compiled_model: Text | None = Field(
        None,
        description="A .keras or .h5 file to train on from. One that is compiled keeps its own optimizer and loss, "
        "unless the config names others. With `modelScript` beside it: the script defines its classes.",
        examples=["model.keras"],
    )
    callbacks: Annotated[
        list[CallbackName | Reference], one_or_more(CallbackName | Reference | list[CallbackName | Reference])
    ] = Field(
        default_factory=list,
        description=f"What happens beside training: {', '.join(CALLBACKS)}, or a callback of the notebook; one of "
        "them, or a list.",
        examples=[["tensorboard", "reduce_lr_on_plateau"]],
    )

    @field_validator("compiled_model")
    @classmethod
    def _file_is_of_keras(cls, value: str | None) -> str | None:
        if value is not None and Path(value).suffix.lower() not in SUFFIXES:
            raise refuse(f"compiledModel must be a .keras or .h5 file, got {show(value)}")
        return value

    def unknown_names(self) -> Iterator[Fault]:
        """See :meth:`NetworkTrain.unknown_names`."""
        yield from super().unknown_names()
        yield from unknown_within(self.callbacks, CALLBACK)

    @property
    def asked(self) -> list[str | tuple[str, Callable[..., Any]]]:
        """See :meth:`TrainConfig.asked`; without what Keras made, which only Keras can measure."""
        return [item for item in super().asked if isinstance(item, str) or not _is_of_keras(item[1])]

    @property
    def beside(self) -> list[str | Reference]:
        """The callbacks, one by one."""
        return list(spread(self.callbacks))

    @property
    def of_keras(self) -> list[Reference]:
        """The metrics that Keras made, or that derive from one of its classes."""
        return [item for item in spread(self.metrics or ()) if isinstance(item, Reference) and _is_of_keras(item.value)]

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


def _is_of_keras(value: Any) -> bool:
    kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
    modules = [getattr(value, "__module__", ""), *(kind.__module__ for kind in kinds)]
    return any(str(module).partition(".")[0] == "keras" for module in modules)
