"""What is done to a batch of pixels where the network computes: random changes, then the scale.

They are Keras' own layers, told what the config means: each of them reads a single number in another way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from mlmagic.errors import Fault, InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors._networks._augmentation import Augmentation
    from mlmagic.executors._networks._inputs import Inputs
    from mlmagic.executors._networks._pixels import Pixels

    _Making = Callable[[Any, Pixels, dict[str, Any]], list[Callable[..., Any]]]


def finish(inputs: Inputs) -> Callable[[Any], Any] | None:
    """What makes a network's numbers of a batch; None where it has them."""
    if inputs.scale is None:
        return None
    factor, offset = inputs.scale.factor, inputs.scale.offset
    return lambda batch: ops.add(ops.multiply(ops.cast(batch, "float32"), factor), offset)


def augmented(wanted: Augmentation | None, inputs: Inputs, seed: int) -> Callable[[Any], Any] | None:
    """The same for training batches, changed at random first; None where nothing is asked for.

    Raises
    ------
    InvalidConfiguration
        If Keras has no such layer.
    """
    pixels = inputs.scale
    if wanted is None or pixels is None or not wanted.steps:
        return None
    changes = [
        change
        for number, (name, given) in enumerate(wanted.steps)
        for change in _made(name, given, pixels, seed + number)
    ]
    low, span = np.float32(pixels.low), np.float32(pixels.high - pixels.low)
    mean, spread = (
        np.array(part or (empty,), dtype=np.float32) for part, empty in ((pixels.mean, 0), (pixels.spread, 1))
    )

    def changed(batch: Any) -> Any:
        share = ops.divide(ops.subtract(ops.cast(batch, "float32"), low), span)
        for change in changes:
            share = change(share, training=True)
        return ops.divide(ops.subtract(share, mean), spread)

    return changed


class _Flip:
    """Mirrors images by chance; Keras' RandomFlip does so with half of them, and knows no other chance.

    Parameters
    ----------
    axis
        Of a batch.
    """

    def __init__(self, axis: int, probability: float, seed: int) -> None:
        self._axis = axis
        self._probability = probability
        self._seeds = keras.random.SeedGenerator(seed)

    def __call__(self, batch: Any, training: bool) -> Any:
        drawn = keras.random.uniform((ops.shape(batch)[0], 1, 1, 1), seed=self._seeds)
        return ops.where(ops.less(drawn, self._probability), ops.flip(batch, self._axis), batch)


def _made(name: str, given: Any, pixels: Pixels, seed: int) -> list[Callable[..., Any]]:
    try:
        return _LAYERS[name](given, pixels, {"seed": seed, "data_format": "channels_last"})
    except AttributeError as error:
        raise _missing(name, f"Keras {keras.__version__} has no layer for it: {error}") from None


def _flip(axis: int) -> _Making:
    return lambda given, _, how: [_Flip(axis, given.probability, how["seed"])]


def _crop(given: Any, _: Pixels, how: dict[str, Any]) -> list[Callable[..., Any]]:
    # Keras' RandomCrop cuts all images of a batch at the same place.
    share, fill = given.padding, {"fill_mode": "constant", "fill_value": 0.0, "interpolation": "nearest"}
    return [keras.layers.RandomTranslation(share, share, **fill, **how)]


def _rotation(given: Any, _: Pixels, how: dict[str, Any]) -> list[Callable[..., Any]]:
    return [keras.layers.RandomRotation(given.degrees / 360, fill_mode="constant", fill_value=0.0, **how)]


def _jitter(given: Any, pixels: Pixels, how: dict[str, Any]) -> list[Callable[..., Any]]:
    # A single number would only raise the contrast.
    light = {"brightness_factor": given.brightness, "contrast_factor": (given.contrast, given.contrast)}
    colours = {"saturation_factor": _saturation(given.saturation), "hue_factor": 2 * given.hue}
    wanted = light | (colours if pixels.channels == 3 else {})
    return [keras.layers.RandomColorJitter(value_range=(0, 1), **wanted, **how)]


def _saturation(most: float) -> tuple[float, float]:
    """The range that multiplies saturation by 1 - most to 1 + most: Keras multiplies by f / (1 - f)."""
    return (1 - most) / (2 - most), (1 + most) / (2 + most)


def _erasing(given: Any, _: Pixels, how: dict[str, Any]) -> list[Callable[..., Any]]:
    # A single number would be the most of a chance that is itself drawn.
    chance, area = (given.probability, given.probability), (min(0.02, given.area), given.area)
    return [keras.layers.RandomErasing(chance, scale=area, fill_value=0.0, value_range=(0, 1), **how)]


_LAYERS: dict[str, _Making] = {
    "random_flip": _flip(2),
    "random_vertical_flip": _flip(1),
    "random_crop": _crop,
    "random_rotation": _rotation,
    "color_jitter": _jitter,
    "random_erasing": _erasing,
}


def _missing(name: str, why: str) -> InvalidConfiguration:
    return InvalidConfiguration([Fault("config.augmentation", f"{name} in Keras: {why}", value=name)])
