"""The steps of a run and their scores, read in blocks: a read waits for the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mlmagic.executors._networks._progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.events import Emit
    from mlmagic.executors.pytorch._scores import Tally


class TensorProgress(Progress):
    """Collects steps as they lie on the device; at each block it reads them and tells.

    Parameters
    ----------
    emit, learning_rate
        As :class:`Progress` takes them.
    new_tally
        Gives what scores the training rows of one epoch.
    """

    def __init__(self, emit: Emit, new_tally: Callable[[], Tally], learning_rate: float) -> None:
        super().__init__(emit, learning_rate)
        self._new_tally = new_tally
        self._tally = new_tally()
        self._losses: list[Tensor] = []
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._weights: list[Tensor] = []

    def step(self, loss: Tensor, outputs: Tensor, target: Tensor, weight: Tensor | None) -> bool:
        """Take a step; True when it ended a block.

        Parameters
        ----------
        weight
            How much each row counts, shape (n,); None where all count alike.
        """
        if weight is not None:
            self._weights.append(weight.sum())
        self._losses.append(loss.detach())
        self._outputs.append(outputs.detach())
        self._targets.append(target)
        if not self.due:
            return False
        self._read()
        self.flush()
        return True

    def end_epoch(self) -> dict[str, float]:
        """The mean loss of the epoch's rows and their scores, as they were when each was trained on."""
        self._read()
        values = {"train_loss": self.mean()}
        values |= {f"train_{name}": value for name, value in self._tally.scores().items()}
        self._tally = self._new_tally()
        return values

    def _read(self) -> None:
        if not self._losses:
            return
        counts = torch.stack(self._weights).tolist() if self._weights else map(len, self._targets)
        self.take(torch.stack(self._losses).flatten().tolist(), counts)
        self._tally.add(torch.cat(self._outputs), torch.cat(self._targets))
        self._losses, self._outputs, self._targets, self._weights = [], [], [], []
