"""``architecture: cnn``: convolutions for images of any size."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence


def cnn(
    in_channels: int, num_classes: int, channels: Sequence[int] = (32, 64, 128), dropout: float = 0.0
) -> nn.Sequential:
    """Build a plain ``torch.nn.Sequential``: stages of two 3 x 3 convolutions, each normalised, halved between stages.

    The mean over all places comes before the last layer, so that one network takes images of any size.

    Parameters
    ----------
    in_channels, num_classes
        Channels in, outputs out.
    channels
        Channels of each stage.
    dropout
        The share of the last stage's channels that is left out in training.
    """
    layers: list[nn.Module] = []
    for stage, (before, after) in enumerate(pairwise([in_channels, *channels])):
        # An image of fewer pixels than it is halved keeps its last one.
        layers += [nn.MaxPool2d(2, ceil_mode=True)] if stage else []
        layers += [*_convolution(before, after), *_convolution(after, after)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(channels[-1], num_classes))


def _convolution(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
