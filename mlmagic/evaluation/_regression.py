"""How far predicted numbers are from the true ones."""

from __future__ import annotations

from typing import Any

import numpy as np


def regression(y_true: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """Measure R², mean absolute error and root mean squared error (in the target's unit); None where undefined."""
    found = regression_scores(y_true, values)
    reasons = {name: _reason(y_true, values) for name, value in found.items() if not np.isfinite(value)}
    body: dict[str, Any] = {name: None if name in reasons else found[name] for name in ("r2", "mae", "rmse")}
    return {**body, "undefined": reasons} if reasons else body


def regression_scores(y_true: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Measure the same, NaN where undefined.

    R² is 1 - sum((y - f)²) / sum((y - mean(y))²), undefined where all true values are equal.
    """
    y_true, values = y_true.astype(np.float64), values.astype(np.float64)
    if not np.isfinite(values).all():
        return {"r2": np.nan, "rmse": np.nan, "mae": np.nan}
    errors = y_true - values
    # Not the sum itself: rounding gives equal values a spread of 1e-31.
    constant = y_true.min() == y_true.max()
    r2 = np.nan if constant else 1 - float((errors**2).sum() / ((y_true - y_true.mean()) ** 2).sum())
    return {"r2": r2, "rmse": float(np.sqrt((errors**2).mean())), "mae": float(np.abs(errors).mean())}


def _reason(y_true: np.ndarray, values: np.ndarray) -> str:
    broken = int((~np.isfinite(values.astype(np.float64))).sum())
    if broken:
        return f"{broken} of {len(values)} predictions are not finite"
    return "one row has no spread" if len(y_true) == 1 else "all true values are equal"
