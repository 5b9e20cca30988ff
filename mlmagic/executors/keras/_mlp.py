"""``architecture: mlp``: fully connected layers for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from collections.abc import Sequence


def mlp(
    in_features: int,
    out_features: int,
    hidden: Sequence[int] = (64, 64),
    dropout: float = 0.0,
    activation: str = "relu",
    flatten: bool = False,
    input_shape: Sequence[int] | None = None,
) -> keras.Sequential:
    """Build a plain ``keras.Sequential``, so that the trained network needs nothing of mlmagic.

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
        Whether a row has more than one dimension, as an image has; its ``input_shape`` is needed then.
    """
    shape = (in_features,) if input_shape is None else tuple(input_shape)
    layers: list[keras.Layer] = [keras.layers.Input(shape), *([keras.layers.Flatten()] if flatten else [])]
    for units in hidden:
        layers.append(keras.layers.Dense(units, activation=activation))
        layers += [keras.layers.Dropout(dropout)] if dropout else []
    # 32 bits also where the other layers compute in 16: a loss needs them.
    mixed = keras.config.dtype_policy().name.startswith("mixed")
    return keras.Sequential([*layers, keras.layers.Dense(out_features, dtype="float32" if mixed else None)])
