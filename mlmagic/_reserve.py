"""Room on the disk for a run's last words, taken while there still is some."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mlmagic.run_directory import RESERVE

# The last event with its error, the last lines of the log, config.yaml and report.json once more.
SIZE = 32 * 1024


class Reserve:
    """A file that only takes up room: when a disk is full, its removal lets a run still say why it ended."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / RESERVE

    def take(self) -> None:
        """Take the room. Where there is none already, the run's own first event will say so."""
        try:
            self._path.write_bytes(os.urandom(SIZE))  # a file system may compress what repeats
        except OSError:
            self.give_back()

    def give_back(self) -> None:
        """Make the room free. Giving it back twice is fine."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
