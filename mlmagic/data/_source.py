"""The table that a config names, as a DataFrame with distinct names of text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from mlmagic.data._files import frame_from_file
from mlmagic.data._objects import frame_from_object
from mlmagic.data._shown import listing
from mlmagic.data._types import ever
from mlmagic.data._unloadable import Unloadable
from mlmagic.errors import DataLoadingError, InvalidConfiguration

if TYPE_CHECKING:
    from mlmagic.data._config import Reference, SourceConfig
    from mlmagic.data._types import GoingOn


def read(config: SourceConfig, what: str = "training data", going_on: GoingOn = ever) -> pd.DataFrame:
    """Read the table that ``config.data`` or ``config.data_path`` names.

    Parameters
    ----------
    config
        ``data`` is a reference to a DataFrame, a 2-D array (its columns become ``x0``, ``x1``, ...), a mapping of
        columns, a list of records, a scikit-learn Bunch or anything with ``to_pandas()``. ``data_path`` is a CSV
        (``.csv .tsv .txt``, also ``.gz .bz2 .xz``), ``.parquet``, ``.feather``, ``.json`` (records), ``.jsonl`` or
        ``.tfrecord`` file, or a folder of images. An array of images (n, h, w), (n, h, w, c) or (n, c, h, w) becomes
        the column ``image``.
    what
        What an error calls it.
    going_on
        Told of the "scanning" and "reading" of a table that stays on disk, since it takes more than a quarter of the
        memory; says whether to go on.

    Returns
    -------
    DataFrame
        A DataFrame is given back itself, never copied deep and never changed; column names are text. The columns of a
        large CSV, Parquet or TFRecord file are mapped from disk, where they are numbers, dates, text or bytes.

    Raises
    ------
    DataLoadingError
        If it cannot be read, has no rows, or two columns have one name.
    InvalidConfiguration
        If the config names no data.
    Cancelled
        If reading was not to go on.
    """
    source = config.data if config.data is not None else config.data_path
    if source is None:
        raise InvalidConfiguration("Training needs data: a variable (data: $df) or a file (dataPath: data/train.csv)")
    return read_table(source, what, going_on)


def read_table(
    source: Reference | str, what: str = "training data", going_on: GoingOn = ever, key: str | None = None
) -> pd.DataFrame:
    """Read a variable's table or a file; see :func:`read`.

    Parameters
    ----------
    key
        The key of the config that names it; None for "data" or "dataPath".
    """
    key = key or ("dataPath" if isinstance(source, str) else "data")
    try:
        frame = _table(source, going_on)
    except Unloadable as error:
        message, metadata = f"Failed to load {what}", {key: str(source)}
        raise DataLoadingError(message, stderr=error.cause, solution=error.solution, metadata=metadata) from error
    return _with_text_names(frame, {key: str(source)})


def _table(source: Reference | str, going_on: GoingOn) -> pd.DataFrame:
    if isinstance(source, str):
        return frame_from_file(source, going_on)
    return frame_from_object(source.value, str(source))


def _with_text_names(frame: pd.DataFrame, place: dict[str, str]) -> pd.DataFrame:
    names = [str(name) for name in frame.columns]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataLoadingError(
            f"Column names must differ, but these occur more than once: {listing(twice)}",
            solution="Rename or drop the repeated columns, e.g. df.loc[:, ~df.columns.duplicated()]",
            metadata={**place, "columns": twice},
        )
    if names == list(frame.columns):
        return frame
    renamed = frame.copy(deep=False)
    renamed.columns = pd.Index(names)
    return renamed
