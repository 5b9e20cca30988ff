"""How far predicted numbers are from the true ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mlmagic.evaluation._comparison import Comparison


def regression(given: Comparison) -> dict[str, Any]:
    """Measure R², mean absolute error and root mean squared error (in the target's unit); None where undefined."""
    found = regression_scores(given)
    reasons = {name: _reason(given) for name, value in found.items() if not np.isfinite(value)}
    body: dict[str, Any] = {name: None if name in reasons else found[name] for name in ("r2", "mae", "rmse")}
    return {**body, "undefined": reasons} if reasons else body


def regression_scores(given: Comparison) -> dict[str, float]:
    """Measure the same, NaN where undefined.

    R² is 1 - sum((y - f)²) / sum((y - mean(y))²), undefined where all true values are equal.
    """
    y_true, values = given.y_true.astype(np.float64), given.values.astype(np.float64)
    if not np.isfinite(values).all():
        return {"r2": np.nan, "rmse": np.nan, "mae": np.nan}
    errors = y_true - values
    # Not the sum itself: rounding gives equal values a spread of 1e-31.
    constant = y_true.min() == y_true.max()
    r2 = np.nan if constant else 1 - float((errors**2).sum() / ((y_true - y_true.mean()) ** 2).sum())
    return {"r2": r2, "rmse": float(np.sqrt((errors**2).mean())), "mae": float(np.abs(errors).mean())}


def _reason(given: Comparison) -> str:
    broken = int((~np.isfinite(given.values.astype(np.float64))).sum())
    if broken:
        return f"{broken} of {len(given)} predictions are not finite"
    return "one row has no spread" if len(given) == 1 else "all true values are equal"
