"""The keys of ``train`` in PyTorch."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mlmagic.config._complaint import Complaint
from mlmagic.config._model import Model
from mlmagic.executors._networks.config import NetworkTrain

# The seed documents' and torch's own words for the same schedules.
_SAME = {
    "cosine_annealing": "cosine",
    "cosine_annealing_lr": "cosine",
    "step_lr": "step",
    "reduce_on_plateau": "plateau",
    "reduce_lr_on_plateau": "plateau",
    "one_cycle_lr": "one_cycle",
}
# Architectures and where their trained weights come from.
PRETRAINED = {"resnet18": "microsoft/resnet-18", "resnet50": "microsoft/resnet-50"}
ScheduleName = Annotated[
    Literal["cosine", "step", "plateau", "one_cycle"],
    BeforeValidator(lambda value: _SAME.get(value, value) if isinstance(value, str) else value),
]


class Scheduler(Model):
    """How the learning rate goes on."""

    kind: ScheduleName = Field(
        "cosine",
        description="`cosine` falls to the least rate, `step` is cut every `stepSize` epochs, `plateau` when the "
        "validation loss no longer falls, `one_cycle` rises to the learning rate and falls again.",
        examples=["cosine"],
    )
    warmup_epochs: float = Field(
        0.0, ge=0, description="Epochs in which the rate rises to the learning rate first.", examples=[0.5]
    )
    step_size: int | None = Field(
        None, ge=1, description="Epochs from cut to cut, for `step`. Unset: a third of all.", examples=[30]
    )
    gamma: float = Field(
        0.1, gt=0, lt=1, description="What a cut multiplies the rate by, for `step` and `plateau`.", examples=[0.5]
    )
    patience: int = Field(5, ge=0, description="Epochs without a fall before a cut, for `plateau`.", examples=[3])
    min_learning_rate: float = Field(
        0.0, ge=0, description="The least rate, for `cosine` and `plateau`.", examples=[1e-6]
    )


def _named(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


class TorchTrain(NetworkTrain):
    """A network, from a script, from the notebook or built here, and how it is trained."""

    scheduler: Annotated[
        Scheduler | None, BeforeValidator(_named, json_schema_input_type=ScheduleName | Scheduler | None)
    ] = Field(
        None,
        description="How the learning rate goes on: cosine, step, plateau or one_cycle, or a mapping with `kind` and "
        "its numbers. Unset: it stays.",
        examples=["cosine", {"kind": "step", "stepSize": 30, "gamma": 0.1}],
    )
    pretrained: bool = Field(
        False,
        description="Start `resnet18` and `resnet50` from trained weights, if they are in transformers' cache on this "
        "machine; nothing is downloaded.",
        examples=[True],
    )
    gradient_clipping: float | None = Field(
        None, gt=0, description="The greatest norm of all gradients together; longer ones are cut.", examples=[1.0]
    )
    gradient_accumulation: int = Field(
        1, ge=1, description="Batches whose gradients make one step: a larger batch in the same memory.", examples=[4]
    )
    gradient_checkpointing: bool = Field(
        False,
        description="Keep less between layers and compute it again on the way back: less memory, about a third slower.",
        examples=[True],
    )
    compile: bool = Field(
        False,
        description="Compile the network by torch.compile: the first steps take up to a minute, the others less than "
        "before.",
        examples=[True],
    )

    @classmethod
    def rules(cls, given: Mapping[str, Any]) -> Iterator[Complaint]:
        """See :meth:`NetworkTrain.rules`."""
        yield from super().rules(given)
        if given.get("pretrained") and given.get("architecture") not in PRETRAINED:
            message = f"pretrained goes with architecture: {' or '.join(PRETRAINED)}"
            yield Complaint(("pretrained",), message, given["pretrained"], on_key=True)
        wanted = given.get("scheduler")
        kind = wanted.get("kind", "") if isinstance(wanted, dict) else ""
        if isinstance(wanted, dict) and wanted.get("warmup_epochs") and _SAME.get(kind, kind) == "one_cycle":
            yield Complaint(("scheduler", "warmup_epochs"), "one_cycle warms up by itself: leave warmupEpochs out")
