"""Rows beside what a model was trained on: its columns, their kinds, their labels, and the truth in its own words."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic._suggest import closest
from mlmagic.data._dates import name_of_dates
from mlmagic.data._images import IMAGE, is_image, paths_as_text
from mlmagic.data._kinds import kind
from mlmagic.data._parse import MISSING, booleans, labels, numbers
from mlmagic.data._shown import listing, shown
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def check_columns(
    frame: pd.DataFrame, features: Mapping[str, str | None], who: str, known: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Look for a model's columns in a table; it may have others too.

    Parameters
    ----------
    features
        The columns, and the dtype that each had in training, as text; None where nobody knows.
    who
        The model, as a person calls it.
    known
        The labels that it knows, by column.

    Raises
    ------
    DataLoadingError
        With every column that is not there, or with every column of numbers that holds words now, of images that
        holds none, of labels that holds lists, or of words that holds numbers or dates.
    """
    missing = [name for name in features if name not in frame.columns]
    if missing:
        raise _lacking(frame, features, missing, who)
    plain = [name for name, dtype in features.items() if dtype == "image" and not is_image(frame[name])]
    if plain:
        raise DataLoadingError(
            f"Column {plain[0]!r} holds no images, which {who} was trained on",
            solution=paths_as_text(frame[plain]) or "Give a folder of images, an array of them, or a TFRecord",
            metadata={"columns": plain},
        )
    _require_labels(frame, features, who)
    _require_words(frame, known or {}, who)
    told = {name: dtype for name, dtype in features.items() if dtype is not None and _is_number(dtype)}
    faults = [error for name, dtype in told.items() if (error := words_error(frame[name], dtype))]
    if faults:
        lines = [error.message for error in faults]
        several = f"{len(faults)} columns were numbers when {who} was trained"
        raise DataLoadingError(
            "\n  ".join([several, *lines]) if len(faults) > 1 else f"{lines[0]}; it was numbers when {who} was trained",
            solution="Mend the values, or read the table as the training table was read",
            metadata={"columns": [error.metadata["column"] for error in faults]},
        )


def _require_labels(frame: pd.DataFrame, features: Mapping[str, str | None], who: str) -> None:
    """Refuse lists and the like where text or categories were."""
    words = ("str", "string", "category")
    for name in (name for name, dtype in features.items() if dtype is not None and dtype.startswith(words)):
        values = () if _is_scalar(frame[name]) else frame[name].dropna()
        odd = next((value for value in values if not isinstance(value, Hashable)), None)
        if odd is not None:
            raise DataLoadingError(
                f"Column {name!r} holds objects ({type(odd).__name__}); it was labels when {who} was trained",
                solution="Give one label for each row",
                metadata={"columns": [name]},
            )


def _require_words(frame: pd.DataFrame, known: Mapping[str, Sequence[str]], who: str) -> None:
    """Refuse numbers and dates, none of which is one of a model's labels, where these are words."""
    words = {name: [label for label in found if label != MISSING] for name, found in known.items() if name in frame}
    strange = [name for name, found in words.items() if _is_strange(frame[name], found)]
    if not strange:
        return
    raise DataLoadingError(
        "; ".join(_strangeness(frame[name], words[name]) for name in strange) + f", which {who} was trained on",
        solution="Give the labels themselves, or read the table as the training table was read",
        metadata={"columns": strange},
    )


def _strangeness(column: pd.Series, words: Sequence[str]) -> str:
    what = name_of_dates(column) if column.dtype.kind in "mM" else "numbers"
    return f"Column {column.name!r} holds {what} ({_first(column.dropna().unique())}) and no words ({_first(words)})"


def _is_strange(column: pd.Series, words: Sequence[str]) -> bool:
    if getattr(column.dtype, "kind", "O") not in "iufmM" or not column.notna().any():
        return False
    if not words or pd.to_numeric(pd.Series(words, dtype=object), errors="coerce").notna().any():
        return False
    return not set(words) & set(labels(pd.Series(column.unique(), dtype=column.dtype)))


def _is_scalar(values: pd.Series) -> bool:
    """Whether one look tells that no value is a list or the like."""
    return values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) not in ("mixed", "mixed-integer")


def as_known(X: pd.DataFrame, features: Mapping[str, str | None]) -> pd.DataFrame:
    """The columns that a model knows as numbers, as numbers, where they are text or objects now.

    Parameters
    ----------
    X
        Shape (n, columns), as :func:`check_columns` found it good.
    """
    # A table that was never read as numbers, from a CSV or a database, says "1.5"; libraries take it or do not.
    told = {
        name: dtype
        for name in X.columns
        if (dtype := features.get(name)) is not None
        and _is_number(dtype)
        and not pd.api.types.is_numeric_dtype(X[name].dtype)
    }
    return X.assign(**{name: _as_number(X[name], dtype) for name, dtype in told.items()}) if told else X


