"""What probabilities are worth: log loss, or why it is undefined; and what tells which rows are likelier of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from mlmagic.evaluation._comparison import Comparison

Measured = tuple[float | None, str | None]


def log_loss(given: Comparison) -> Measured:
    """Mean negative logarithm of the probability of the true label, in nats (Bishop 2006, equation 4.108).

    Probabilities are clipped to the machine epsilon of their dtype, as in scikit-learn.

    Returns
    -------
    value, reason
        One of them is None.
    """
    reason, probabilities = unusable(given), given.probabilities
    if reason is not None or probabilities is None:
        return None, reason
    tiny = np.finfo(probabilities.dtype if probabilities.dtype.kind == "f" else np.float64).eps
    of_truth = shares(probabilities)[np.arange(len(given)), given.codes]
    return float(np.average(-np.log(np.clip(of_truth, tiny, 1 - tiny)), weights=given.weight)), None


def shares(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities whose rows sum to 1, float64."""
    # A float32 softmax misses a sum of 1 by more than scikit-learn allows.
    wide = probabilities.astype(np.float64)
    return np.asarray(wide / wide.sum(axis=1, keepdims=True))


def unusable(given: Comparison) -> str | None:
    """Why nothing can be said of the probabilities; None where it can."""
    probabilities = given.probabilities
    if probabilities is None:
        alone = "decision values, which are not probabilities"
        return f"the model gives {'no probabilities' if given.decision is None else alone}"
    if not np.isfinite(probabilities).all():
        return "some probabilities are not finite"
    if (probabilities.sum(axis=1) <= 0).any():
        return "the probabilities of some rows sum to 0"
    return _unknown(given)


def unordered(given: Comparison) -> str | None:
    """Why neither decision values nor probabilities tell which rows are likelier of a label; None where one does."""
    if given.decision is None:
        return unusable(given)
    if not np.isfinite(given.decision).all():
        return "some decision values are not finite"
    return _unknown(given)


def one_sided(given: Comparison) -> str | None:
    """Why classes cannot be ranked by these rows: one of them is not among them; None where all are."""
    absent = pd.Index(given.labels).difference(pd.Index(pd.unique(given.y_true)))
    return f"no row has the label {str(absent[0])!r}" if len(absent) else None


def _unknown(given: Comparison) -> str | None:
    unknown = pd.Index(pd.unique(given.y_true)).difference(pd.Index(given.labels))
    return f"the model does not know the label {str(unknown[0])!r}" if len(unknown) else None
