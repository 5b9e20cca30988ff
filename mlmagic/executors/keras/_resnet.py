"""``architecture: resnet50``: the one of ``keras.applications``, with new weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from collections.abc import Sequence


def resnet50(input_shape: Sequence[int], num_classes: int, dropout: float = 0.0) -> keras.Model:
    """Build ResNet-50 (He et al., 2016), which gives logits; images have at least 32 x 32 pixels."""
    body = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg", input_shape=tuple(input_shape))
    outputs = keras.layers.Dropout(dropout)(body.output) if dropout else body.output
    mixed = keras.config.dtype_policy().name.startswith("mixed")
    last = keras.layers.Dense(num_classes, dtype="float32" if mixed else None)
    return keras.Model(body.input, last(outputs), name="resnet50")
