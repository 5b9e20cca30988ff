"""Whether the index of a table says which row is which, or only counts the rows that were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where a table keeps that it was made of rows without an index.
_COUNTED = "rows are counted"


def counted(frame: pd.DataFrame) -> pd.DataFrame:
    """The table that was made of rows without an index; one that has other labels than 0, 1, 2, ... keeps them."""
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        return frame
    # Whoever made the table may hold it still.
    found = frame.copy(deep=False)
    found.attrs[_COUNTED] = True
    return found


def is_labelled(frame: pd.DataFrame) -> bool:
    """Whether the user gave the index of a table."""
    return _COUNTED not in frame.attrs


def stores_index(metadata: Mapping[str, Any] | None) -> bool:
    """Whether pandas wrote an index in the metadata that it keeps in an Arrow schema."""
    return bool((metadata or {}).get("index_columns"))
