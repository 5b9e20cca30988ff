"""What is done to a batch of pixels where the network computes: random changes by Keras' own layers, then the scale."""

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
    layers = [
        layer
        for number, (name, given) in enumerate(wanted.steps)
        for layer in _made(name, given, pixels, seed + number)
    ]
    low, span = np.float32(pixels.low), np.float32(pixels.high - pixels.low)
    mean, spread = (
        np.array(part or (empty,), dtype=np.float32) for part, empty in ((pixels.mean, 0), (pixels.spread, 1))
    )

    def changed(batch: Any) -> Any:
        share = ops.divide(ops.subtract(ops.cast(batch, "float32"), low), span)
        for layer in layers:
            share = layer(share, training=True)
        return ops.divide(ops.subtract(share, mean), spread)

    return changed


def _made(name: str, given: Any, pixels: Pixels, seed: int) -> list[keras.Layer]:
    try:
        return _LAYERS[name](given, pixels, {"seed": seed, "data_format": "channels_last"})
    except AttributeError as error:
        raise _missing(name, f"Keras {keras.__version__} has no layer for it: {error}") from None


def _flip(mode: str) -> Callable[[Any, Pixels, dict[str, Any]], list[keras.Layer]]:
    def made(given: Any, _: Pixels, how: dict[str, Any]) -> list[keras.Layer]:
        if given.probability != 0.5:
            raise _missing(f"random_{mode}_flip", "Keras flips half of the images: leave probability out")
        return [keras.layers.RandomFlip(mode, **how)]

    return made


def _crop(given: Any, _: Pixels, how: dict[str, Any]) -> list[keras.Layer]:
    # Keras' RandomCrop cuts all images of a batch at the same place.
    share, fill = given.padding, {"fill_mode": "constant", "fill_value": 0.0, "interpolation": "nearest"}
    return [keras.layers.RandomTranslation(share, share, **fill, **how)]


def _rotation(given: Any, _: Pixels, how: dict[str, Any]) -> list[keras.Layer]:
    return [keras.layers.RandomRotation(given.degrees / 360, fill_mode="constant", fill_value=0.0, **how)]


def _jitter(given: Any, pixels: Pixels, how: dict[str, Any]) -> list[keras.Layer]:
    colours = {"saturation_factor": given.saturation, "hue_factor": given.hue} if pixels.channels == 3 else {}
    return [
        keras.layers.RandomColorJitter(
            value_range=(0, 1), brightness_factor=given.brightness, contrast_factor=given.contrast, **colours, **how
        )
    ]


def _erasing(given: Any, _: Pixels, how: dict[str, Any]) -> list[keras.Layer]:
    area = (min(0.02, given.area), given.area)
    return [keras.layers.RandomErasing(given.probability, scale=area, fill_value=0.0, value_range=(0, 1), **how)]


_LAYERS: dict[str, Callable[[Any, Pixels, dict[str, Any]], list[keras.Layer]]] = {
    "random_flip": _flip("horizontal"),
    "random_vertical_flip": _flip("vertical"),
    "random_crop": _crop,
    "random_rotation": _rotation,
    "color_jitter": _jitter,
    "random_erasing": _erasing,
}


def _missing(name: str, why: str) -> InvalidConfiguration:
    return InvalidConfiguration([Fault("config.augmentation", f"{name} in Keras: {why}", value=name)])
