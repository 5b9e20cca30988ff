"""The networks that are built here, and their hyperparameters."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from mlmagic.config._model import Model, refuse

Share = Annotated[float, Field(ge=0, lt=1)]


class Mlp(Model):
    """Hyperparameters of ``architecture: mlp``."""

    hidden: list[Annotated[int, Field(ge=1)]] = Field(
        [64, 64], description="Units of each hidden layer.", examples=[[128, 64]]
    )
    dropout: Share = Field(0.0, description="The share of units left out in training.", examples=[0.1])
    activation: Literal["relu", "gelu", "tanh", "silu"] = Field(
        "relu", description="The function after each hidden layer.", examples=["gelu"]
    )


class Cnn(Model):
    """Hyperparameters of ``architecture: cnn``."""

    channels: list[Annotated[int, Field(ge=1)]] = Field(
        [32, 64, 128],
        min_length=1,
        description="Channels of each stage; the next one sees half the height and width.",
        examples=[[16, 32]],
    )
    dropout: Share = Field(0.0, description="The share left out before the last layer in training.", examples=[0.2])


class Resnet(Model):
    """Hyperparameters of ``architecture: resnet18`` and ``resnet50``."""

    dropout: Share = Field(0.0, description="The share left out before the last layer in training.", examples=[0.2])


class Transformer(Model):
    """Hyperparameters of every transformer."""

    width: int = Field(64, ge=1, description="Numbers that stand for a token.", examples=[128])
    layers: int = Field(2, ge=1, description="Layers of attention.", examples=[3])
    heads: int = Field(4, ge=1, description="Heads of attention in each layer; they share the width.", examples=[8])
    dropout: Share = Field(0.1, description="The share of numbers left out in training.", examples=[0.2])

    @field_validator("heads")
    @classmethod
    def _heads_share_the_width(cls, value: int, info: ValidationInfo) -> int:
        width = info.data.get("width", value)
        if width % value:
            raise refuse(f"width is shared by the heads: {width} is no multiple of {value} heads")
        return value


class TextTransformer(Transformer):
    """Hyperparameters of ``architecture: text_transformer``.

    It is an encoder (Vaswani et al., 2017) that is normalised before each layer; the mean over a text's tokens decides.
    No weights of attention are left out by ``dropout``. What builds it takes three more parameters first:

    vocab_size, max_length
        Tokens there are, tokens of a text; token 0 fills short texts up and is seen by nothing.
    num_classes
        Outputs.
    """

    vocabulary: int = Field(
        4000, ge=300, description="The most tokens that are learned from the training texts.", examples=[8000]
    )
    max_length: int | None = Field(
        None,
        ge=1,
        description="Tokens of a text that are read; the rest is cut off. Unset: as many as 95% of the training texts "
        "have at most.",
        examples=[128],
    )


class TabularTransformer(Transformer):
    """Hyperparameters of ``architecture: tabular_transformer``."""


ARCHITECTURES: dict[str, type[Model]] = {
    "mlp": Mlp,
    "cnn": Cnn,
    "resnet18": Resnet,
    "resnet50": Resnet,
    "text_transformer": TextTransformer,
    "tabular_transformer": TabularTransformer,
}
# What each is for, where it is not for everything.
KINDS = {
    "cnn": "images",
    "resnet18": "images",
    "resnet50": "images",
    "text_transformer": "text",
    "tabular_transformer": "tables",
}


def spelt(value: Any) -> Any:
    """An architecture's name as it is written here: people write ``text transformer`` and ``text-transformer`` too."""
    return value.strip().replace(" ", "_").replace("-", "_") if isinstance(value, str) else value


Architecture = Annotated[
    Literal["mlp", "cnn", "resnet18", "resnet50", "text_transformer", "tabular_transformer"], BeforeValidator(spelt)
]
