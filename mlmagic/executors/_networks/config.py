"""The keys of ``train`` that every framework of networks has."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from mlmagic._suggest import closest, listed
from mlmagic.config._action import exactly_one
from mlmagic.config._complaint import Complaint
from mlmagic.config._early_stopping import EarlyStoppingOrSwitch
from mlmagic.config._model import Model, Text, refuse
from mlmagic.config._reference import Reference
from mlmagic.config._train import TrainConfig
from mlmagic.config._values import show
from mlmagic.executors._networks._architectures import ARCHITECTURES, KINDS, Architecture, spelt
from mlmagic.executors._networks._augmentation import AugmentationOrList

LOSSES = ("cross_entropy", "binary_cross_entropy", "mse", "mae", "huber")


Side = Annotated[int, Field(ge=1)]


class NetworkTrain(TrainConfig):
    """A network, from a script, from the notebook or built here, and how it is trained."""

    default_validation_split: ClassVar[float] = 0.2
    reads_text: ClassVar[bool] = True
    # The loss behind each name that a config may give.
    losses: ClassVar[Mapping[str, str]] = dict(zip(LOSSES, LOSSES, strict=True))
    architectures: ClassVar[tuple[str, ...]] = tuple(ARCHITECTURES)
    model_rule: ClassVar[str] = "give `modelScript: file.py` with its modelClass, `model: $Net` or `architecture: mlp`"

    validation_data: Text | Reference | None = Field(
        None,
        description="Rows that pick the best epoch, in place of a share of the others: a file or a variable.",
        examples=["data/val.csv", "$val"],
    )
    model_script: Text | None = Field(
        None, description="A Python file that defines the network.", examples=["model.py"]
    )
    model_class: Text | None = Field(
        None,
        description="The class in `modelScript`, or a function that gives the network. Unset: the only network there.",
        examples=["ResNet50"],
    )
    model: Reference | None = Field(
        None, description="A network of the notebook: a class, a function that gives one, or the network itself.",
        examples=["$Net"],
    )  # fmt: skip
    architecture: Architecture | None = Field(
        None,
        description="A network built here: `mlp`, fully connected layers for tables; `cnn`, `resnet18` and `resnet50` "
        "for images; `text_transformer` for a column of text; in PyTorch `tabular_transformer` for tables, a token a "
        "column.",
        examples=["mlp", "resnet18", "text_transformer"],
    )
    image_size: Side | Annotated[list[Side], Field(min_length=2, max_length=2)] | None = Field(
        None,
        description="Height and width that images are brought to, one number for both. Unset: what the network takes, "
        "else what all images have, else at most 224.",
        examples=[64, [48, 64]],
    )
    window: int | None = Field(
        None,
        ge=1,
        description="Rows of a time series to a sample: rows are in order of time, the last ones validate and test. "
        "A target of numbers is in the window too. `groups` names the column that tells several series apart.",
        examples=[24],
    )
    horizon: int = Field(1, ge=1, description="How many rows after its window a sample's target is.", examples=[12])
    stride: int = Field(1, ge=1, description="Rows from one window that trains to the next.", examples=[24])
    augmentation: AugmentationOrList = Field(
        None,
        description="How training images are changed at random: a list of names, where a mapping of a name to its "
        "parameters may stand for the name; one name; `true` for the defaults; or a mapping with that list under "
        "transforms.",
        examples=[["random_flip", {"random_rotation": {"degrees": 10}}]],
    )
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Arguments of the network's class. For `mlp`: hidden (units of each hidden layer, [64, 64]), "
        "dropout (0), activation (relu, gelu, tanh or silu); for `cnn`: channels ([32, 64, 128]), dropout; for a "
        "resnet: dropout; for a transformer: width (64), layers (2), heads (4), dropout (0.1), and for text vocabulary "
        "(4000) and maxLength.",
        examples=[{"hidden": [128, 64], "dropout": 0.1}],
    )
    num_classes: int | None = Field(
        None, ge=1, description="How many labels the target has; only checked, since the data tells.", examples=[10]
    )
    epochs: int = Field(20, ge=1, description="How often all training rows are seen.", examples=[50])
    batch_size: int = Field(64, ge=1, description="Rows to a step.", examples=[32])
    learning_rate: float = Field(1e-3, gt=0, description="The size of the optimizer's steps.", examples=[0.001])
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(
        "adam", description="How steps are taken.", examples=["adamw"]
    )
    momentum: float | None = Field(None, ge=0, lt=1, description="Momentum of sgd and rmsprop.", examples=[0.9])
    weight_decay: float = Field(0.0, ge=0, description="How strongly weights are drawn to 0.", examples=[1e-4])
    loss_function: Text | Reference | None = Field(
        None,
        description="What training makes small: cross_entropy, binary_cross_entropy, mse, mae, huber, or a function of "
        "the notebook. Unset: cross_entropy when classifying, else mse.",
        examples=["huber"],
    )
    mixed_precision: bool = Field(
        False,
        description="Multiply in 16 bits, keep weights in 32: faster on GPUs, slower on most processors.",
        examples=[True],
    )
    early_stopping: EarlyStoppingOrSwitch = Field(
        None,
        description="Stop when `metric` has not improved for `patience` epochs; `true` takes the defaults.",
        examples=[{"patience": 10, "metric": "val_loss"}],
    )
    checkpoint: bool = Field(True, description="Keep the best and the last model on disk.", examples=[False])
    checkpoint_interval: int | None = Field(
        None, ge=1, description="Keep a checkpoint every so many epochs as well.", examples=[10]
    )

    @field_validator("architecture")
    @classmethod
    def _architecture_is_there(cls, value: str | None) -> str | None:
        if value is not None and value not in cls.architectures:
            rule = f"architecture must be {listed(cls.architectures)} in this framework"
            raise refuse(f"{rule}, got {show(value)}", closest(value, cls.architectures))
        return value

    @field_validator("loss_function")
    @classmethod
    def _loss_is_known(cls, value: str | Reference | None) -> str | Reference | None:
        if not isinstance(value, str):
            return value
        if value not in cls.losses:
            rule = f"one of {', '.join(LOSSES)} or a function of the notebook ($name)"
            raise refuse(f"lossFunction must be {rule}, got {show(value)}", closest(value, cls.losses))
        return cls.losses[value]

    @classmethod
    def sources(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """Fields of which exactly one names the network."""
        return ("model_script", "model", "architecture")

    @classmethod
    def rules(cls, given: Mapping[str, Any]) -> Iterator[Complaint]:
        """See :meth:`TrainConfig.rules`."""
        yield from super().rules(given)
        orphan = "model_class" in given and "model_script" not in given
        if orphan:
            message = "modelClass names a class of modelScript: add `modelScript: file.py`"
            yield Complaint(("model_class",), message, given["model_class"], on_key=True)
        # A class without a script was meant as a model; that nothing is given is not said as well.
        if not orphan or given.keys() & set(cls.sources(given)):
            yield from exactly_one(given, cls.sources(given), cls.model_rule)
        optimizer = given.get("optimizer", "adam")
        if "momentum" in given and optimizer in ("adam", "adamw"):
            message = f"momentum belongs to the optimizers sgd and rmsprop; this one is {optimizer}"
            yield Complaint(("momentum",), message, given["momentum"], on_key=True)
        yield from _window_rules(given)

    @classmethod
    def parts(cls, given: Mapping[str, Any]) -> Mapping[str, type[Model]]:
        """See :meth:`TrainConfig.parts`."""
        made = ARCHITECTURES.get(str(spelt(given.get("architecture"))))
        return {"hyperparameters": made} if made else {}

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of images, as the user wants them."""
        size = self.image_size
        return (size, size) if isinstance(size, int) else (size[0], size[1]) if size else None


