"""Predictions for raw rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mlmagic.executors._base import Outcome, Predictions
from mlmagic.executors.pytorch._batches import MANY
from mlmagic.executors.pytorch._inputs import dtype_of, matrix
from mlmagic.executors.pytorch._losses import probabilities
from mlmagic.executors.pytorch._outcome import TorchOutcome
from mlmagic.executors.pytorch._threads import threads

if TYPE_CHECKING:
    from mlmagic.data import Rows


@torch.no_grad()
def predict(outcome: Outcome, rows: Rows) -> Predictions:
    """Predict with the network as it is, wherever it is, on as many threads as training was worth."""
    assert isinstance(outcome, TorchOutcome)
    module: Any = outcome.model
    module.eval()
    inputs = matrix(outcome.preparation, rows).to(dtype_of(module))
    device = next(module.parameters()).device
    with threads(min(outcome.about["threads"], torch.get_num_threads())):
        outputs = torch.cat([module(batch.to(device)) for batch in inputs.split(MANY)])
    if outcome.classes is None:
        return Predictions(outputs.reshape(-1).double().cpu().numpy())
    found = probabilities(outputs.double()).cpu().numpy()
    return Predictions(outcome.classes[found.argmax(axis=1)], found)
