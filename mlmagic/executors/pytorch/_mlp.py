"""``architecture: mlp``: fully connected layers for tables."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "silu": nn.SiLU}


def mlp(
    in_features: int,
    out_features: int,
    hidden: Sequence[int] = (64, 64),
    dropout: float = 0.0,
    activation: str = "relu",
    flatten: bool = False,
) -> nn.Sequential:
    """Build a plain ``torch.nn.Sequential``, so that the trained network needs nothing of mlmagic.

    Parameters
    ----------
    in_features, out_features
        Columns in, outputs out.
    hidden
        Units of each hidden layer.
    dropout
        The share of each hidden layer's units that is left out in training.
    activation
        "relu", "gelu", "tanh" or "silu", after each hidden layer.
    flatten
        Whether a row has more than one dimension, as an image has.
    """
    layers: list[nn.Module] = [nn.Flatten()] if flatten else []
    for before, after in pairwise([in_features, *hidden]):
        layers += [nn.Linear(before, after), ACTIVATIONS[activation]()]
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear([in_features, *hidden][-1], out_features))
