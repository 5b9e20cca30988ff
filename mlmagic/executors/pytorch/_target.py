"""The scale of a regression's target.

A network starts with outputs near 0, and its steps are small: from there it never reaches house prices. So it is
trained on the standardised target, and afterwards its last layer is rescaled: the model that the user gets speaks the
target's own units, with nothing wrapped around it. Where no linear layer comes last (a softplus for what is positive),
the network was made for its units and the target stays as it is.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic.executors._networks import _scale

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Scale(_scale.Scale):
    """Puts it into the last layer of a network, and takes it out again."""

    def to_units(self, layer: nn.Linear) -> None:
        """Rescale the last layer of a network that was trained on the standardised target."""
        with torch.no_grad():
            layer.weight.mul_(self.spread)
            layer.bias.mul_(self.spread).add_(self.mean)

    def from_units(self, layer: nn.Linear) -> None:
        """Undo :meth:`to_units`."""
        with torch.no_grad():
            layer.weight.div_(self.spread)
            layer.bias.sub_(self.mean).div_(self.spread)


def last_linear(module: nn.Module, sample: Tensor) -> str | None:
    """Name the linear layer whose output is the network's, found by rescaling it; None if there is none.

    Parameters
    ----------
    sample
        Inputs to try it on, shape (n, features).
    """
    layers = {name: layer for name, layer in module.named_modules() if isinstance(layer, nn.Linear)}
    with torch.no_grad():
        before = module(sample)
        for name, layer in reversed(layers.items()):
            usable = layer.bias is not None and layer.out_features == 1
            if usable and all(_scales(module, layer, sample, before, by) for by in _PROBES):
                return str(name)
    return None


# Far out on both sides, where a last activation (relu, softplus, tanh) would show.
_PROBES = (Scale(100.0, 2.0), Scale(-100.0, 3.0))


def _scales(module: nn.Module, layer: nn.Linear, sample: Tensor, before: Tensor, by: Scale) -> bool:
    with _restored(layer):
        by.to_units(layer)
        return bool(torch.allclose(module(sample), before * by.spread + by.mean, rtol=1e-3, atol=1e-2))


@contextmanager
def _restored(layer: nn.Linear) -> Iterator[None]:
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    try:
        yield
    finally:
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)


@dataclass(frozen=True)
class Units:
    """How a network that is trained on the standardised target comes to speak the target's units."""

    scale: Scale
    layer: str

    def restore(self, module: nn.Module) -> None:
        """Rescale the last layer: once, after training."""
        self.scale.to_units(self._linear(module))

    def take(self, module: nn.Module, inputs: Tensor, y: Tensor) -> None:
        """Undo that on a network which was trained on these units before: it predicts better than the mean does.

        Parameters
        ----------
        inputs, y
            Some rows and their target in its own units, shape (n,).
        """
        with torch.no_grad():
            knows = ((module(inputs).reshape(-1) - y) ** 2).mean() < y.var(correction=0)
        if knows:
            self.scale.from_units(self._linear(module))

    def _linear(self, module: nn.Module) -> nn.Linear:
        layer: nn.Linear = module.get_submodule(self.layer)
        return layer

    def to_plain(self) -> dict[str, Any]:
        """For a checkpoint, whose weights are in training's scale."""
        return {"mean": self.scale.mean, "spread": self.scale.spread, "layer": self.layer}

    @classmethod
    def from_plain(cls, body: Mapping[str, Any]) -> Units:
        """Undo :meth:`to_plain`."""
        return cls(Scale(body["mean"], body["spread"]), body["layer"])
