"""Images as a network's inputs."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from mlmagic._memory import limit
from mlmagic.data import Cancelled, row_cells
from mlmagic.errors import DataLoadingError, Fault, InvalidConfiguration
from mlmagic.executors._base import MOST_CELLS, batch_rows
from mlmagic.executors._networks._decoded import BLOCK, Images, workers
from mlmagic.executors._networks._need import ROWS
from mlmagic.executors._networks._pixels import Pixels, Unreadable, look, unreadable
from mlmagic.executors._networks._sample import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mlmagic.data import Rows

# Training images that size, channels and scale are taken from, evenly spread over them all.
SAMPLE = 512
# Rows that a network is tried on, fewer where they are large.
FIRST = 64
# Sizes that are kept as they are; larger images, and those of many sizes, come down to the second.
LARGEST, USUAL = 512, 224
# Ranges that pixels usually have.
_RANGES = ((0.0, 1.0), (0.0, 255.0), (0.0, 65535.0))


@dataclass(frozen=True)
class ImageInputs:
    """Decodes images to pixels; a batch becomes numbers around 0 only when it is used, on the device.

    Parameters
    ----------
    wanted
        What images become.
    last
        Whether channels come last.
    chosen
        Why they have this size.
    """

    wanted: Pixels
    last: bool = False
    chosen: str = ""
    preparation: None = None
    work: tuple[str, str] = ("decoding", "image")

    def open(self, rows: Rows, going_on: Callable[[int], bool] = lambda done: True) -> np.ndarray | Images:
        """See :class:`Inputs`: decoded where memory has room for them, else to be decoded batch by batch."""
        images = self._images(rows)
        return images if images.nbytes > limit() else images.whole(going_on)

    def first(self, rows: Rows) -> np.ndarray:
        """See :class:`Inputs`."""
        images = self._images(rows)
        few = max(ROWS, min(FIRST, MOST_CELLS // prod(images.shape[1:])))
        return self.finished(next(images.batches([np.arange(min(few, len(rows)))])))

    def batches(self, rows: Rows, size: int) -> Iterator[np.ndarray]:
        """See :class:`Inputs`."""
        places = np.arange(len(rows))
        return self._images(rows).batches(places[start : start + size] for start in range(0, len(rows), size))

    def together(self, rows: Rows) -> int:
        """See :class:`Inputs`."""
        return batch_rows(row_cells(rows.X, list(rows.X.columns)))

    @property
    def scale(self) -> Pixels:
        """See :class:`Inputs`."""
        return self.wanted

    def finished(self, batch: np.ndarray) -> np.ndarray:
        """See :class:`Inputs`."""
        shape = (-1,) if self.last else (-1, 1, 1)
        scaled: np.ndarray = batch.astype(np.float32) * self.wanted.factor.reshape(shape)
        scaled += self.wanted.offset.reshape(shape)
        return scaled

    def facts(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        wanted = self.wanted
        body: dict[str, Any] = {"size": [wanted.height, wanted.width], "channels": wanted.channels}
        if self.chosen:
            body["sizeChosen"] = self.chosen
        range_ = {"low": wanted.low, "high": wanted.high, "mean": list(wanted.mean), "scale": list(wanted.spread)}
        return {"images": body | {"scaling": range_}}

    @property
    def remark(self) -> str:
        """See :class:`Inputs`."""
        wanted = self.wanted
        channels = f"{wanted.channels} channel{'s' if wanted.channels > 1 else ''}"
        size = f"Images are brought to {wanted.height} x {wanted.width} pixels of {channels}: {self.chosen}"
        return f"{size}. Pixels are {wanted.scaling}"

    @property
    def sizes(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return {}

    def to_plain(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return {"kind": "images", **self.wanted.to_plain()}

    @classmethod
    def from_plain(cls, body: Mapping[str, Any], *, last: bool) -> ImageInputs:
        """Undo :meth:`to_plain`."""
        return cls(Pixels.from_plain({key: value for key, value in body.items() if key != "kind"}), last)

    def _images(self, rows: Rows) -> Images:
        return Images(rows.X.iloc[:, 0].array, list(rows.X.index), self.wanted, self.last)


def fit_images(
    rows: Rows,
    size: tuple[int, int] | None,
    scaling: str,
    *,
    expected: tuple[int | None, ...] | None = None,
    last: bool = False,
    alike: bool = False,
) -> ImageInputs:
    """Find what these images have in common, and how their pixels are scaled.

    Parameters
    ----------
    size
        Height and width as the user wants them.
    scaling
        "standard" (mean 0 and variance 1 in each channel), "minmax" (0 to 1) or "none".
    expected
        Height, width and channels that the network takes, None for any; None where nobody knows.
    last
        Whether it takes channels last.
    alike
        Whether images of several sizes are refused where nothing says which one is wanted.

    Raises
    ------
    DataLoadingError
        With the images that cannot be read, or if they are not alike.
    InvalidConfiguration
        If the network takes another size, or there is no such scaling for images.
    """
    if scaling == "robust":
        message = "featureScaling of images is standard, minmax or none, got robust"
        raise InvalidConfiguration([Fault("config.featureScaling", message, value=scaling)])
    sample = spread(rows, SAMPLE)
    seen = looked(sample)
    if alike and len({shape[:2] for shape in seen}) > 1 and not (expected and all(expected[:2])):
        raise DataLoadingError(
            "The images have several sizes, and the model does not say which one it takes",
            solution="Give images of one size, or a model that a run of mlmagic trained: model: $report",
        )
    height, width, chosen = _size(seen, size, expected)
    channels = (expected[2] if expected else None) or _channels(seen)
    wanted = Pixels(height, width, channels, "uint8" if all(kind == np.uint8 for *_, kind in seen) else "float32")
    values = Images(sample.X.iloc[:, 0].array, list(sample.X.index), wanted, last=True).whole()
    return ImageInputs(_scaled(wanted, values, scaling), last, chosen)


def looked(
    rows: Rows, going_on: Callable[[int], bool] = lambda done: True
) -> list[tuple[int, int, int, np.dtype[Any]]]:
    """Height, width, channels and dtype of each image, from its head alone.

    Parameters
    ----------
    going_on
        Told now and then how many were looked at; says whether to go on.

    Raises
    ------
    DataLoadingError
        With every image that is none.
    Cancelled
        If it was not to go on.
    """
    values, names = rows.X.iloc[:, 0].array, rows.X.index

    def one(place: int) -> Any:
        try:
            return look(values[place])
        except Unreadable as error:
            value = values[place]
            return (str(value) if isinstance(value, Path) else f"image {names[place]}"), str(error)

    found: list[Any] = []
    with ThreadPoolExecutor(workers()) as pool:
        for start in range(0, len(values), BLOCK):
            if not going_on(start):
                raise Cancelled
            found += pool.map(one, range(start, min(start + BLOCK, len(values))))
    faults = dict(item for item in found if len(item) == 2)
    if faults:
        raise unreadable(faults, values, len(values))
    return found


def _size(
    seen: Sequence[tuple[int, int, int, Any]], size: tuple[int, int] | None, expected: tuple[int | None, ...] | None
) -> tuple[int, int, str]:
    """Height, width, and why."""
    if expected is not None and expected[0] and expected[1]:
        if size not in (None, expected[:2]):
            message = f"imageSize is {list(size or ())}, but the network takes {list(expected[:2])}"
            raise InvalidConfiguration([Fault("config.imageSize", message, value=size)])
        return expected[0], expected[1], "the network takes it"
    if size is not None:
        return *size, "named by imageSize"
    sizes = {(height, width) for height, width, *_ in seen}
    if len(sizes) == 1 and max(*next(iter(sizes))) <= LARGEST:
        return *next(iter(sizes)), "all images have it"
    side = min(USUAL, int(median(min(size) for size in sizes)))
    why = "the images have several sizes" if len(sizes) > 1 else "the images are large"
    return side, side, f"no imageSize named, and {why}"


def _channels(seen: Sequence[tuple[int, int, int, Any]]) -> int:
    found = {channels for _, _, channels, _ in seen}
    encoded = all(kind == np.uint8 for *_, kind in seen) and found <= {1, 3, 4}
    if encoded:
        return min(3, max(found))
    # Images of one channel become any; of the others most are right.
    several = Counter(channels for _, _, channels, _ in seen if channels > 1)
    return several.most_common(1)[0][0] if several else 1


def _scaled(wanted: Pixels, values: np.ndarray, scaling: str) -> Pixels:
    """Pixels with a scale that fits these images, shape (n, height, width, channels)."""
    low, high = _range(wanted, values)
    span = high - low
    if scaling == "none":
        raw = (-low / span,) * wanted.channels, (1 / span,) * wanted.channels
        return replace(wanted, low=low, high=high, mean=raw[0], spread=raw[1])
    if scaling == "minmax":
        return replace(wanted, low=low, high=high, mean=(0.0,) * wanted.channels, spread=(1.0,) * wanted.channels)
    layers = [(values[..., channel].astype(np.float32) - low) / span for channel in range(wanted.channels)]
    mean = tuple(float(layer.mean(dtype=np.float64)) for layer in layers)
    spread = tuple(float(layer.std(dtype=np.float64)) or 1.0 for layer in layers)
    return replace(wanted, low=low, high=high, mean=mean, spread=spread)


def _range(wanted: Pixels, values: np.ndarray) -> tuple[float, float]:
    if wanted.dtype == "uint8":
        return 0.0, 255.0
    low, high = float(values.min()), float(values.max())
    usual = next((pair for pair in _RANGES if pair[0] <= low and high <= pair[1]), None)
    return usual or (low, high if high > low else low + 1)