# What belongs to other data than a series, or mixes its times.
_NOT_IN_TIME = {
    "augmentation": "augmentation is for images",
    "cross_validation": "crossValidation deals rows out at random, and those of a series are in order of time",
    "image_size": "imageSize is for images",
    "validation_data": "validationData is for rows in any order: with window the last rows of the data validate",
}


def _window_rules(given: Mapping[str, Any]) -> Iterator[Complaint]:
    if given.get("window") is None:
        for name in ("horizon", "stride"):
            if given.get(name, 1) != 1:
                yield Complaint((name,), f"{name} belongs to window: add `window: 24`", given[name], on_key=True)
        return
    for name, why in _NOT_IN_TIME.items():
        if given.get(name) and not _is_off(given[name]):
            yield Complaint((name,), f"{why}; leave it out, or leave window out", given[name], on_key=True)
    architecture = spelt(given.get("architecture", "mlp"))
    if architecture in KINDS:
        message = f"{architecture} is for {KINDS[architecture]}, but window makes windows of a series: take mlp"
        yield Complaint(("architecture",), message, given["architecture"], suggestion="mlp")


def _is_off(value: Any) -> bool:
    """Whether a section is switched off, and so asks for nothing."""
    return isinstance(value, Mapping) and value.get("enabled") is False
