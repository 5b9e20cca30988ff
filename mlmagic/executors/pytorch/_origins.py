"""Which operation of a forward pass made a number none, in which module, at which line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from mlmagic._failure import users_lines
from mlmagic.errors import TrainingDiverged

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors.pytorch._loop import Training


class Origin(NamedTuple):
    """Where numbers became none: the operation, the module it ran in, the user's own lines that led to it."""

    operation: str
    module: str | None
    lines: str


class Origins(TorchFunctionMode):
    """Inside the block, looks at what each operation gives, and refuses to go back from a loss that is no number.

    A NaN on the way is no fault by itself: ``torch.where`` may leave it out. So it is remembered with the tensors that
    it goes on to, and told only where it has reached the loss.
    """

    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training
        self._origins: Any = WeakIdKeyDictionary()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation, and look at it; steps of the optimiser and validation compute without gradients."""
        if func is Tensor.backward and (origin := self._origins.get(args[0])) is not None:
            raise self._error(origin)
        given = func(*args, **(kwargs or {}))
        if torch.is_grad_enabled() and (broken := _broken(given)):
            self._remember(func, _tensors((args, kwargs)), broken)
        return given

    def _remember(self, func: Callable[..., Any], taken: list[Tensor], broken: list[Tensor]) -> None:
        origin = next((self._origins[tensor] for tensor in taken if tensor in self._origins), None)
        if origin is None:
            # In place, the tensor taken is the one given.
            if any(_broken(tensor) for tensor in taken if all(tensor is not made for made in broken)):
                return  # data or weights that were none before
            module, lines = _place()
            origin = Origin(getattr(func, "__name__", str(func)).strip("_"), module, lines)
        for tensor in broken:
            self._origins[tensor] = origin

    def _error(self, origin: Origin) -> TrainingDiverged:
        epoch, module = len(self._training.history) + 1, origin.module
        way_out = "Look at what goes into it: a logarithm or a root of a negative number, a division by zero"
        if self._training.steps:  # else no step was taken yet, and none was too long
            way_out += "; or reduce learningRate to a tenth"
        return TrainingDiverged(
            f"{origin.operation} gave NaN{f' in {module}' if module else ''} at epoch {epoch}",
            metadata={"epoch": epoch, "operation": origin.operation},
            stderr=origin.lines or None,
            solution=way_out,
        )


def _tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]


def _broken(value: Any) -> list[Tensor]:
    """The tensors in it that hold a number that is none; called inside the mode, which is off by then."""
    floats = [tensor for tensor in _tensors(value) if tensor.is_floating_point() or tensor.is_complex()]
    return [tensor for tensor in floats if bool(tensor.detach().isnan().any())]


def _place() -> tuple[str | None, str]:
    """The innermost module whose forward is running, and the user's own lines on the way there."""
    frame: Any = sys._getframe(1)
    lines, module = users_lines(frame), None
    while frame is not None and module is None:
        owner = frame.f_locals.get("self") if frame.f_code.co_name == "forward" else None
        module = type(owner).__name__ if isinstance(owner, nn.Module) else None
        frame = frame.f_back
    return module, lines
