"""Windows of consecutive rows as a column: each cell is several rows of one table, which is never copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype, register_extension_dtype
from pandas.api.indexers import check_array_indexer

from mlmagic.data._mapped import taken
from mlmagic.data._types import ever
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.data._types import GoingOn

WINDOW = "window"


@register_extension_dtype
class WindowType(ExtensionDtype):
    """The dtype of a :class:`WindowArray`."""

    name: ClassVar[str] = WINDOW
    type = pd.DataFrame

    @classmethod
    def construct_array_type(cls) -> Any:
        """See pandas."""
        return WindowArray


class WindowArray(ExtensionArray):
    """Windows of one table.

    Parameters
    ----------
    table
        Shape (rows, columns), the rows of a series together and in order of time.
    ends
        The position of each window's last row, shape (n,).
    window
        Rows of a window.
    """

    def __init__(self, table: pd.DataFrame, ends: np.ndarray, window: int) -> None:
        self.table = table
        self.ends = ends
        self.window = window

    @property
    def dtype(self) -> WindowType:
        """See pandas."""
        return WindowType()

    @property
    def nbytes(self) -> int:
        """Of what is not the table's."""
        return int(self.ends.nbytes)

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, item: Any) -> Any:
        item = check_array_indexer(self, item)
        if isinstance(item, (int, np.integer)):
            end = int(self.ends[item]) + 1
            return self.table.iloc[end - self.window : end]
        return WindowArray(self.table, self.ends[item], self.window)

    def isna(self) -> np.ndarray:
        """No window is a gap."""
        return np.zeros(len(self), dtype=bool)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> WindowArray:
        """See pandas."""
        return WindowArray(self.table, self.ends.take(np.asarray(indices)), self.window)

    def copy(self) -> WindowArray:
        """See pandas."""
        return WindowArray(self.table, self.ends.copy(), self.window)

    def used(self) -> pd.DataFrame:
        """The rows that are in some window, each once."""
        change = np.zeros(len(self.table) + 1, dtype=np.int64)
        np.add.at(change, self.ends - self.window + 1, 1)
        np.add.at(change, self.ends + 1, -1)
        return taken(self.table, np.flatnonzero(change.cumsum()[:-1] > 0))

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[WindowArray]) -> WindowArray:
        first = to_concat[0]
        if any(other.table is not first.table for other in to_concat):
            raise NotImplementedError("windows of several tables are no column")
        return cls(first.table, np.concatenate([other.ends for other in to_concat]), first.window)


@dataclass(frozen=True)
class Series:
    """Where the rows of each series are.

    Attributes
    ----------
    order
        Positions in the table, series by series, shape (n,).
    bounds
        The first place in ``order`` of each series, and n.
    """

    order: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, rows: int, group: pd.Series | None) -> Series:
        """Find the series; all rows are one where there are no groups."""
        if group is None:
            return cls(np.arange(rows), np.array([0, rows]))
        codes = pd.factorize(group)[0]
        counts = np.bincount(codes)
        return cls(np.argsort(codes, kind="stable"), np.concatenate([[0], counts.cumsum()]))


def later_row(horizon: int) -> str:
    """The row that a prediction is of, seen from the last row of its window."""
    return "the next row" if horizon == 1 else f"{horizon} rows later"


def samples(
    frame: pd.DataFrame, columns: Sequence[str], how: Mapping[str, Any], going_on: GoingOn = ever
) -> tuple[pd.DataFrame, np.ndarray]:
    """Every window of a table, and the position of the row that each one's target is in, -1 where there is none yet.

    Parameters
    ----------
    how
        ``window``, ``horizon`` and ``groups``, the column that tells series apart or None.
    going_on
        Told of the "splitting" of a table that stays on disk.

    Raises
    ------
    DataLoadingError
        If no series has as many rows as a window.
    """
    window, horizon, name = how["window"], how["horizon"], how["groups"]
    if name is not None and name not in frame.columns:
        raise DataLoadingError(
            f"The data has no column {name!r}, which tells the series apart", solution="Give the column of groups too"
        )
    series = Series.of(len(frame), None if name is None else frame[name])
    pairs = zip(series.bounds[:-1], series.bounds[1:], strict=True)
    parts = [(np.arange(start + window - 1, end), end) for start, end in pairs]
    ends = np.concatenate([part for part, _ in parts])
    if not len(ends):
        what = "no series has" if name is not None else f"{len(frame)} rows are fewer than"
        raise DataLoadingError(
            f"A prediction needs a window of {window} rows, and {what} so many", solution="Give more rows before it"
        )
    later = np.concatenate([np.where(part + horizon < end, part + horizon, -1) for part, end in parts])
    there = np.where(later >= 0, series.order[later], -1)
    back = np.argsort(series.order[ends], kind="stable")
    table = taken(frame[list(columns)], series.order, going_on)
    return column(table, ends[back], window), there[back]


def column(table: pd.DataFrame, ends: np.ndarray, window: int) -> pd.DataFrame:
    """A table whose only column has the windows; its index is that of each window's last row."""
    return pd.DataFrame({WINDOW: WindowArray(table, ends, window)}, index=table.index[ends])


def raw(X: pd.DataFrame) -> pd.DataFrame:
    """The rows as the user has them: those of all windows, each once, where a sample is a window."""
    array = X.iloc[:, 0].array if X.shape[1] == 1 else None
    return array.used() if isinstance(array, WindowArray) else X
