"""From the codes of a preparation to the columns that CatBoost takes for categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

if TYPE_CHECKING:
    from collections.abc import Sequence

# A gap is a category of its own; CatBoost takes no gaps in them.
GAP = -1


def as_text(column: pd.Series) -> pd.Series:
    """Each value as a word; ``astype(str)`` would leave a gap a gap."""
    return pd.Series([str(value) for value in column], index=column.index, dtype=object)


class CategoryColumns(TransformerMixin, BaseEstimator):
    """Gives an array its names, and makes whole numbers or text of its categories: CatBoost refuses others.

    Parameters
    ----------
    names
        Of all columns.
    coded
        Those that hold codes of categories, NaN for none.
    numbered
        Those whose numbers are categories.
    """

    def __init__(self, names: Sequence[str], coded: Sequence[str], numbered: Sequence[str] = ()) -> None:
        self.names = names
        self.coded = coded
        self.numbered = numbered

    def fit(self, X: Any, y: Any = None) -> CategoryColumns:
        """Learn nothing."""
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """The table, shape (n, columns)."""
        table = pd.DataFrame(X, columns=list(self.names))
        whole = {name: table[name].fillna(GAP).astype(np.int64) for name in self.coded}
        return table.assign(**whole, **{name: as_text(table[name]) for name in self.numbered})

    def __sklearn_is_fitted__(self) -> bool:
        """Always: there is nothing to learn."""
        return True
