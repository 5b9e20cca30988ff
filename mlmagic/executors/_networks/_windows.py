"""Windows over the rows of a time series as a network's inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic.data import describe_preparation, fit_preparation, later_row, raw
from mlmagic.executors._base import batch_rows
from mlmagic.executors._networks._matrix import first_rows, matrix
from mlmagic.executors._networks._need import ROWS
from mlmagic.executors._networks._sample import remark, sample

if TYPE_CHECKING:
    from mlmagic.data import Rows
    from mlmagic.executors._networks.config import NetworkTrain

# What people call the numbers of a row in a window, and its rows; in_features is all of them.
COLUMNS = {"channels", "in_channels", "input_channels", "input_dim", "input_size", "n_features", "num_features"}
LENGTHS = {"context_length", "lookback", "seq_len", "sequence_length", "window", "window_size"}


@dataclass(frozen=True)
class Windows:
    """Windows that are cut out of one array when they are asked for.

    Parameters
    ----------
    values
        Shape (rows, columns).
    starts
        The first row of each window, shape (n,).
    window
        Rows of a window.
    """

    values: np.ndarray
    starts: np.ndarray
    window: int

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of them all, cut out."""
        return (len(self), self.window, self.values.shape[1])

    @property
    def nbytes(self) -> int:
        """Of them all, cut out."""
        return prod(self.shape) * self.values.itemsize

    def batches(self, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """The windows at these places, shape (k,) each: shape (k, window, columns)."""
        inside = np.arange(self.window)
        return (self.values[self.starts[places, None] + inside] for places in parts)


@dataclass(frozen=True)
class WindowInputs:
    """Prepares the rows once, and cuts windows out of them: float32, shape (n, window, columns).

    Parameters
    ----------
    how
        ``window``, ``horizon``, ``columns`` and ``groups``, as the report has them.
    width
        Prepared columns.
    sampled
        What to say of the rows that it was fitted on, should they not be all.
    """

    how: Mapping[str, Any]
    preparation: Any = None
    width: int = 0
    sampled: str | None = None
    scale: None = None
    work: None = None

    def open(self, rows: Rows, going_on: Callable[[int], bool] = lambda done: True) -> Windows:
        """See :class:`Inputs`."""
        array: Any = rows.X.iloc[:, 0].array
        starts = array.ends - array.window + 1
        low, high = int(starts.min()), int(array.ends.max()) + 1
        values = matrix(self.preparation, replace(rows, X=array.table.iloc[low:high], y=None))
        return Windows(values, starts - low, array.window)

    def first(self, rows: Rows) -> np.ndarray:
        """See :class:`Inputs`."""
        few = replace(rows, X=rows.X.iloc[: 16 * ROWS], y=None)
        return next(self.batches(few, len(few)))

    def batches(self, rows: Rows, size: int) -> Iterator[np.ndarray]:
        """See :class:`Inputs`."""
        places = np.arange(len(rows))
        return self.open(rows).batches(places[start : start + size] for start in range(0, len(rows), size))

    def together(self, rows: Rows) -> int:
        """See :class:`Inputs`."""
        return batch_rows(self.how["window"] * len(self.how["columns"]))

    def finished(self, batch: np.ndarray) -> np.ndarray:
        """See :class:`Inputs`."""
        return batch

    def facts(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return describe_preparation(self.preparation)

    @property
    def sizes(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return dict.fromkeys(LENGTHS, self.how["window"]) | dict.fromkeys(COLUMNS, self.width)

    @property
    def remark(self) -> str:
        """See :class:`Inputs`."""
        window, horizon, columns = self.how["window"], self.how["horizon"], ", ".join(self.how["columns"])
        said = f"A sample is {window} rows of {columns}; its target is the value of {later_row(horizon)}"
        where = "A prediction stands at its window's last row. Parts follow in time"
        return ". ".join(filter(None, [said, where, self.sampled]))

    def to_plain(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return {"kind": "windows", **self.how}


def windows_in(about: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a saved network says of its windows; None where it takes none."""
    reading: Mapping[str, Any] | None = about.get("reading")
    return reading if reading is not None and reading["kind"] == "windows" else None


def fit_windows(train: NetworkTrain, rows: Rows, scaling: Any) -> WindowInputs:
    """Fit the preparation on all rows of these windows, each counted once."""
    table = raw(rows.X)
    every = replace(rows, X=table, y=None, weight=None)
    few = sample(every)
    prepared = fit_preparation(few, scaling, train.prepare)
    how = {"window": train.window, "horizon": train.horizon, "groups": train.groups}
    width = first_rows(prepared, every, 1).shape[1]
    said = None if prepared is None else remark(every, few)
    return WindowInputs(how | {"columns": [str(name) for name in table.columns]}, prepared, width, said)
