"""The optimizers by name, stripped of what only torch.compile and the profiler need.

An optimizer of torch imports ``torch._dynamo`` at its first use (over a second, once a process) and enters a profiler
scope and two graph breaks every step. Below the decorators that do so lies the plain method, which `inspect.unwrap`
gives; the tests hold that both take the same steps, bit for bit.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import nn, optim

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors.pytorch.config import TorchTrain

OPTIMISERS = {"adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD, "rmsprop": optim.RMSprop}
# One kernel for all parameters; rmsprop has none.
FUSED = {"adam", "adamw", "sgd"}
_PLAIN = ("add_param_group", "load_state_dict", "state_dict")


def optimiser(train: TorchTrain, module: nn.Module) -> Any:
    """The optimizer that the config names, over the parameters that are not frozen."""
    options: dict[str, Any] = {"lr": train.learning_rate, "weight_decay": train.weight_decay}
    if train.momentum is not None:
        options["momentum"] = train.momentum
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if train.optimizer in FUSED and all(_fusible(parameter) for parameter in parameters):
        options["fused"] = True
    return plain(OPTIMISERS[train.optimizer])(parameters, **options)


@cache
def plain(kind: type[Any]) -> type[Any]:
    """The same optimizer without the decorators; its state is the same too."""
    take_step: Callable[[Any], Any] = inspect.unwrap(kind.step)

    def step(self: Any) -> None:
        with torch.no_grad():
            take_step(self)

    step.hooked = True  # type: ignore[attr-defined]  # else torch wraps it in a profiler scope again
    methods: dict[str, Any] = {name: inspect.unwrap(getattr(kind, name)) for name in _PLAIN}
    return type(kind.__name__, (kind,), {**methods, "step": step})


def _fusible(parameter: torch.Tensor) -> bool:
    return parameter.device.type in ("cpu", "cuda") and parameter.is_floating_point()
