"""Predictions as a table, and as the files and the sample that a report has of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.events import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd

    from mlmagic.executors._base import Predictions

SAMPLES = 5
# Rows of JSON that are made at a time, and the most that a file of it has: nobody reads more, and the CSV has them all.
PIECE, MOST_JSON = 10_000, 50_000
ID = "sample_id"


def prediction_table(
    index: pd.Index, given: Predictions, classes: np.ndarray | None, actual: pd.Series | None = None
) -> pd.DataFrame:
    """Predictions with the input's index; a confidence and a column a class where there are probabilities.

    Parameters
    ----------
    index
        Shape (n,).
    classes
        Labels in the order of the probabilities, shape (k,).
    actual
        The truth, shape (n,); None where nobody knows it.

    Returns
    -------
    DataFrame
        Columns actual, predicted, confidence, and one a class named as its label is. A label that is called like one of
        these becomes "class LABEL".
    """
    import pandas as pd

    columns: dict[str, Any] = {} if actual is None else {"actual": actual.to_numpy()}
    columns["predicted"] = given.values
    if given.probabilities is None or classes is None:
        return pd.DataFrame(columns, index=index)
    columns["confidence"] = _confidence(given.values, given.probabilities, classes)
    taken = {"actual", "predicted", "confidence"}
    names = [f"class {label}" if str(label) in taken else str(label) for label in classes]
    shares = pd.DataFrame(given.probabilities, index=index, columns=pd.Index(names))
    return pd.concat([pd.DataFrame(columns, index=index), shares], axis=1)


def _confidence(values: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The probability of what is predicted, which a threshold of its own may make another than the most probable."""
    import numpy as np
    import pandas as pd

    places = pd.Index(np.asarray(classes)).get_indexer(pd.Index(np.asarray(values)))
    most: np.ndarray = probabilities.max(axis=1)
    return np.where(places < 0, most, probabilities[np.arange(len(places)), places])


def records(table: pd.DataFrame, output_format: str) -> list[dict[str, Any]]:
    """Rows of a table of predictions as the seed documents shape them; the format as :func:`section` has it."""
    columns: dict[str, list[Any]] = {ID: [_label(item) for item in table.index.tolist()]}
    columns["predicted_value" if output_format == "values" else "predicted_class"] = table["predicted"].tolist()
    if output_format == "probabilities":
        columns["confidence"] = table["confidence"].tolist()
        columns["probabilities"] = table[table.columns[2:]].to_numpy().tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def section(table: pd.DataFrame, output_format: str, output_file: str | None = None) -> dict[str, Any]:
    """What the report tells of a table of predictions.

    Parameters
    ----------
    output_format
        "probabilities", "classes", or "values" of a regression.
    output_file
        Where all of them are, once that is written.
    """
    classes = list(table.columns[2:]) if output_format == "probabilities" else []
    return {
        "format": output_format,
        "shape": [len(table), len(classes)] if classes else [len(table)],
        **({"classes": classes} if classes else {}),
        **({"outputFile": output_file} if output_file else {}),
        "samplePredictions": plain(records(table.iloc[:SAMPLES], output_format)),
    }


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table with its index, which is called "sample_id" where it has no name of its own.

    By Arrow, which writes a million rows in the time that pandas takes for a hundred thousand.
    """
    import pyarrow
    from pyarrow import csv

    flat = _flat(table)
    options = csv.WriteOptions(quoting_style="needed")
    csv.write_csv(pyarrow.Table.from_pandas(flat, preserve_index=False), str(path), options)


def write_json(table: pd.DataFrame, output_format: str, path: Path) -> None:
    """Write the :func:`records` of all rows as a list, a line each."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    with path.open("w", encoding="utf-8") as file:
        file.write("[\n")
        for number, piece in enumerate(_pieces(table)):
            rows = records(piece, output_format)
            if not _is_finite(piece):
                rows = plain(rows)
            file.write(",\n" if number else "")
            file.write(",\n".join(map(encode, rows)))
        file.write("\n]\n")


def _is_finite(piece: pd.DataFrame) -> bool:
    import numpy as np

    numbers = piece.select_dtypes("number")
    return bool(np.isfinite(numbers.to_numpy(dtype=float, na_value=np.nan)).all())


def _pieces(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(table), PIECE):
        yield table.iloc[start : start + PIECE]


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    names = [str(name) if name is not None else ID for name in table.index.names]
    if len(set(names)) < len(names) or set(names) & set(table.columns):
        names = [f"{ID}_{number}" if len(names) > 1 else ID for number in range(len(names))]
    flat = table.rename_axis(index=names).reset_index()
    # A list, or an index of words and numbers: as text.
    odd = [name for name in flat.columns if flat[name].dtype == object and not _is_text(flat[name])]
    return flat.astype(dict.fromkeys(odd, pd.StringDtype())) if odd else flat


def _is_text(column: pd.Series) -> bool:
    import pandas as pd

    return pd.api.types.infer_dtype(column, skipna=True) in ("string", "boolean", "empty")


def _label(value: Any) -> Any:
    """An index's value as JSON can hold it."""
    if isinstance(value, tuple):
        return [_label(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
