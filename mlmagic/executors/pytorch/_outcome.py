"""What a training gave, with what is needed to store it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.executors._base import Outcome
from mlmagic.executors._networks._text import text_in
from mlmagic.executors._networks._windows import windows_in

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class TorchOutcome(Outcome):
    """An outcome whose model is a ``torch.nn.Module`` on the CPU, in eval mode.

    Attributes
    ----------
    about
        What is needed to build the network again, as plain data.
    last
        Weights after the last step; ``model`` has those of the best epoch.
    optimizer
        The optimizer's state after the last step.
    """

    about: Mapping[str, Any] = field(default_factory=dict)
    last: Mapping[str, Any] | None = None
    optimizer: Mapping[str, Any] | None = None

    @property
    def windows(self) -> Mapping[str, Any] | None:
        """See :class:`Outcome`."""
        return windows_in(self.about)

    @property
    def reads_text(self) -> bool:
        """See :class:`Outcome`."""
        return text_in(self.about)
