"""From what the user has to rows a model can train on: sources, checks, splits, preparation.

Importing this package costs nothing: pandas and scikit-learn come with the first use of a name that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlmagic.data._types import UNSUPERVISED, Cancelled, Rows, Task, TrainingData

if TYPE_CHECKING:
    from mlmagic.data._csv import left_out, with_index
    from mlmagic.data._expected import as_known, check_columns, truth, unseen
    from mlmagic.data._finite import filled, not_finite
    from mlmagic.data._folds import folds
    from mlmagic.data._hash import data_hash, file_hash, schema
    from mlmagic.data._images import empty_folders, image_columns, is_image, paths_as_text, row_cells
    from mlmagic.data._kinds import is_text, kind, wordless
    from mlmagic.data._learned import known_rows
    from mlmagic.data._mapped import held_columns, is_large, room, row_bytes, taken
    from mlmagic.data._parse import TRUSTED_FUNCTIONS, as_labels, as_numbers
    from mlmagic.data._preparation import (
        code_counts,
        coded_columns,
        describe_preparation,
        fit_preparation,
        source_columns,
    )
    from mlmagic.data._source import read
    from mlmagic.data._split import split
    from mlmagic.data._validation import training_data
    from mlmagic.data._windows import later_row, raw, samples

_HOMES = {
    "TRUSTED_FUNCTIONS": "_parse",
    "as_labels": "_parse",
    "as_numbers": "_parse",
    "as_known": "_expected",
    "check_columns": "_expected",
    "filled": "_finite",
    "not_finite": "_finite",
    "code_counts": "_preparation",
    "coded_columns": "_preparation",
    "data_hash": "_hash",
    "describe_preparation": "_preparation",
    "empty_folders": "_images",
    "file_hash": "_hash",
    "fit_preparation": "_preparation",
    "folds": "_folds",
    "held_columns": "_mapped",
    "image_columns": "_images",
    "is_image": "_images",
    "is_large": "_mapped",
    "paths_as_text": "_images",
    "is_text": "_kinds",
    "kind": "_kinds",
    "known_rows": "_learned",
    "later_row": "_windows",
    "left_out": "_csv",
    "raw": "_windows",
    "read": "_source",
    "room": "_mapped",
    "row_bytes": "_mapped",
    "row_cells": "_images",
    "samples": "_windows",
    "schema": "_hash",
    "source_columns": "_preparation",
    "taken": "_mapped",
    "split": "_split",
    "training_data": "_validation",
    "truth": "_expected",
    "unseen": "_expected",
    "with_index": "_csv",
    "wordless": "_kinds",
}

__all__ = [
    "TRUSTED_FUNCTIONS",
    "UNSUPERVISED",
    "Cancelled",
    "Rows",
    "Task",
    "TrainingData",
    "as_known",
    "as_labels",
    "as_numbers",
    "check_columns",
    "code_counts",
    "coded_columns",
    "data_hash",
    "describe_preparation",
    "empty_folders",
    "file_hash",
    "filled",
    "fit_preparation",
    "folds",
    "held_columns",
    "image_columns",
    "is_image",
    "is_large",
    "is_text",
    "kind",
    "known_rows",
    "later_row",
    "left_out",
    "not_finite",
    "paths_as_text",
    "raw",
    "read",
    "room",
    "row_bytes",
    "row_cells",
    "samples",
    "schema",
    "source_columns",
    "split",
    "taken",
    "training_data",
    "truth",
    "unseen",
    "with_index",
    "wordless",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
