"""The scale of a regression's target, in the last layer.

A network starts with outputs near 0, and its steps are small: from there it never reaches house prices. So it is
trained on the standardised target, and afterwards its last layer is rescaled: the model that the user gets speaks the
target's own units, with nothing wrapped around it. Where no linear layer comes last (a softplus for what is positive),
and where the model came compiled, it was made for its units and the target stays as it is.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from mlmagic.executors._networks import _scale

if TYPE_CHECKING:
    from collections.abc import Iterator


class Scale(_scale.Scale):
    """Puts it into the last layer of a network, and takes it out again."""

    def to_units(self, layer: keras.layers.Dense) -> None:
        """Rescale the last layer of a network that was trained on the standardised target."""
        layer.kernel.assign(layer.kernel * self.spread)
        layer.bias.assign(layer.bias * self.spread + self.mean)

    def from_units(self, layer: keras.layers.Dense) -> None:
        """Undo :meth:`to_units`."""
        layer.kernel.assign(layer.kernel / self.spread)
        layer.bias.assign((layer.bias - self.mean) / self.spread)


# Far out on both sides, where a last activation (relu, softplus, tanh) would show.
_PROBES = (Scale(100.0, 2.0), Scale(-100.0, 3.0))


def last_linear(model: keras.Model, sample: np.ndarray) -> keras.layers.Dense | None:
    """The linear layer whose output is the network's, found by rescaling it; None if there is none.

    Parameters
    ----------
    sample
        Inputs to try it on, shape (n, features).
    """
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dense)]
    before = numpy_of(model(sample, training=False))
    for layer in reversed(layers):
        usable = layer.built and layer.bias is not None and layer.units == 1
        if usable and all(_scales(model, layer, sample, before, by) for by in _PROBES):
            return layer
    return None


def knows_units(model: keras.Model, inputs: np.ndarray, y: np.ndarray) -> bool:
    """Whether a network was trained on these units before: it predicts better than the mean does.

    Parameters
    ----------
    inputs, y
        Some rows and their target in its own units, shape (n,).
    """
    error = numpy_of(model(inputs, training=False)).reshape(-1) - y
    return bool((error**2).mean() < y.var())


def numpy_of(tensor: Any) -> np.ndarray:
    """A tensor's values as float64."""
    values: np.ndarray = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32")), dtype=np.float64)
    return values


def _scales(model: keras.Model, layer: keras.layers.Dense, sample: np.ndarray, before: np.ndarray, by: Scale) -> bool:
    with _restored(layer):
        by.to_units(layer)
        after = numpy_of(model(sample, training=False))
    return np.allclose(after, before * by.spread + by.mean, rtol=1e-3, atol=1e-2)


@contextmanager
def _restored(layer: keras.layers.Dense) -> Iterator[None]:
    weights = layer.get_weights()
    try:
        yield
    finally:
        layer.set_weights(weights)
