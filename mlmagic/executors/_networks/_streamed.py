"""Inputs that are made batch by batch, since memory does not hold them all."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mlmagic.data import Rows
from mlmagic.executors._networks._matrix import matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Batches that are prepared before they are asked for.
AHEAD = 2


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
        ahead = deque[Any]()
        try:
            for places in parts:
                ahead.append(pool.submit(self._prepared, places))
                if len(ahead) > AHEAD:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _prepared(self, places: np.ndarray) -> np.ndarray:
        return matrix(self.preparation, Rows(self.rows.X.iloc[places]))
