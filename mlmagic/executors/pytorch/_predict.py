"""Predictions for raw rows."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic.errors import ModelLoadingError
from mlmagic.executors._base import Outcome, Predictions, most_probable
from mlmagic.executors._networks._inputs import restored
from mlmagic.executors.pytorch import _device
from mlmagic.executors.pytorch._inputs import dtype_of, finish, tensor
from mlmagic.executors.pytorch._losses import probabilities
from mlmagic.executors.pytorch._outcome import TorchOutcome
from mlmagic.executors.pytorch._threads import threads
from mlmagic.executors.pytorch._trial import are_probabilities

if TYPE_CHECKING:
    from mlmagic.config import RunConfig
    from mlmagic.data import Rows


@torch.no_grad()
def predict(outcome: Outcome, rows: Rows) -> Predictions:
    """Predict with the network as it is, wherever it is, on as many threads as training was worth.

    Raises
    ------
    ModelLoadingError
        If it gives something else than a number or a number a class for each row.
    CudaError
        If the GPU fails.
    """
    assert isinstance(outcome, TorchOutcome)
    module: nn.Module = outcome.model
    module.eval()
    device = _home(module)
    kind = dtype_of(module)
    inputs = restored(outcome.preparation, outcome.about.get("reading"), rows)
    batch, done = inputs.together(rows), finish(inputs, kind, device) or _as_it_is
    parameters = sum(parameter.numel() for parameter in module.parameters())
    with (
        threads(min(outcome.about["threads"], torch.get_num_threads())),
        _device.gpu_errors(min(batch, len(rows)), parameters),
    ):
        parts = (done(tensor(part, kind).to(device)) for part in inputs.batches(rows, batch))
        outputs = torch.cat([_checked(module, module(part)).cpu() for part in parts])
    facts = _device.facts(device)
    if outcome.classes is None and outputs[:1].numel() == 1:
        return Predictions(outputs.reshape(-1).double().numpy(), metadata=facts)
    if outcome.classes is None:  # a network of somebody else's: its classes are their numbers
        shares = probabilities(outputs.double(), are_probabilities(outputs)).numpy()
        return Predictions(most_probable(shares), shares, facts)
    shares = probabilities(outputs.double(), bool(outcome.about.get("squashed"))).numpy()
    return Predictions(outcome.classes[most_probable(shares)], shares, facts)


def place(outcome: Outcome, config: RunConfig) -> Outcome:
    """The network on the device that the config wants, a copy if it is on another; the same where it wants none."""
    wanted = {True: "cuda", False: "cpu", None: None}[config.gpu_enabled]
    here = _home(outcome.model).type
    if wanted is None or wanted == here or (wanted == "cuda" and not torch.cuda.is_available()):
        return outcome
    module = copy.deepcopy(outcome.model)
    with _device.gpu_errors(0, sum(parameter.numel() for parameter in module.parameters())):
        return replace(outcome, model=module.to(wanted))


def _as_it_is(batch: Tensor) -> Tensor:
    return batch


def _home(module: nn.Module) -> torch.device:
    return next((parameter.device for parameter in module.parameters()), torch.device("cpu"))


def _checked(module: nn.Module, outputs: Any) -> Tensor:
    if isinstance(outputs, Tensor) and outputs.ndim in (1, 2):
        return outputs
    what = f"shape {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else f"a {type(outputs).__name__}"
    raise ModelLoadingError(
        f"{type(module).__name__} gives {what}, where rows have one number each, or one a class",
        solution="Wrap it in a torch.nn.Module whose forward gives a tensor of shape (rows, classes)",
    )
