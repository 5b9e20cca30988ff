"""What a killed training leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.executors._networks._checkpoints import Checkpoints
from mlmagic.executors.pytorch import _storage

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.executors.pytorch._loop import Training


class TorchCheckpoints(Checkpoints):
    """Writes everything that a training is: its weights of now and of the best epoch, the optimizer, the history."""

    suffix = ".pt"

    def save(self, path: Path, training: Training, *, last: bool) -> Path:
        """See :class:`Checkpoints`; each file is alike."""
        return _storage.write(path, {**self._about, **training.state()})
