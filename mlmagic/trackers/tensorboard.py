"""TensorBoard's event files, below the run's directory: ``tensorboard --logdir runs`` shows every run."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

from mlmagic.events import Event, Metrics
from mlmagic.trackers._scalars import Reader, flat

PLACE = "tensorboard"
# Seconds after which what was written reaches the disk.
FLUSH = 2.0


class TensorBoard:
    """Writes curves as ``epoch/val_loss`` and ``step/train_loss``, and the final metrics as ``test/accuracy``.

    TensorBoard's own writer imports TensorFlow where that is installed, seconds of a still notebook; below it lie the
    records themselves, which need nothing.
    """

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event as Record
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder = path / PLACE
        folder.mkdir(exist_ok=True)
        self._record, self._summary = Record, Summary
        name = f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}"
        self._writer = RecordWriter((folder / name).open("wb"))
        self._writer.write(Record(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
        self._reader = Reader()
        self._flushed = time.monotonic()

    def take(self, event: Event) -> None:
        """Write the event's numbers, if it has any."""
        for unit, at, values in self._reader.scalars(event):
            self._write({f"{unit}/{name}": value for name, value in values.items()}, at)
        if isinstance(event, Metrics) and event.final:
            self._write(flat(event.values), 0)
        if time.monotonic() > self._flushed + FLUSH:
            self._writer.flush()
            self._flushed = time.monotonic()

    def close(self, status: str) -> None:
        """Write what is left."""
        self._writer.close()

    def _write(self, values: dict[str, float], step: int) -> None:
        found = [self._summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        record = self._record(wall_time=time.time(), step=step, summary=self._summary(value=found))
        self._writer.write(record.SerializeToString())
