"""Inputs that are made batch by batch, since memory does not hold them all."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from mlmagic._memory import limit
from mlmagic.data import Rows, row_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Batches that are prepared before they are asked for.
AHEAD = 2
# Rows of a table that are shuffled together, at least, and neighbours that stay together until then.
TOGETHER, NEIGHBOURS = 1 << 16, 1 << 10

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
    prepare
        Gives the inputs of some rows, shape (k, width).
    one
        Those of one row.
    """

    rows: Rows
    prepare: Callable[[Rows], np.ndarray]
    one: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """See :class:`Streamed`."""
        return (len(self), *self.one.shape[1:])

    @property
    def nbytes(self) -> int:
        """See :class:`Streamed`."""
        return len(self) * self.one.nbytes

    @property
    def together(self) -> int:
        """Rows that are shuffled together: as many as memory holds easily, should they lie on disk."""
        return max(TOGETHER, limit() // 4 // row_bytes(self.rows.X))

    def batches(self, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """See :class:`Streamed`."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="mlmagic rows")
        begun = (pool.submit(self._prepared, places) for places in parts)
        return (batch.result() for batch in ahead(pool, begun))

    def _prepared(self, places: np.ndarray) -> np.ndarray:
        return self.prepare(Rows(self.rows.X.iloc[places]))


def shuffled(inputs: Any, permutation: Callable[[int], np.ndarray]) -> np.ndarray:
    """An order of all rows, shape (n,): any, or one in which a table on disk is read from few places at a time.

    Of such a table, blocks of neighbours are put in any order, then the rows of many blocks together.

    Parameters
    ----------
    permutation
        Gives the numbers below n in any order.
    """
    count = len(inputs)
    together = inputs.together if isinstance(inputs, Table) else count
    if count <= together:
        return permutation(count)
    starts = NEIGHBOURS * permutation(-(-count // NEIGHBOURS))
    order = np.concatenate([np.arange(start, min(start + NEIGHBOURS, count)) for start in starts])
    for start in range(0, count, together):
        part = order[start : start + together]
        part[:] = part[permutation(len(part))]
    return order
