"""The keys that every run has, whatever it does."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from mlmagic.config._action import ActionConfig
from mlmagic.config._auto import library
from mlmagic.config._model import Model, alias, references, refuse
from mlmagic.config._reference import Reference, write
from mlmagic.config._train import TrainConfig
from mlmagic.config._write import dump


class Logging(Model):
    """Where a run is told beside its own directory and dashboard."""

    tensorboard: bool = Field(
        False, description="Write TensorBoard's files below the run's directory.", examples=[True]
    )
    wandb: bool = Field(
        False,
        description="Log to Weights & Biases; below the run's directory where nobody is logged in.",
        examples=[True],
    )

    @property
    def wanted(self) -> list[str]:
        """The trackers asked for, by name."""
        return [name for name in type(self).model_fields if getattr(self, name)]


class RunConfig(Model):
    """A run, checked: what `%%ml` is given, whichever way it was written."""

    action: str = Field(description="What to do.", examples=["train"])
    # As it was written: what does it is `executor`.
    framework: str = Field(description="Which library does it.", examples=["sklearn"])
    config: ActionConfig = Field(description="The action's own keys; they may also stand beside `action`.")
    output_dir: Annotated[Path, Field(strict=False)] | None = Field(
        None, description="The run's directory. Unset: runs/NAME-N.", examples=["runs/first"]
    )
    gpu_enabled: bool | None = Field(
        None,
        description="Use the GPU. Unset: training does if there is one and the framework can use it; a model predicts "
        "where it is.",
        examples=[False],
    )
    timeout: float | None = Field(
        None, gt=0, description="Seconds from the start after which the run stops. Unset: none.", examples=[3600]
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Where random numbers start.", examples=[42])
    deterministic: bool = Field(
        False, description="Run in a process of its own, so that the same seed gives the same model.", examples=[True]
    )
    reuse: bool = Field(
        False, description="Take a finished run whose config, data and code are equal.", examples=[True]
    )
    debug: bool = Field(
        False,
        description="Log the data. In PyTorch the layers as well, and every step is looked at for the operation that "
        "makes a number none first: slow.",
        examples=[True],
    )
    logging: Logging | None = Field(
        None,
        description="Trackers that are told of the run as well. Unset: none.",
        examples=[{"tensorboard": True}],
    )
    trust: bool = Field(False, description="Run code and load pickles found in a run's directory.", examples=[True])

    @field_validator("output_dir", mode="before")
    @classmethod
    def _directory_has_a_name(cls, value: Any) -> Any:
        if isinstance(value, str) and (not value.strip() or "\0" in value):
            raise refuse("outputDir must be the name of a directory, got an empty one or one with U+0000")
        return value

    @property
    def executor(self) -> str:
        """The name in EXECUTORS of what does it, however the framework is spelt and wherever its algorithm belongs."""
        return library(self.framework, getattr(self.config, "algorithm", None)) or self.framework

    @property
    def train(self) -> TrainConfig:
        """The action's keys where it trains."""
        assert isinstance(self.config, TrainConfig), f"{self.action} does not train"
        return self.config

    def references(self) -> list[Reference]:
        """Every variable that the run needs, in order, as often as it is named."""
        return list(references(self))

    def bind(self, lookup: Callable[[Reference], Any]) -> "RunConfig":
        """Return a copy in which every reference has the object that ``lookup`` gives for it."""
        bound: RunConfig = _bind(self, lookup)
        return bound

    def to_plain(self) -> dict[str, Any]:
        """Return the config in its nested camelCase form, defaults included, as data that JSON can hold."""
        plain: dict[str, Any] = _plain(self)
        return plain

    def to_yaml(self) -> str:
        """YAML that reads back as an equal config."""
        return dump(self.to_plain())


def _bind(value: Any, lookup: Callable[[Reference], Any]) -> Any:
    if isinstance(value, Reference):
        return value.bind(lookup(value))
    if isinstance(value, BaseModel):
        # Only what was given: a default holds no reference, and what was left out stays known as such.
        given = value.model_fields_set
        return value.model_copy(update={name: _bind(getattr(value, name), lookup) for name in given})
    if isinstance(value, dict):
        return {key: _bind(item, lookup) for key, item in value.items()}
    return [_bind(item, lookup) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        kind = type(value)
        return {alias(kind, name): _plain(getattr(value, name)) for name in kind.model_fields}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return write(value)
    return str(value) if isinstance(value, (Reference, Path)) else value
