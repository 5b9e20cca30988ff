"""Mixed precision: multiplications in 16 bits, weights and losses in 32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable


def half(device: torch.device) -> torch.dtype:
    """The 16-bit numbers that a device multiplies: bfloat16, which has the range of 32 bits, where it can."""
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float16
    return torch.bfloat16


class Precision:
    """How steps compute.

    Parameters
    ----------
    device
        Where they do.
    dtype
        What multiplications are done in; None for the network's own numbers.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype | None) -> None:
        self._device = device
        self._dtype = dtype
        # Gradients of float16 vanish below 6e-8: the loss is scaled up before, they are scaled down after.
        self._scaler = torch.amp.GradScaler(device.type) if dtype is torch.float16 else None

    @property
    def name(self) -> str | None:
        """As the report calls it: ``mixed_bfloat16``; None where nothing is mixed."""
        return None if self._dtype is None else f"mixed_{str(self._dtype).removeprefix('torch.')}"

    def forward(self, module: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """The network's forward in this precision; outputs have 32 bits, so that losses do too."""
        if self._dtype is None:
            return module

        def mixed(inputs: Tensor) -> Tensor:
            with torch.autocast(self._device.type, self._dtype):
                outputs = module(inputs)
            return outputs.float()

        return mixed

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss to those that are there."""
        try:
            (loss if self._scaler is None else self._scaler.scale(loss)).backward()
        except RuntimeError:
            _drop_tasks()
            raise

    def step(self, optimiser: Any, clip: float | None, parameters: list[nn.Parameter]) -> None:
        """Move the weights by the gradients, cut to the norm ``clip``; not where scaling made them overflow."""
        if self._scaler is not None and clip is not None:
            self._scaler.unscale_(optimiser)
        if clip is not None:
            nn.utils.clip_grad_norm_(parameters, clip)
        if self._scaler is None:
            optimiser.step()
        else:
            self._scaler.step(optimiser)
            self._scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on from here, as plain data."""
        return {} if self._scaler is None else self._scaler.state_dict()


def _drop_tasks() -> None:
    """Let go of what a failed backward has left in this thread's queue; the next one does so.

    The queue goes with the thread, by then without Python's lock: where Python is ending too, torch 2.13 aborts.
    """
    (torch.zeros((), requires_grad=True) * 1).backward()
