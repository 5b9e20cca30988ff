"""The transformer from raw columns to numbers: fitted on training rows only, kept with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlmagic.data._checks import gaps
from mlmagic.data._kinds import Kind, kind
from mlmagic.data._parse import MISSING, as_labels, as_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from sklearn.base import TransformerMixin
    from sklearn.compose import ColumnTransformer

    from mlmagic.data._types import Rows

Scaling = Literal["none", "standard", "minmax", "robust"]
_SCALERS = {"standard": "StandardScaler", "minmax": "MinMaxScaler", "robust": "RobustScaler"}


def fit_preparation(rows: Rows, scaling: Scaling | None, mode: Literal["auto", "none"]) -> ColumnTransformer | None:
    """Fit what makes numbers of raw columns, on these rows and no others.

    Numbers with gaps get the median, text and categories become one column a label (a gap is the label "missing", a
    label never seen gives zeros), and numbers are scaled if asked. With ``mode="none"`` only the scaling is left.

    Parameters
    ----------
    rows
        Training rows. Columns in ``rows.gaps`` are filled even if these rows have no gap.
    scaling
        "standard", "minmax" or "robust"; "none" or None for none.

    Returns
    -------
    ColumnTransformer or None
        Its output is float64, shape (n, features out). None where there is nothing to do: numbers, no gaps, no scaling.
    """
    kinds: dict[str, Kind] = {name: kind(rows.X[name]) for name in rows.X.columns}
    scaler = None if scaling in (None, "none") else _SCALERS[scaling]
    groups = _groups(rows, kinds) if mode == "auto" else _scaling_only(kinds)
    nothing = mode == "none" or (list(groups) == ["numeric"] and _plain(rows.X))
    return None if scaler is None and nothing else _fit(rows.X, groups, scaler)


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
        if name == "encoded":
            for column, categories in zip(parts_columns, part[-1].categories_, strict=True):
                sources += [column] * len(categories)
        else:
            sources += list(parts_columns)
    return sources


def describe_preparation(preparation: ColumnTransformer | None) -> dict[str, Any]:
    """Tell what the preparation does, as plain data for the report's metadata.

    Returns
    -------
    dict
        ``encoded`` (column: its labels), ``filled`` (column: the number, or "missing" for text), ``scaled``
        (``{"method": ..., "columns": [...]}``); what it does not do is left out.
    """
    if preparation is None:
        return {}
    body: dict[str, Any] = {"encoded": {}, "filled": {}, "scaled": {}}
    for name, part, columns in preparation.transformers_:
        if name == "filled":
            body["filled"] |= dict(zip(columns, part.named_steps["fill"].statistics_.tolist(), strict=True))
        if name == "encoded":
            body["encoded"] = _labels(part, columns)
            body["filled"] |= {column: MISSING for column, labels in body["encoded"].items() if MISSING in labels}
        if name in ("filled", "numeric") and "scale" in part.named_steps:
            body["scaled"].setdefault("method", _method(part.named_steps["scale"]))
            body["scaled"].setdefault("columns", []).extend(columns)
    return {key: value for key, value in body.items() if value}


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


def _scaling_only(kinds: dict[str, Kind]) -> dict[str, list[str]]:
    numeric = [name for name, known in kinds.items() if known == "number"]
    groups = {"numeric": numeric, "kept": [name for name in kinds if name not in numeric]}
    return {group: names for group, names in groups.items() if names}


def _fit(X: pd.DataFrame, groups: dict[str, list[str]], scaler: str | None) -> ColumnTransformer:
    from sklearn.compose import ColumnTransformer

    parts = [(group, _part(group, scaler), names) for group, names in groups.items()]
    fitted = ColumnTransformer(parts, sparse_threshold=0, verbose_feature_names_out=False)
    # The user may have set pandas output for the whole process.
    fitted.set_output(transform="default").fit(X)
    names = _names_out(fitted)
    if len(set(names)) < len(names):
        fitted.verbose_feature_names_out = True
    return fitted


def _part(group: str, scaler: str | None) -> TransformerMixin | str:
    if group == "kept":
        return "passthrough"
    from sklearn import preprocessing
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline

    read = as_labels if group == "encoded" else as_numbers
    steps: list[tuple[str, Any]] = [("read", preprocessing.FunctionTransformer(read, feature_names_out="one-to-one"))]
    if group == "filled":
        steps.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
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


def _plain(X: pd.DataFrame) -> bool:
    return all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in X.dtypes)


def _labels(part: Any, columns: Sequence[str]) -> dict[str, list[str]]:
    return {
        column: [str(label) for label in labels]
        for column, labels in zip(columns, part.named_steps["encode"].categories_, strict=True)
    }


def _method(scaler: object) -> str:
    return next(method for method, name in _SCALERS.items() if name == type(scaler).__name__)
