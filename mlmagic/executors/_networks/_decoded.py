"""Decoding many images: in threads, all at once or a batch ahead of the one that is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np

from mlmagic.data import Cancelled
from mlmagic.executors._networks._pixels import Pixels, Unreadable, pixels, unreadable
from mlmagic.executors._networks._streamed import ahead

# Images to a task.
TASK = 8
# Images that are decoded between two looks at who waits.
BLOCK = 1024


def workers() -> int:
    """Threads that decode: Pillow lets others run meanwhile."""
    return min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class Images:
    """Images that are decoded when they are asked for.

    Parameters
    ----------
    values
        Paths, encoded bytes or arrays.
    names
        What to call each in an error.
    wanted
        What they become.
    last
        Whether channels come last; else they come before height and width.
    """

    values: Sequence[Any]
    names: Sequence[Any]
    wanted: Pixels
    last: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of them all, decoded."""
        height, width, channels = self.wanted.height, self.wanted.width, self.wanted.channels
        return (len(self), *((height, width, channels) if self.last else (channels, height, width)))

    @property
    def nbytes(self) -> int:
        """Of them all, decoded."""
        return len(self) * self.wanted.nbytes

    def batches(self, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Decode the images at these places, shape (n,) each, a little ahead of who takes them.

        Raises
        ------
        DataLoadingError
            With the images of a part that cannot be read.
        """
        pool = ThreadPoolExecutor(workers(), thread_name_prefix="mlmagic images")
        return starmap(self._ended, ahead(pool, (self._begun(pool, places) for places in parts)))

    def whole(self, going_on: Callable[[int], bool] = lambda done: True) -> np.ndarray:
        """Decode them all.

        Parameters
        ----------
        going_on
            Told now and then how many are done; says whether to go on.

        Raises
        ------
        DataLoadingError
            With every image that cannot be read.
        Cancelled
            If it was not to go on.
        """
        found = np.empty(self.shape, self.wanted.dtype)
        faults: dict[str, str] = {}
        with ThreadPoolExecutor(workers(), thread_name_prefix="mlmagic images") as pool:
            for start in range(0, len(self), BLOCK):
                if not going_on(start):
                    raise Cancelled
                for task in self._tasks(pool, np.arange(start, min(start + BLOCK, len(self))), found[start:]):
                    faults |= task.result()
        if faults:
            raise unreadable(faults, self.values, len(self))
        return found

    def _begun(self, pool: ThreadPoolExecutor, places: np.ndarray) -> tuple[np.ndarray, list[Future[dict[str, str]]]]:
        batch = np.empty((len(places), *self.shape[1:]), self.wanted.dtype)
        return batch, self._tasks(pool, places, batch)

    def _ended(self, batch: np.ndarray, tasks: list[Future[dict[str, str]]]) -> np.ndarray:
        faults = {name: why for task in tasks for name, why in task.result().items()}
        if faults:
            raise unreadable(faults, self.values, len(batch))
        return batch

    def _tasks(self, pool: ThreadPoolExecutor, places: np.ndarray, into: np.ndarray) -> list[Future[dict[str, str]]]:
        return [
            pool.submit(self._decode, places[start : start + TASK], into[start : start + TASK])
            for start in range(0, len(places), TASK)
        ]

    def _decode(self, places: np.ndarray, into: np.ndarray) -> dict[str, str]:
        """Fill ``into``; why it could not, by the image's name."""
        faults: dict[str, str] = {}
        for place, room in zip(places.tolist(), into, strict=False):
            try:
                found = pixels(self.values[place], self.wanted)
            except Unreadable as error:
                value = self.values[place]
                faults[str(value) if isinstance(value, Path) else f"image {self.names[place]}"] = str(error)
            else:
                room[...] = found if self.last else found.transpose(2, 0, 1)
        return faults
