"""What a killed training leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmagic.executors._networks._checkpoints import Checkpoints
from mlmagic.executors.keras import _storage

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.executors.keras._loop import Training
    from mlmagic.executors.keras._network import Network


class KerasCheckpoints(Checkpoints):
    """Writes the network as it would be saved at this moment.

    Parameters
    ----------
    made
        The network.
    args
        What :class:`Checkpoints` takes.
    """

    suffix = ".keras"

    def __init__(self, made: Network, *args: Any) -> None:
        super().__init__(*args)
        self._made = made

    def save(self, path: Path, training: Training, *, last: bool) -> Path:
        """See :class:`Checkpoints`; the last one has the best weights so far."""
        self._tell("modelInfo", _storage.write_about(path.parents[1], self._about))
        now = training.model.get_weights()
        try:
            if last and training.best is not None:
                training.model.set_weights(training.best)
            self._made.to_units()
            return _storage.write(training.model, path)
        finally:  # to the last bit as they were: a checkpoint changes nothing
            training.model.set_weights(now)
