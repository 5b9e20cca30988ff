"""``architecture: resnet18`` and ``resnet50``, with new weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Sequence


def resnet18(input_shape: Sequence[int], num_classes: int, dropout: float = 0.0) -> keras.Model:
    """Build ResNet-18 (He et al., 2016) of Keras' own layers, which gives logits; images may have any size."""
    inputs = keras.Input((None, None, input_shape[-1]))
    hidden = layers.ReLU()(_convolved(inputs, 64, size=7, stride=2))
    hidden = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(hidden))
    for stage, width in enumerate((64, 128, 256, 512)):
        hidden = _block(hidden, width, stride=2 if stage else 1)
        hidden = _block(hidden, width, stride=1)
    return _headed(inputs, layers.GlobalAveragePooling2D()(hidden), num_classes, dropout, "resnet18")


def resnet50(input_shape: Sequence[int], num_classes: int, dropout: float = 0.0) -> keras.Model:
    """Build the ResNet-50 of ``keras.applications``, which gives logits; images have at least 32 x 32 pixels."""
    body = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg", input_shape=tuple(input_shape))
    return _headed(body.input, body.output, num_classes, dropout, "resnet50")


def _block(inputs: Any, width: int, stride: int) -> Any:
    """Two convolutions of 3 x 3, and what came in beside them."""
    hidden = layers.ReLU()(_convolved(inputs, width, size=3, stride=stride))
    hidden = _convolved(hidden, width, size=3, stride=1)
    same = stride == 1 and inputs.shape[-1] == width
    beside = inputs if same else _convolved(inputs, width, size=1, stride=stride)
    return layers.ReLU()(layers.Add()([hidden, beside]))


def _convolved(inputs: Any, width: int, size: int, stride: int) -> Any:
    # Padded by hand on both sides: "same" pads images of even sides on one only, and the corners move apart.
    padded = layers.ZeroPadding2D(size // 2)(inputs) if size > 1 else inputs
    found = layers.Conv2D(width, size, strides=stride, use_bias=False, kernel_initializer="he_normal")(padded)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(found)


def _headed(inputs: Any, hidden: Any, num_classes: int, dropout: float, name: str) -> keras.Model:
    # 32 bits also where the other layers compute in 16: a loss needs them.
    mixed = keras.config.dtype_policy().name.startswith("mixed")
    last = layers.Dense(num_classes, dtype="float32" if mixed else None)
    return keras.Model(inputs, last(layers.Dropout(dropout)(hidden) if dropout else hidden), name=name)
