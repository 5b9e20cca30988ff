"""Inputs that are made batch by batch, since memory does not hold them all."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from mlmagic.data import Rows
from mlmagic.executors._networks._matrix import matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Batches that are prepared before they are asked for.
AHEAD = 2


Begun = TypeVar("Begun")


def ahead(pool: ThreadPoolExecutor, begun: Iterable[Begun]) -> Iterator[Begun]:
    """Begin batches in a pool a little before they are asked for; it ends with who takes them.

    Parameters
    ----------
    begun
        Begins the next batch whenever it is asked for one.
    """
    waiting = deque[Begun]()
    try:
        for batch in begun:
            waiting.append(batch)
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Streamed(Protocol):
    """Inputs of all rows, of which a batch at a time is in memory."""

    def __len__(self) -> int: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Of them all."""
        ...

    @property
    def nbytes(self) -> int:
        """Of them all."""
        ...

    def batches(self, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Inputs at these places, shape (k,) each; not finished.

        Raises
        ------
        DataLoadingError
            If rows of a part are not what the network takes.
        """
        ...


@dataclass(frozen=True)
class Table:
    """Rows of a table that are prepared when they are asked for, a little ahead.

    Parameters
    ----------
    rows
        As the user has them: encoded, their labels may take a hundred times as much.
    width
        Prepared columns.
    """

    preparation: Any
    rows: Rows
    width: int

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """See :class:`Streamed`."""
        return (len(self), self.width)

    @property
    def nbytes(self) -> int:
        """See :class:`Streamed`."""
        return prod(self.shape) * np.dtype(np.float32).itemsize

    def batches(self, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """See :class:`Streamed`."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="mlmagic rows")
        begun = (pool.submit(self._prepared, places) for places in parts)
        return (batch.result() for batch in ahead(pool, begun))

    def _prepared(self, places: np.ndarray) -> np.ndarray:
        return matrix(self.preparation, Rows(self.rows.X.iloc[places]))
