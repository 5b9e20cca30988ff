"""The scale of the inputs that a network knows which was trained before it came here.

A new network learns best from inputs around 0. One that brings its weights knows the numbers that it was trained on:
its own layers may scale them, or nobody did. Nothing in it says so, but its answers do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlmagic.errors import InvalidConfiguration
from mlmagic.executors._networks._images import FIRST
from mlmagic.executors._networks._inputs import TableInputs, are_images, are_texts, labels, numbers
from mlmagic.executors._networks._sample import spread
from mlmagic.executors._networks._windows import WindowInputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.data import Rows, TrainingData
    from mlmagic.executors._networks._inputs import Inputs
    from mlmagic.executors._networks.config import NetworkTrain

# Rows of a table that a network is asked about.
ASKED = 500
# The share of what there is to know that it knows at least; a new network knows nothing, but for luck.
KNOWS = 0.3
# How far the mean probability of a label may be from its share, or the mean of the numbers from the target's, in
# standard deviations: training brings them together, luck does not.
APART = 0.1


def fit_known(
    name: str,
    train: NetworkTrain,
    data: TrainingData,
    fit: Callable[..., Inputs],
    answers: Callable[[np.ndarray], np.ndarray],
    *,
    own: bool = False,
) -> Inputs:
    """Fit what makes inputs for a network that is there already, in the scale from which it knows something.

    Where the config names a scale, it is that; where the network knows nothing from any, it is a new one's.

    Parameters
    ----------
    name
        Of the network, for what is said of it.
    fit
        Takes ``scaling``.
    answers
        What the network gives for inputs, shape (n, ...): probabilities, shape (n, classes), or numbers in the target's
        units, shape (n,).
    own
        Whether it has layers that scale.
    """
    if train.feature_scaling is not None or train.prepare == "none" or are_texts(data.train, train):
        return fit()
    if own:
        return _saying(fit(scaling="none"), f"{name} scales what it is given itself, so nothing is scaled before")
    seen = are_images(data.train)
    usual = fit()
    inputs = [usual, fit(scaling="none"), fit(scaling="minmax")]
    rows = spread(data.train, FIRST if seen else ASKED)
    try:
        known = [_known(answers(one.first(rows)), rows, data.classes) for one in inputs]
    except InvalidConfiguration:  # it does not take such rows, which is told where it is tried
        return usual
    best = int(np.argmax(known))
    if best == 0 or known[best] <= KNOWS:
        return _saying(usual, f"Columns are scaled for {name}; featureScaling: none leaves them as they are")
    scale = "as they are, so they are not scaled" if best == 1 else "between 0 and 1, so they are scaled to that"
    return _saying(inputs[best], f"{name} answers best from columns {scale}; featureScaling: standard scales them")


def _saying(inputs: Inputs, said: str) -> Inputs:
    """The same, which say it too; images tell their scale themselves."""
    if isinstance(inputs, TableInputs):
        return replace(inputs, remark=". ".join(filter(None, [inputs.remark, said])))
    if isinstance(inputs, WindowInputs):
        return replace(inputs, sampled=". ".join(filter(None, [inputs.sampled, said])))
    return inputs


def _known(answers: np.ndarray, rows: Rows, classes: np.ndarray | None) -> float:
    """The share of the rows' entropy, or of their variance, that the answers explain; below 0 if they are worse.

    It is 0 where they do not fit the rows, which is told where the network is tried, or are right by luck.
    """
    if classes is None:
        return _explained(answers.astype(np.float64).reshape(-1), numbers(rows.y)[: len(answers)])
    return _told(answers.astype(np.float64), labels(rows.y, classes)[: len(answers)])


def _explained(answers: np.ndarray, y: np.ndarray) -> float:
    """The share of the variance of numbers, both of shape (n,)."""
    if answers.shape != y.shape or not abs(answers.mean() - y.mean()) < APART * y.std():
        return 0.0
    return _share(((answers - y) ** 2).mean(), y.var())


def _told(answers: np.ndarray, found: np.ndarray) -> float:
    """The share of the entropy of labels: probabilities, shape (n, classes), beside the labels' places, shape (n,)."""
    if answers.ndim != 2 or answers.shape[1] <= found.max():
        return 0.0
    shares = np.bincount(found, minlength=answers.shape[1]) / len(found)
    if not np.abs(answers.mean(axis=0) - shares).max() < APART:
        return 0.0
    error = -np.log(np.clip(answers[np.arange(len(found)), found], 1e-15, 1)).mean()
    return _share(error, -(shares[shares > 0] * np.log(shares[shares > 0])).sum())


def _share(error: float, before: float) -> float:
    known = 1 - error / before if before > 0 else 0.0
    return float(known) if np.isfinite(known) else 0.0
