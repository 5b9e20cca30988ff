"""How many threads a training takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlmagic.executors._boosting._library import Library

# Values of the table that are worth a thread. With fewer, threads wait for each other more than they work; on a machine
# that others use too, many times more. The model is the same.
CELLS = 50_000


def threads(library: Library, estimator: Any, cells: int) -> int:
    """As many as the estimator asks for, else as the table is worth.

    Parameters
    ----------
    cells
        Rows times columns of the training table.
    """
    asked, cores = library.asked_threads(estimator), library.cores()
    if asked:
        return int(asked) if asked > 0 else max(1, cores + 1 + int(asked))
    return max(1, min(cores, cells // CELLS))
