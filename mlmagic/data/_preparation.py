"""The transformer from raw columns to numbers: fitted on training rows only, kept with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlmagic.data._checks import gaps
from mlmagic.data._kinds import Kind, kind
from mlmagic.data._parse import MISSING, as_codes, as_labels, as_numbers, known_labels
from mlmagic.errors import DataLoadingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from sklearn.base import TransformerMixin
    from sklearn.compose import ColumnTransformer

    from mlmagic.data._types import Rows

Scaling = Literal["none", "standard", "minmax", "robust"]
_SCALERS = {"standard": "StandardScaler", "minmax": "MinMaxScaler", "robust": "RobustScaler"}


def fit_preparation(
    rows: Rows, scaling: Scaling | None, mode: Literal["auto", "none", "native", "codes"], *, always: bool = False
) -> ColumnTransformer | None:
    """Fit what makes numbers of raw columns, on these rows and no others.

    Numbers with gaps get the median, text and categories become one column a label (a gap is the label "missing", a
    label never seen gives zeros), and numbers are scaled if asked. With ``mode="none"`` only the scaling is left.

    ``mode="native"`` is for estimators that take gaps and categories themselves: columns keep their order, gaps stay
    NaN, and text and categories become one column of codes, 0 for the first label in order; a gap or a label never seen
    is NaN. :func:`coded_columns` tells which columns are codes.

    ``mode="codes"`` is for networks that learn a vector a label: numbers as in "auto", text and categories become one
    column of codes, -1 for a gap or a label never seen. :func:`code_counts` tells how many codes there are.

    Parameters
    ----------
    rows
        Training rows. Columns in ``rows.gaps`` are filled even if these rows have no gap.
    scaling
        "standard", "minmax" or "robust"; "none" or None for none.
    always
        Give one even where there is nothing to do.

    Returns
    -------
    ColumnTransformer or None
        Its output is float64, shape (n, features out). None where there is nothing to do: numbers, no scaling, and no
        gaps unless they may stay.

    Raises
    ------
    DataLoadingError
        If a column holds images.
    """
    kinds: dict[str, Kind] = {name: kind(rows.X[name]) for name in rows.X.columns}
    _refuse_images(kinds)
    scaler = None if scaling in (None, "none") else _SCALERS[scaling]
    groups = _GROUPS[mode](rows, kinds)
    numbers = {"auto": "iuf", "codes": "iuf", "native": "iufb"}.get(mode)
    nothing = numbers is None or ({_what(group) for group in groups} <= _AS_THEY_ARE and _plain(rows.X, numbers))
    return None if scaler is None and nothing and not always else _fit(rows.X, groups, scaler, mode)


def source_columns(preparation: ColumnTransformer | None, columns: Sequence[str]) -> list[str]:
    """Give the raw column behind each column that the model sees, in the model's order.

    Taken from the fitted parts themselves, so that no name is ever cut: a label may hold what looks like another
    column's name.

    Parameters
    ----------
    columns
        The raw columns, in order.
    """
    if preparation is None:
        return list(columns)
    sources: list[str] = []
    for name, part, parts_columns in preparation.transformers_:
        if name == "encoded":  # the others give a column for each
            for column, categories in zip(parts_columns, part[-1].categories_, strict=True):
                sources += [column] * len(categories)
        else:
            sources += list(parts_columns)
    return sources


def coded_columns(preparation: ColumnTransformer) -> list[bool]:
    """Tell of each column that the model sees whether it holds codes of categories."""
    return [_what(name) == "coded" for name, _, columns in preparation.transformers_ for _ in columns]


def code_counts(preparation: ColumnTransformer) -> list[int]:
    """Tell of each column that the model sees how many codes it has, -1 left out; 0 for a column of numbers."""
    return [
        len(part.named_steps["read"].kw_args["known"][place]) if _what(name) == "coded" else 0
        for name, part, columns in preparation.transformers_
        for place in range(len(columns))
    ]


def describe_preparation(preparation: ColumnTransformer | None) -> dict[str, Any]:
    """Tell what the preparation does, as plain data for the report's metadata.

    Returns
    -------
    dict
        ``encoded`` (column: its labels), ``coded`` (those of these columns that are codes, where a gap has its own),
        ``filled`` (column: the number, or "missing" for text), ``scaled``
        (``{"method": ..., "columns": [...]}``); what it does not do is left out.
    """
    if preparation is None:
        return {}
    body: dict[str, Any] = {"encoded": {}, "coded": [], "filled": {}, "scaled": {}}
    for name, part, columns in preparation.transformers_:
        if name == "filled":
            body["filled"] |= dict(zip(columns, part.named_steps["fill"].statistics_.tolist(), strict=True))
        if name == "encoded":
            body["encoded"] = _labels(part, columns)
            body["filled"] |= {column: MISSING for column, labels in body["encoded"].items() if MISSING in labels}
        if _what(name) == "coded":
            body["encoded"] |= dict(zip(columns, part.named_steps["read"].kw_args["known"], strict=True))
            body["coded"] += columns
        if _what(name) in ("filled", "numeric") and "scale" in part.named_steps:
            body["scaled"].setdefault("method", _method(part.named_steps["scale"]))
            body["scaled"].setdefault("columns", []).extend(columns)
    return {key: value for key, value in body.items() if value}


def _refuse_images(kinds: dict[str, Kind]) -> None:
    images = [name for name, known in kinds.items() if known == "image"]
    if images:
        raise DataLoadingError(
            f"Column {images[0]!r} holds images, and only networks learn from them",
            solution="Take framework: pytorch or framework: keras, with architecture: cnn for a start",
            metadata={"columns": images},
        )


def _groups(rows: Rows, kinds: dict[str, Kind]) -> dict[str, list[str]]:
    holed = {name for name, known in kinds.items() if name in rows.gaps or gaps(rows.X[name], known).any()}
    groups: dict[str, list[str]] = {"filled": [], "numeric": [], "boolean": [], "encoded": []}
    for name, known in kinds.items():
        if known == "number":
            groups["filled" if name in holed else "numeric"].append(name)
        elif known == "boolean" and name not in holed:
            groups["boolean"].append(name)
        else:
            # A yes-or-no question with gaps has three answers.
            groups["encoded"].append(name)
    return {group: names for group, names in groups.items() if names}


def _coded(rows: Rows, kinds: dict[str, Kind]) -> dict[str, list[str]]:
    return {{"encoded": "coded"}.get(group, group): names for group, names in _groups(rows, kinds).items()}


def _runs(rows: Rows, kinds: dict[str, Kind]) -> dict[str, list[str]]:
    """Neighbours of one kind together, so that the columns keep their order: numeric, coded, numeric 2, ..."""
    groups: dict[str, list[str]] = {}
    group, what = "", ""
    for name, known in kinds.items():
        wanted = {"number": "numeric", "boolean": "boolean"}.get(known, "coded")
        if wanted != what:
            what, count = wanted, sum(_what(other) == wanted for other in groups)
            group = f"{what} {count + 1}" if count else what
        groups.setdefault(group, []).append(name)
    return groups


def _what(group: str) -> str:
    return group.partition(" ")[0]


def _scaling_only(rows: Rows, kinds: dict[str, Kind]) -> dict[str, list[str]]:
    numeric = [name for name, known in kinds.items() if known == "number"]
    groups = {"numeric": numeric, "kept": [name for name in kinds if name not in numeric]}
    return {group: names for group, names in groups.items() if names}


_GROUPS = {"auto": _groups, "none": _scaling_only, "native": _runs, "codes": _coded}
_AS_THEY_ARE = {"numeric", "boolean"}


def _fit(X: pd.DataFrame, groups: dict[str, list[str]], scaler: str | None, mode: str) -> ColumnTransformer:
    from sklearn.compose import ColumnTransformer

    parts = [
        (group, _part(_what(group), X[names], scaler, filled=mode == "codes"), names) for group, names in groups.items()
    ]
    fitted = ColumnTransformer(parts, sparse_threshold=0, verbose_feature_names_out=False)
    # The user may have set pandas output for the whole process.
    fitted.set_output(transform="default").fit(X)
    names = _names_out(fitted)
    if len(set(names)) < len(names):
        fitted.verbose_feature_names_out = True
    return fitted


def _part(group: str, X: pd.DataFrame, scaler: str | None, *, filled: bool) -> TransformerMixin | str:
    if group == "kept":
        return "passthrough"
    from sklearn import preprocessing
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline

    step: dict[str, Any] = {"func": as_labels if group == "encoded" else as_numbers}
    if group == "coded":
        step = {"func": as_codes, "kw_args": {"known": [known_labels(X[name]) for name in X]}}
    steps: list[tuple[str, Any]] = [("read", preprocessing.FunctionTransformer(feature_names_out="one-to-one", **step))]
    if group == "filled":
        steps.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
    if group == "coded" and filled:
        steps.append(("fill", SimpleImputer(strategy="constant", fill_value=-1.0, keep_empty_features=True)))
    if group == "encoded":
        steps.append(("encode", preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)))
    if group in ("filled", "numeric") and scaler is not None:
        steps.append(("scale", getattr(preprocessing, scaler)()))
    return Pipeline(steps)


def _names_out(fitted: ColumnTransformer) -> list[str]:
    names: list[str] = []
    for name, part, columns in fitted.transformers_:
        names += list(columns) if name == "kept" else list(part.get_feature_names_out(columns))
    return names


def _plain(X: pd.DataFrame, numbers: str) -> bool:
    return all(isinstance(dtype, np.dtype) and dtype.kind in numbers for dtype in X.dtypes)


def _labels(part: Any, columns: Sequence[str]) -> dict[str, list[str]]:
    return {
        column: [str(label) for label in labels]
        for column, labels in zip(columns, part.named_steps["encode"].categories_, strict=True)
    }


def _method(scaler: object) -> str:
    return next(method for method, name in _SCALERS.items() if name == type(scaler).__name__)
