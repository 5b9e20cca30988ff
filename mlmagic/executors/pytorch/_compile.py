"""``compile: true``: the network's forward as machine code of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import Fault, InvalidConfiguration
from mlmagic.events import Emit, Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


def compiled(module: nn.Module, emit: Emit) -> Callable[[Tensor], Tensor]:
    """A forward of the same network that is compiled at its first call, and again for a batch of another size.

    Raises
    ------
    InvalidConfiguration
        At a call, where torch cannot compile: without a C++ compiler, or for what the network does.
    """
    # Over a second, once a process: only for who asks.
    import torch
    from torch._dynamo.exc import TorchDynamoException

    emit(Log("Compiling the network: the first steps take a while"))
    fast = torch.compile(module)

    def forward(inputs: Tensor) -> Tensor:
        try:
            outputs: Tensor = fast(inputs)
        except TorchDynamoException as error:
            raise _refused(error) from None
        return outputs

    return forward


def _refused(error: Exception) -> InvalidConfiguration:
    cause = str(error).splitlines()[0]
    return InvalidConfiguration(
        [Fault("config.compile", f"torch.compile cannot compile this network: {cause}", value="true")],
        solution="Leave compile out"
        + ("; or install a C++ compiler, as g++" if "compiler" in cause else ", or change what it names"),
    )
