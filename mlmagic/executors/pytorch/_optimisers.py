"""The optimizers by name, stripped of what only torch.compile and the profiler need.

An optimizer of torch imports ``torch._dynamo`` at its first use (over a second, once a process) and enters a profiler
scope and two graph breaks every step. Below the decorators that do so lies the plain method, which `inspect.unwrap`
gives. Adam also looks up each parameter's state at each step, and sorts them by device, which takes a small network
longer than the step itself: here it does so once. The tests hold that all take the same steps, bit for bit.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn, optim

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors.pytorch.config import TorchTrain

OPTIMISERS = {"adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD, "rmsprop": optim.RMSprop}
# One kernel for all parameters; rmsprop has none.
FUSED = {"adam", "adamw", "sgd"}
_PLAIN = ("add_param_group", "load_state_dict", "state_dict")
_KERNELS = {optim.Adam: torch._fused_adam_, optim.AdamW: torch._fused_adamw_}


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
    kernel = _KERNELS.get(kind)

    def step(self: Any) -> None:
        with torch.no_grad():
            if kernel is None:
                take_step(self)
                return
            moments: _Moments | None = getattr(self, "_moments", None)
            if moments is None or not moments.step(self, kernel):
                take_step(self)
                self._moments = _Moments.of(self)

    step.hooked = True  # type: ignore[attr-defined]  # else torch wraps it in a profiler scope again
    methods: dict[str, Any] = {name: inspect.unwrap(getattr(kind, name)) for name in _PLAIN}
    return type(kind.__name__, (kind,), {**methods, "step": step})


@dataclass(frozen=True)
class _Moments:
    """What a step of Adam reads and writes, in the order of the parameters.

    Attributes
    ----------
    state
        The optimizer's own; another one was loaded if it is not this object.
    group
        The parameters and the numbers by which they move.
    steps
        Taken by each parameter, shape (parameters,); ``each`` are its elements, which the state holds.
    """

    state: Any
    group: dict[str, Any]
    averages: list[Tensor]
    squares: list[Tensor]
    steps: Tensor
    each: list[Tensor]

    @classmethod
    def of(cls, optimiser: Any) -> _Moments | None:
        """Gather them; None where torch's own step has more to look at than one kernel takes."""
        group, *others = optimiser.param_groups
        parameters, states = group["params"], [optimiser.state.get(parameter) for parameter in group["params"]]
        kinds = {(parameter.device, parameter.dtype) for parameter in parameters}
        if others or not group["fused"] or group["amsgrad"] or len(kinds) > 1 or not all(states):
            return None
        steps = torch.stack([state["step"] for state in states])
        for place, state in enumerate(states):
            state["step"] = steps[place]
        averages, squares, each = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq", "step"))
        return cls(optimiser.state, group, averages, squares, steps, each)

    def step(self, optimiser: Any, kernel: Callable[..., None]) -> bool:
        """Take a step; False, with nothing done, where a gradient is missing, scaled, or the state is another."""
        group = self.group
        gradients = [parameter.grad for parameter in group["params"]]
        if self.state is not optimiser.state or hasattr(optimiser, "found_inf"):
            return False
        if any(gradient is None for gradient in gradients):
            return False
        self.steps.add_(1)
        first, second = group["betas"]
        kernel(
            group["params"], gradients, self.averages, self.squares, [], self.each, lr=group["lr"], beta1=first,
            beta2=second, weight_decay=group["weight_decay"], eps=group["eps"], amsgrad=False,
            maximize=group["maximize"], grad_scale=None, found_inf=None,
        )  # fmt: skip
        return True


def _fusible(parameter: Tensor) -> bool:
    return parameter.device.type in ("cpu", "cuda") and parameter.is_floating_point()
