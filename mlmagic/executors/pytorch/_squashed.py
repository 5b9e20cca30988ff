"""Whether a network gives probabilities already: it is seen on its first pass what its last operation is."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from mlmagic.executors.pytorch._trial import are_probabilities

# As torch calls them, as functions and as methods of a tensor; its modules end in these too.
_SIGMOID = {"sigmoid", "sigmoid_", "special_expit"}
_SOFTMAX = {"softmax", "special_softmax"}


class Watch(TorchFunctionMode):
    """Sees every call of torch in a forward pass, be it a module's or a function's."""

    def __init__(self) -> None:
        super().__init__()
        self._last: Tensor | None = None  # held, so that its memory becomes nobody else's
        self._by = ""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """See torch."""
        given = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in _SIGMOID | _SOFTMAX:
            self._last, self._by = given, name
        return given

    def squashed(self, outputs: Tensor) -> bool:
        """Whether these outputs are what a sigmoid gave (one a row) or a softmax (one a class), in whatever shape."""
        if self._last is None or outputs.untyped_storage().data_ptr() != self._last.untyped_storage().data_ptr():
            return False
        if outputs.ndim == 1 or outputs.shape[1] == 1:
            return self._by in _SIGMOID
        return self._by in _SOFTMAX and are_probabilities(outputs)