def _as_number(column: pd.Series, dtype: str) -> np.ndarray:
    return numbers(booleans(column) if pd.api.types.is_bool_dtype(pd.api.types.pandas_dtype(dtype)) else column)


def unseen(column: pd.Series, known: Sequence[str]) -> dict[str | None, int]:
    """Rows of each label that a model never saw in this column; None stands for a gap."""
    # The labels first: there are few of them, and telling text from text takes long.
    distinct = pd.Series(column.unique(), dtype=column.dtype)
    new = ~labels(distinct).isin(list(known)).to_numpy()
    if not new.any():
        return {}
    strange = distinct[new].dropna()
    counts = labels(column[column.isin(strange)]).value_counts()
    found: dict[str | None, int] = {str(label): int(count) for label, count in counts.items()}
    return found | ({None: int(column.isna().sum())} if len(strange) < new.sum() else {})


def truth(values: pd.Series, classes: np.ndarray | None, who: str) -> pd.Series:
    """The target of a table as its model speaks of it.

    A model was trained on labels in a plain dtype: text, whole numbers, booleans. A table read anew may hold the same
    labels otherwise: as categories, as floats because of a gap, or as text.

    Parameters
    ----------
    values
        Shape (n,), without gaps.
    classes
        The model's labels, shape (k,); None for a regression.

    Raises
    ------
    DataLoadingError
        If a regression's target holds words, or none of the labels is one that the model knows.
    """
    if classes is None:
        return pd.Series(numbers(values), index=values.index, name=values.name)
    found = pd.Series(_like(values, np.asarray(classes)), index=values.index, name=values.name)
    if not found.isin(list(classes)).any():
        raise DataLoadingError(
            f"None of the labels in {values.name!r} ({_first(found.unique())}) is one that {who} knows "
            f"({_first(classes)})",
            solution="Name the column that the model was trained to predict, or give a model that knows its labels: "
            "model: $report",
            metadata={"column": str(values.name)},
        )
    return found


def _first(labels: Any) -> str:
    return ", ".join([*map(shown, labels[:5]), *(["..."] if len(labels) > 5 else [])])


def _like(values: pd.Series, classes: np.ndarray) -> np.ndarray:
    known = classes.dtype.kind
    plain = values.astype(object)
    if known == "O" and not all(isinstance(label, str) for label in classes):
        return plain.to_numpy()
    if known in "OU":
        # Labels that were fractional numbers are text as "%g" writes it.
        is_float = pd.api.types.is_float_dtype(values.dtype)
        return plain.map((lambda value: f"{value:g}") if is_float else str).to_numpy(dtype=object)
    try:
        found = numbers(booleans(plain) if known == "b" else values)
    except DataLoadingError:  # words, where the model knows numbers
        return plain.to_numpy()
    whole = known in "iu" and (found == np.floor(found)).all()
    return found.astype(classes.dtype) if whole or known in "fb" else found


def _is_number(dtype: str) -> bool:
    try:
        known: Any = pd.api.types.pandas_dtype(dtype)
    except TypeError:  # a dtype of a library that is not here
        return False
    return pd.api.types.is_numeric_dtype(known) or pd.api.types.is_bool_dtype(known)


def words_error(column: pd.Series, dtype: str) -> DataLoadingError | None:
    """What is wrong with a column that was numbers of this dtype, text that reads as such too; None if nothing is."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return None
    try:
        _as_number(column, dtype)
    except DataLoadingError as error:
        if kind(column) != "date":
            return error
        name = str(column.name)
        return DataLoadingError(f"Column {name!r} holds {name_of_dates(column)}", metadata={"column": name})
    return None


def _lacking(frame: pd.DataFrame, features: Mapping[str, Any], missing: list[str], who: str) -> DataLoadingError:
    meant = _meant(missing, [str(name) for name in frame.columns if name not in features])
    hint = "".join(f" Did you mean {guess!r} for {name!r}?" for guess, name in list(meant.items())[:3])
    count = f"{len(missing)} columns" if len(missing) > 1 else "the column"
    there = f"Give a table with them; this one has {listing(frame.columns)}"
    if missing == [IMAGE]:
        there = f"Give a folder, a file or an array of images, shape (n, h, w, ...): of one image, array[None]; {there}"
    return DataLoadingError(
        f"The rows lack {count} that {who} was trained on: {listing(missing)}{'.' * bool(hint)}{hint}",
        solution=f"df.rename(columns={meant})" if meant else there,
        metadata={"columns": missing},
    )


def _meant(missing: list[str], others: list[str]) -> dict[str, str]:
    """Which of the other columns stands for which missing one, each for one at most: same but for case first."""
    folded = {name.casefold(): name for name in others}
    found = {folded[name.casefold()]: name for name in missing if name.casefold() in folded}
    for name in missing:
        guess = closest(name, [other for other in others if other not in found])
        if guess is not None and name not in found.values():
            found[guess] = name
    return found
