"""Images of any kind as numbers of one shape."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mlmagic.errors import DataLoadingError

# Pillow's modes without colour, and those of more than 8 bits a pixel.
GREY = {"1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
DEEP = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
# The tag of EXIF data that says which side of a picture is up.
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Pixels:
    """What an image becomes before a network sees it: pixels of one shape, then numbers around 0.

    Attributes
    ----------
    height, width, channels
        The shape that every image gets.
    dtype
        What pixels are held in until their batch comes.
    low, high
        The pixels that are 0 and 1.
    mean, spread
        Of each channel on that scale: what is subtracted, and what is divided by then.
    """

    height: int
    width: int
    channels: int
    dtype: Literal["uint8", "float32"] = "uint8"
    low: float = 0.0
    high: float = 255.0
    mean: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    @property
    def nbytes(self) -> int:
        """Of one image."""
        return self.height * self.width * self.channels * np.dtype(self.dtype).itemsize

    @property
    def factor(self) -> np.ndarray:
        """What pixels are multiplied by, for each channel; float32, shape (channels,)."""
        found: np.ndarray = (1 / (np.array(self._spread) * (self.high - self.low))).astype(np.float32)
        return found

    @property
    def offset(self) -> np.ndarray:
        """What is added then, for each channel; float32, shape (channels,)."""
        start = np.array(self._mean) + self.low / (self.high - self.low)
        found: np.ndarray = (-start / np.array(self._spread)).astype(np.float32)
        return found

    @property
    def scaling(self) -> str:
        """What is done to them, in words."""
        if np.allclose(self.factor, 1) and np.allclose(self.offset, 0, atol=1e-4):
            return "given as they are"
        if not any(self._mean) and set(self._spread) == {1.0}:
            return f"scaled to 0 to 1 (from {self.low:g} to {self.high:g})"
        return "scaled to mean 0 and variance 1 in each channel"

    @property
    def _mean(self) -> tuple[float, ...]:
        return self.mean or (0.0,) * self.channels

    @property
    def _spread(self) -> tuple[float, ...]:
        return self.spread or (1.0,) * self.channels

    def to_plain(self) -> dict[str, Any]:
        """As a file without code can hold it."""
        body = asdict(self)
        return body | {"mean": list(self.mean), "spread": list(self.spread)}

    @classmethod
    def from_plain(cls, body: Mapping[str, Any]) -> Pixels:
        """Undo :meth:`to_plain`."""
        return cls(**{**body, "mean": tuple(body["mean"]), "spread": tuple(body["spread"])})


class Unreadable(Exception):
    """An image cannot be had; says why."""


def unreadable(found: Mapping[str, str], values: Sequence[Any], total: int) -> DataLoadingError:
    """The error for images that cannot be had.

    Parameters
    ----------
    found
        Why, by their names.
    values
        Paths, encoded bytes or arrays that they are among.
    total
        Images that were looked at.
    """
    first = [f"{name}: {why}" for name, why in list(found.items())[:5]]
    more = [f"... and {len(found) - 5} more"] if len(found) > 5 else []
    message = first[0] if len(found) == 1 else "\n  ".join([f"{len(found)} of {total} images:", *first, *more])
    return DataLoadingError(
        f"Cannot read {message}",
        solution=f"{_way_out(values)}, or take it out of the data",
        metadata={"images": list(found)},
    )


def _way_out(values: Sequence[Any]) -> str:
    if any(isinstance(value, Path) for value in values):
        return "Replace the file"
    arrays = any(isinstance(value, np.ndarray) for value in values)
    return "Give the array that shape and dtype" if arrays else "Replace the image"


def look(value: Any) -> tuple[int, int, int, np.dtype[Any]]:
    """Height, width, channels and dtype of an image as it is, from its head alone.

    Raises
    ------
    Unreadable
        If it is none.
    """
    if isinstance(value, np.ndarray):
        shaped = _channels_last(value)
        return (*shaped.shape, shaped.dtype)
    with _opened(value) as image:
        width, height = image.size
        if _lies_on_its_side(image):
            width, height = height, width
        channels = 1 if image.mode in GREY else 3
        return height, width, channels, np.dtype(np.float32 if image.mode in DEEP else np.uint8)


def pixels(value: Any, wanted: Pixels) -> np.ndarray:
    """An image in the shape and dtype that is wanted, (height, width, channels).

    Files are turned as their EXIF data says, transparent places are white, only the first picture of several counts,
    and the size is changed by Pillow's bilinear filter with antialiasing.

    Raises
    ------
    Unreadable
        If it is no image, is cut off, or cannot be made one like the others.
    """
    if isinstance(value, np.ndarray):
        return _from_array(_channels_last(value), wanted)
    from PIL import ImageOps

    with _opened(value) as image:
        side = max(wanted.height, wanted.width)
        image.draft(None, (side, side))  # JPEG files give a half or less of their size for far less work
        try:
            image.load()
            turned = ImageOps.exif_transpose(image)
        except Exception as error:  # a damaged file fails in any way
            raise Unreadable(f"it is damaged or cut off ({_first_line(error)})") from None
        return _from_picture(turned, wanted)


def _lies_on_its_side(image: Any) -> bool:
    if image.format == "PNG" and "exif" not in image.info:
        return False  # Pillow would decode all of it to look behind the pixels
    try:
        return bool(image.getexif().get(_ORIENTATION, 1) >= 5)
    except Exception as error:  # a damaged file fails in any way
        raise Unreadable(f"it is damaged or cut off ({_first_line(error)})") from None


def _opened(value: Any) -> Any:
    from PIL import Image, UnidentifiedImageError

    if not isinstance(value, (Path, bytes)):
        raise Unreadable("there is no image" if value is None else f"a {type(value).__name__} is no image")
    try:
        return Image.open(value if isinstance(value, Path) else io.BytesIO(value))
    except UnidentifiedImageError:
        raise Unreadable("it is no image") from None
    except FileNotFoundError:
        raise Unreadable("the file is not there") from None
    except Exception as error:  # a damaged file fails in any way; one of too many pixels too
        raise Unreadable(_first_line(error)) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _from_picture(image: Any, wanted: Pixels) -> np.ndarray:
    if wanted.channels not in (1, 3):
        raise Unreadable(f"a file has 1 or 3 channels, and {wanted.channels} are needed")
    if wanted.dtype == "float32" and image.mode in DEEP:
        return _in_colours(_resized(image.convert("F"), wanted), wanted)
    if image.mode in DEEP:
        image = _shallow(image)
    image = _resized(_plain(image, wanted.channels), wanted)
    return _in_colours(image, wanted) * (257 if wanted.dtype == "float32" else 1)


def _plain(image: Any, channels: int) -> Any:
    """Without palette and transparency, in grey or colours."""
    from PIL import Image

    if "transparency" in image.info or image.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return image.convert("L" if channels == 1 else "RGB")


def _shallow(image: Any) -> Any:
    """16 bits a pixel as 8."""
    from PIL import Image

    return Image.fromarray((np.clip(np.asarray(image), 0, 65535) / 257).astype(np.uint8))


def _resized(image: Any, wanted: Pixels) -> Any:
    from PIL import Image

    size = (wanted.width, wanted.height)
    return image if image.size == size else image.resize(size, Image.Resampling.BILINEAR)


def _in_colours(image: Any, wanted: Pixels) -> np.ndarray:
    found = np.asarray(image, dtype=wanted.dtype)
    found = found[:, :, None] if found.ndim == 2 else found
    return np.broadcast_to(found, (wanted.height, wanted.width, wanted.channels))


def _channels_last(array: np.ndarray) -> np.ndarray:
    if array.ndim == 2:
        return array[:, :, None]
    if array.ndim != 3:
        raise Unreadable(f"an image has shape (h, w), (h, w, c) or (c, h, w), not {array.shape}")
    return array.transpose(1, 2, 0) if array.shape[0] < array.shape[2] else array


def _from_array(array: np.ndarray, wanted: Pixels) -> np.ndarray:
    if (array.dtype == np.uint8) != (wanted.dtype == "uint8"):
        rule = "whole numbers from 0 to 255 (uint8)" if wanted.dtype == "uint8" else "other numbers than uint8"
        raise Unreadable(f"it holds {array.dtype}, and the model learned from {rule}")
    if array.shape == (wanted.height, wanted.width, wanted.channels):
        return array
    if array.dtype == np.uint8 and array.shape[2] in (1, 3, 4) and wanted.channels in (1, 3):
        from PIL import Image

        return _from_picture(Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array), wanted)
    return _floats(array, wanted)


def _floats(array: np.ndarray, wanted: Pixels) -> np.ndarray:
    from PIL import Image

    if array.shape[2] not in (1, wanted.channels):
        raise Unreadable(f"it has {array.shape[2]} channels where the others have {wanted.channels}")
    layers = [
        np.asarray(_resized(Image.fromarray(np.ascontiguousarray(layer, dtype=np.float32)), wanted))
        for layer in array.transpose(2, 0, 1)
    ]
    found = np.stack(layers, axis=2).astype(wanted.dtype)
    return np.broadcast_to(found, (wanted.height, wanted.width, wanted.channels))
