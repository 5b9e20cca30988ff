"""``architecture: cnn``: convolutions for images of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from collections.abc import Sequence


def cnn(
    input_shape: Sequence[int], num_classes: int, channels: Sequence[int] = (32, 64, 128), dropout: float = 0.0
) -> keras.Sequential:
    """Build a plain ``keras.Sequential``: stages of two 3 x 3 convolutions, each normalised, halved between stages.

    Parameters
    ----------
    input_shape
        Height, width and channels; the network takes images of any size.
    num_classes
        Outputs.
    channels
        Channels of each stage.
    dropout
        The share of the last stage's channels that is left out in training.
    """
    layers: list[keras.Layer] = [keras.layers.Input((None, None, input_shape[-1]))]
    for stage, width in enumerate(channels):
        layers += [keras.layers.MaxPooling2D(2, padding="same")] if stage else []
        layers += [*_convolution(width), *_convolution(width)]
    layers.append(keras.layers.GlobalAveragePooling2D())
    layers += [keras.layers.Dropout(dropout)] if dropout else []
    # 32 bits also where the other layers compute in 16: a loss needs them.
    mixed = keras.config.dtype_policy().name.startswith("mixed")
    return keras.Sequential([*layers, keras.layers.Dense(num_classes, dtype="float32" if mixed else None)])


def _convolution(channels: int) -> list[keras.Layer]:
    return [
        keras.layers.Conv2D(channels, 3, padding="same", use_bias=False, data_format="channels_last"),
        # Keras' momentum of 0.99 needs hundreds of steps before validation means anything.
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
    ]
