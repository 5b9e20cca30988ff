"""Random changes of training images, by kornia, a whole batch at a time on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic.executors._networks._imported import imported

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.executors._networks._augmentation import Augmentation
    from mlmagic.executors._networks._pixels import Pixels


def augmented(
    wanted: Augmentation | None, pixels: Pixels | None, kind: torch.dtype, device: torch.device, seed: int
) -> Augmented | None:
    """What changes a batch at random and finishes it; None where nothing is asked for.

    Raises
    ------
    FrameworkNotFound
        If kornia is not installed.
    """
    if wanted is None or pixels is None or not wanted.steps:
        return None
    library = _kornia()
    layers = [layer for name, given in wanted.steps for layer in _LAYERS[name](library, given, pixels)]
    return Augmented(nn.Sequential(*layers).to(device), pixels, kind, device, seed)


class Augmented:
    """Changes pixels between 0 and 1, then scales them as the network takes them.

    It draws from a random state of its own, so that dropout and shuffling are the same with and without it.
    """

    def __init__(self, layers: nn.Module, pixels: Pixels, kind: torch.dtype, device: torch.device, seed: int) -> None:
        self._layers = layers
        self._pixels = pixels
        self._kind = kind
        channels = pixels.channels
        self._mean, self._spread = (
            torch.tensor(part or (empty,) * channels, dtype=kind, device=device).reshape(-1, 1, 1)
            for part, empty in ((pixels.mean, 0.0), (pixels.spread, 1.0))
        )
        self._random = torch.Generator().manual_seed(seed).get_state()

    @torch.no_grad()
    def __call__(self, batch: Tensor) -> Tensor:
        """Change and finish a batch of pixels, shape (n, channels, height, width)."""
        share = (batch.to(self._kind) - self._pixels.low) / (self._pixels.high - self._pixels.low)
        before = torch.get_rng_state()
        torch.set_rng_state(self._random)
        try:
            changed = self._layers(share)
        finally:
            self._random = torch.get_rng_state()
            torch.set_rng_state(before)
        finished: Tensor = (changed - self._mean) / self._spread
        return finished


def _crop(library: Any, given: Any, pixels: Pixels) -> list[nn.Module]:
    height, width = pixels.height, pixels.width
    beside, above = (max(1, round(given.padding * side)) for side in (width, height))
    return [library.RandomCrop((height, width), padding=(beside, above, beside, above))]


def _jitter(library: Any, given: Any, pixels: Pixels) -> list[nn.Module]:
    # kornia's ColorJitter multiplies by the brightness, its RandomContrast does not keep the mean.
    colours = (given.saturation, given.hue) if pixels.channels == 3 else (0.0, 0.0)
    brightness = library.RandomBrightness((1 - given.brightness, 1 + given.brightness), p=1.0)
    return [brightness, library.ColorJitter(0.0, given.contrast, *colours, p=1.0)]


_LAYERS: dict[str, Callable[[Any, Any, Pixels], list[nn.Module]]] = {
    "random_flip": lambda library, given, _: [library.RandomHorizontalFlip(p=given.probability)],
    "random_vertical_flip": lambda library, given, _: [library.RandomVerticalFlip(p=given.probability)],
    "random_crop": _crop,
    "random_rotation": lambda library, given, _: [library.RandomRotation(given.degrees, p=1.0)],
    "color_jitter": _jitter,
    "random_erasing": lambda library, given, _: [
        library.RandomErasing(scale=(min(0.02, given.area), given.area), p=given.probability)
    ],
}


def _kornia() -> Any:
    return imported(
        "kornia.augmentation",
        "augmentation needs kornia, which is not found in Python environment",
        "Install kornia: pip install kornia; or leave augmentation out",
    )
