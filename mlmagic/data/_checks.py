"""What no preparation can make numbers of, said column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlmagic.data._dates import as_numbers_of_pandas, name_of_dates
from mlmagic.data._kinds import MOST_LABELS, Kind, is_numeric_text, is_text, kind
from mlmagic.data._mapped import is_large
from mlmagic.data._parse import numbers
from mlmagic.data._shown import listing, shown
from mlmagic.data._types import Cancelled, ever
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from mlmagic.data._types import GoingOn


@dataclass(frozen=True)
class Inspection:
    """What was seen in the features: kinds by column, columns with gaps, columns of nothing but gaps."""

    kinds: dict[str, Kind]
    gaps: tuple[str, ...]
    empty: tuple[str, ...]


def inspect(X: pd.DataFrame, *, text: bool = False, going_on: GoingOn = ever) -> Inspection:
    """Look at every column.

    Parameters
    ----------
    X
        Shape (n, features).
    text
        Whether a column of free text may be all there is.
    going_on
        Told of the "checking" of a table that memory has no room for, in columns.

    Raises
    ------
    DataLoadingError
        With every column that mixes numbers and words, or holds free text, dates, objects or infinite values.
    Cancelled
        If it was not to go on.
    """
    kinds: dict[str, Kind] = {}
    faults: dict[str, str] = {}
    missing: dict[str, np.ndarray] = {}
    tells = is_large(X)
    for place, name in enumerate(X.columns):
        if tells and not going_on("checking", place, X.shape[1]):
            raise Cancelled
        column = X[name]
        kinds[name] = known = _kind(column)
        alone = text and known == "text" and X.shape[1] == 1
        if not alone and (fault := _fault(column, known)) is not None:
            faults[name] = fault
        elif not faults:
            missing[name] = gaps(column, known)
    if "image" in kinds.values() and len(kinds) > 1:
        faults |= _beside_images(kinds)
    if faults:
        texts = [name for name in faults if kinds[name] == "text"]
        dated = [as_numbers_of_pandas(X[name]) for name in faults if kinds[name] == "date"]
        other = [name for name in faults if kinds[name] not in ("date", "object")]
        way_out = _solution(faults, texts, dated, network=text, skips=len(other) == len(faults))
        raise DataLoadingError(_message(faults), solution=way_out, metadata={"columns": list(faults)})
    some = tuple(name for name, mask in missing.items() if mask.any())
    return Inspection(kinds, some, tuple(name for name in some if missing[name].all()))


def gaps(column: pd.Series, known: Kind) -> np.ndarray:
    """Which values are not there, shape (n,); in a column of numbers blank text is none."""
    if known == "number" and not pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(np.isnan(numbers(column)))
    return column.isna().to_numpy(dtype=bool)


def _kind(column: pd.Series) -> Kind:
    """What the column holds; free text may have a text that reads as a number."""
    known = kind(column)
    return "text" if known == "mixed" and is_text(column) else known


def _fault(column: pd.Series, known: Kind) -> str | None:
    name = f"Column {column.name!r}"
    if known == "mixed":
        return f"{name} mixes numbers and words: {_minority(column)}"
    if known == "text":
        count = f"{column.nunique()} different texts in {len(column)} rows"
        return f"{name} is free text or an identifier ({count}): {_examples(column)}"
    if known == "date":
        examples = _examples(column)
        return f"{name} holds {name_of_dates(column)}" + (f": {examples}" if examples else ", and all of them are gaps")
    if known == "object":
        what = type(column.dropna().iloc[0]).__name__
        return f"{name} holds objects ({what}) where numbers or labels are needed: {_examples(column)}"
    if known == "number":
        return _infinite(column)
    if known == "image" and (missing := column.isna()).any():
        return (
            f"{name} has {int(missing.sum())} gaps where images are, first at index {shown(column.index[missing][0])}"
        )
    return None


def _beside_images(kinds: dict[str, Kind]) -> dict[str, str]:
    """Images are learned from alone."""
    first = next(name for name, known in kinds.items() if known == "image")
    return {
        name: f"Column {name!r} stands beside the images of {first!r}, which a network takes alone"
        for name in kinds
        if name != first
    }


def _infinite(column: pd.Series) -> str | None:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return None
    infinite = np.isinf(numbers(column))
    if not infinite.any():
        return None
    first = ", ".join(shown(index) for index in column.index[infinite][:3])
    return f"Column {column.name!r} has {int(infinite.sum())} infinite values of {len(column)}, first at index {first}"


def _minority(column: pd.Series) -> str:
    values = column.dropna()
    text = values.astype(object).map(str).str.strip()
    values = values[text != ""]
    numeric = is_numeric_text(pd.Index(text[text != ""], dtype=object))
    odd, what = (values[~numeric], "words") if numeric.mean() >= 0.5 else (values[numeric], "numbers")
    where = ", ".join(f"index {shown(index)}: {shown(value)}" for index, value in odd.iloc[:3].items())
    return f"{len(odd)} of {len(values)} values ({len(odd) / len(values):.1%}) are {what}, first at {where}"


def _examples(column: pd.Series) -> str:
    values = column.dropna().iloc[:3]
    return ", ".join(repr(_short(str(value))) for value in values)


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _message(faults: dict[str, str]) -> str:
    if len(faults) == 1:
        return next(iter(faults.values()))
    return "\n  ".join([f"{len(faults)} columns cannot be trained on", *faults.values()])


def _solution(faults: dict[str, str], texts: list[str], dated: list[str], *, network: bool, skips: bool) -> str:
    """The way out; who trains a network is told first what it does with text.

    Parameters
    ----------
    dated
        Lines that make numbers of columns of dates.
    skips
        Whether there are estimators that take these columns as they are.
    """
    first = f"Make numbers of dates in a cell first: {'; '.join(dated[:3])}" if dated else "Clean the data"
    way = f"{first}, or leave out {listing(faults)} by naming the others in featureColumns"
    if len(dated) < len(faults):
        way += f"; a column of category dtype is encoded with up to {MOST_LABELS} labels"
    if skips:
        way += "; prepare: none skips this check"
    if not texts:
        return way
    alone = f"architecture: text_transformer, featureColumns: [{texts[0]}]"
    if network:
        return f"A network learns from one column of text, alone: {alone}; or {way[0].lower()}{way[1:]}"
    return f"{way}; a network (pytorch, keras) learns from text alone: {alone}"
