"""``architecture: text_transformer``: attention over the tokens of a text."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def text_transformer(
    vocab_size: int,
    max_length: int,
    num_classes: int,
    width: int = 64,
    layers: int = 2,
    heads: int = 4,
    dropout: float = 0.1,
) -> keras.Model:
    """Build a text transformer of Keras' own layers alone, for token ids, shape (n, at most max_length).

    The parameters are told in :class:`mlmagic.executors._networks._architectures.TextTransformer`.
    """
    ids = keras.Input((None,), dtype="int32", name="ids")
    real = ops.not_equal(ids, 0)
    hidden = _dropped(_embedded(ids, vocab_size, max_length, width), dropout)
    seen = ops.expand_dims(real, 1)
    for _ in range(layers):
        hidden = _attended(hidden, seen, width, heads, dropout)
        hidden = _fed(hidden, width, dropout)
    mean = keras.layers.GlobalAveragePooling1D()(_normal(hidden), mask=real)
    # 32 bits also where the other layers compute in 16: a loss needs them.
    mixed = keras.config.dtype_policy().name.startswith("mixed")
    last = keras.layers.Dense(num_classes, dtype="float32" if mixed else None)
    return keras.Model(ids, last(_dropped(mean, dropout)), name="text_transformer")


def _embedded(ids: Any, vocab_size: int, max_length: int, width: int) -> Any:
    """Tokens and their positions, in numbers that start small."""
    places = ops.subtract(ops.cumsum(ops.ones_like(ids), axis=1), 1)
    tokens, positions = (
        keras.layers.Embedding(size, width, keras.initializers.RandomNormal(stddev=0.02))
        for size in (vocab_size, max_length)
    )
    return keras.layers.Add()([tokens(ids), positions(places)])


def _attended(hidden: Any, seen: Any, width: int, heads: int, dropout: float) -> Any:
    normal = _normal(hidden)
    attention = keras.layers.MultiHeadAttention(heads, width // heads)
    return keras.layers.Add()([hidden, _dropped(attention(normal, normal, attention_mask=seen), dropout)])


def _fed(hidden: Any, width: int, dropout: float) -> Any:
    inner = keras.layers.Dense(4 * width, activation="gelu")(_normal(hidden))
    outer = keras.layers.Dense(width)(_dropped(inner, dropout))
    return keras.layers.Add()([hidden, _dropped(outer, dropout)])


def _normal(hidden: Any) -> Any:
    return keras.layers.LayerNormalization(epsilon=1e-5)(hidden)


def _dropped(hidden: Any, share: float) -> Any:
    return keras.layers.Dropout(share)(hidden)
