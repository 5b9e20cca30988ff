"""``debug: true``: the layers in the log, and the operation that made a number none."""

from __future__ import annotations

import re
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import nn

from mlmagic.errors import TrainingDiverged
from mlmagic.executors.pytorch._origins import Origins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.executors.pytorch._loop import Training

_NAN = re.compile(r"Function '(\w+?)(?:Backward\d*)?' returned nan values")


def layers(module: nn.Module) -> str:
    """A line a layer: its place, its kind, its parameters."""
    rows = [(name or "(network)", part) for name, part in module.named_modules() if not list(part.children())]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {part}  {_count(part):,}" for name, part in rows]
    return "\n".join(["layers, and how many parameters each has:", *lines])


def _count(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


@contextmanager
def anomalies(training: Training, wanted: bool, fused: bool) -> Iterator[None]:
    """Look at every number of the forward pass and at every gradient.

    Parameters
    ----------
    fused
        Whether the network is compiled: its single operations cannot be looked at then, only gradients.

    Raises
    ------
    TrainingDiverged
        At the first loss that is no number, with the operation that made it so; else at the first such gradient.
    """
    if not wanted:
        yield
        return
    try:
        with nullcontext() if fused else Origins(training), torch.autograd.set_detect_anomaly(True):
            yield
    except RuntimeError as error:
        found = _NAN.search(str(error))
        if found is None:
            raise
        raise TrainingDiverged(
            f"The gradient of {found[1]} became NaN at epoch {len(training.history) + 1}",
            metadata={"epoch": len(training.history) + 1, "operation": found[1]},
            stderr=f"RuntimeError: {error}",
            solution="the report's log shows the line that computed it",
        ) from None
